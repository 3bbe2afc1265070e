// What can be searched for: each page by its headings.
import type { Token } from 'marked';
import type { Page } from '../pages/page.ts';

export interface Section {
  /** The heading. */
  readonly title: string;
  /** The page's title. */
  readonly page: string;
  /** What `#…` names the section by; empty: it is the beginning of the page. */
  readonly anchor: string;
  readonly text: string;
}

/** The title of a page: its first heading. */
export const titleOf = ({ headings, path }: Page) => headings[0]?.text ?? path;

/** A page cut at its headings. */
export function sectionsOf(page: Page): readonly Section[] {
  const title = titleOf(page);
  const sections: { title: string; page: string; anchor: string; text: string }[] = [];
  let heading = 0;
  for (const token of page.tokens) {
    if (token.type === 'heading') {
      const { text = title, anchor = '' } = page.headings[heading++] ?? {};
      // The first heading is the page's own.
      sections.push({ title: text, page: title, anchor: sections.length === 0 ? '' : anchor, text: '' });
    } else {
      const last = sections.at(-1);
      if (last !== undefined) last.text = `${last.text} ${wordsOf(token)}`.trim();
    }
  }
  return sections;
}

/** The words of a token and of those within it, without marks. */
function wordsOf(token: Token): string {
  if (token.type === 'table') {
    const cells: readonly { readonly tokens: readonly Token[] }[] = [token['header'], ...token['rows']].flat();
    return cells.map(({ tokens }) => tokens.map(wordsOf).join('')).join(' ');
  }
  if (token.type === 'list') return (token['items'] as readonly Token[]).map(wordsOf).join(' ');
  const inner: unknown = 'tokens' in token ? token.tokens : undefined;
  if (Array.isArray(inner)) return (inner as readonly Token[]).map(wordsOf).join(token.type === 'list_item' ? ' ' : '');
  return token.type === 'space' || token.type === 'html'
    ? ' '
    : String('text' in token ? token.text : '').replace(/\s+/g, ' ');
}
