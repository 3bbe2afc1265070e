// A page of Markdown: its code, its links, and what can be linked to.
import GithubSlugger from 'github-slugger';
import { marked, type Token, type TokensList } from 'marked';

/** A block of code, or a piece of one. */
export interface Block {
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

export interface Heading {
  /** 1 to 6. */
  readonly depth: number;
  /** As it is read: without marks of code. */
  readonly text: string;
  /** What `#…` names it by. */
  readonly anchor: string;
}

export interface Page {
  /** From the root of the workspace. */
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
  /** Code within a line. */
  readonly spans: readonly Block[];
  readonly links: readonly Block[];
  readonly headings: readonly Heading[];
  /** What `#…` may name. */
  readonly anchors: ReadonlySet<string>;
  /** The whole of it, as the lexer of marked has it. */
  readonly tokens: TokensList;
}

/** Reads a page as GitHub shows it. */
export function parsePage(path: string, text: string): Page {
  const blocks: Block[] = [];
  const spans: Block[] = [];
  const links: Block[] = [];
  const headings: Heading[] = [];
  const slugger = new GithubSlugger();
  let offset = 0;
  const tokens = marked.lexer(text);
  for (const token of tokens) {
    const start = offset;
    offset += token.raw.length;
    // Tokens in lists have no offset of their own: their first line is looked for.
    const found = (words: string): Block => {
      const [first = ''] = words.split('\n');
      const at = Math.max(text.indexOf(first, start), start);
      return { path, line: text.slice(0, at).split('\n').length, text: words };
    };
    // It hands back what the function returns: nothing.
    void marked.walkTokens([token], (inner: Token) => {
      if (inner.type === 'code') blocks.push(found(String(inner['text'])));
      else if (inner.type === 'codespan') spans.push(found(String(inner['text'])));
      else if (inner.type === 'link' || inner.type === 'image')
        links.push({ ...found(inner.raw), text: String(inner['href']) });
      else if (inner.type === 'heading') {
        const words = String(inner['text']).replaceAll('`', '');
        headings.push({ depth: Number(inner['depth']), text: words, anchor: slugger.slug(words) });
      }
    });
  }
  const anchors = new Set(headings.map(({ anchor }) => anchor));
  return { path, text, blocks, spans, links, headings, anchors, tokens };
}

/** `docs/x.md:7`. */
export const place = ({ path, line }: Block) => `${path}:${line}`;
