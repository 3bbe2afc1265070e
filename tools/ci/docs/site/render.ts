// One page of Markdown as HTML: what is between header and footer.
import { posix } from 'node:path';
import { Marked, type Tokens } from 'marked';
import { ToolError } from '../../../lib/errors.ts';
import { type Page, place } from '../pages/page.ts';
import { highlight } from './highlight.ts';
import { escapeHtml, htmlPath, relativeUrl } from './html.ts';

/** What links of a page may lead to. */
export interface Targets {
  readonly pages: ReadonlyMap<string, Page>;
  /** Files that are part of the site as they are, such as drawings. */
  readonly assets: ReadonlySet<string>;
  readonly home: string;
  /** Links to other files of the repository lead below this address; empty: they are text. */
  readonly repository: string;
}

/**
 * The HTML of a page, or of what is left of it without its first tokens. Its links have been checked.
 * Throws SITE_HTML, SITE_IMAGE and DOCS_UNKNOWN_BLOCK.
 */
export function renderPage(page: Page, targets: Targets, skip = 0): string {
  const here = htmlPath(page.path, targets.home);
  let heading = page.tokens.slice(0, skip).filter(({ type }) => type === 'heading').length;
  let block = 0;
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth }: Tokens.Heading) {
        // In the order of the lexer, which is the order of the page.
        const { anchor = '', text = '' } = page.headings[heading++] ?? {};
        const label = escapeHtml(`Link to “${text}”`);
        const link = `<a class="anchor" href="#${escapeHtml(anchor)}" aria-label="${label}"></a>`;
        return `<h${depth} id="${escapeHtml(anchor)}">${this.parser.parseInline(tokens)}${depth > 1 ? link : ''}</h${depth}>\n`;
      },
      code({ text, lang = '' }: Tokens.Code) {
        const found = page.blocks[block++] ?? { path: page.path, line: 1, text };
        const code = highlight({ ...found, text }, lang.split(' ')[0] ?? '');
        return `<pre tabindex="0"><code>${code}\n</code></pre>\n`;
      },
      table(token: Tokens.Table) {
        // A column without a name has no heading, which is nothing that could be read out.
        const cell = (kind: 'th' | 'td', { tokens, align }: Tokens.TableCell) => {
          const scope = kind === 'th' ? ' scope="col"' : '';
          const style = align === null ? '' : ` class="${align}"`;
          return `<${kind}${scope}${style}>${this.parser.parseInline(tokens)}</${kind}>`;
        };
        const row = (isHead: boolean, cells: readonly Tokens.TableCell[]) =>
          `<tr>${cells.map((one) => cell(isHead && one.text !== '' ? 'th' : 'td', one)).join('')}</tr>\n`;
        const body = token.rows.map((cells) => row(false, cells)).join('');
        const isNamed = token.header.some(({ text }) => text !== '');
        const head = isNamed ? `<thead>${row(true, token.header)}</thead>` : '';
        return `<div class="table" tabindex="0"><table>${head}<tbody>${body}</tbody></table></div>\n`;
      },
      link({ href, title, tokens }: Tokens.Link) {
        const text = this.parser.parseInline(tokens);
        const url = urlOf(href, { page, here, targets });
        if (url === undefined) return `<span class="file">${text}</span>`;
        return `<a href="${escapeHtml(url)}"${title ? ` title="${escapeHtml(title)}"` : ''}>${text}</a>`;
      },
      image({ raw, href, text }: Tokens.Image) {
        const path = posix.join(posix.dirname(page.path), href);
        if (targets.assets.has(path))
          return `<img src="${escapeHtml(relativeUrl(here, path))}" alt="${escapeHtml(text)}">`;
        throw new ToolError('SITE_IMAGE', `Reading ${placeOf(page, raw)}: ${href} is no file of the site`, {
          hint: 'Put the image into docs/ and name its kind in the assets of //docs:site: pages load nothing from elsewhere.',
        });
      },
      html({ text }: Tokens.HTML | Tokens.Tag) {
        if (/^\s*<!--[\s\S]*-->\s*$/.test(text)) return '';
        throw new ToolError('SITE_HTML', `Reading ${placeOf(page, text)}: it has HTML: ${text.trim()}`, {
          hint: 'Write it in Markdown, or as code: `<name>`.',
        });
      },
    },
  });
  return marked.parser(page.tokens.slice(skip));
}

const placeOf = ({ path, text: all }: Page, text: string) =>
  place({ path, line: all.slice(0, Math.max(all.indexOf(text), 0)).split('\n').length, text });

/** Where a link leads; undefined: nowhere, as the file is not part of the site. */
function urlOf(
  href: string,
  { page, here, targets }: { readonly page: Page; readonly here: string; readonly targets: Targets },
): string | undefined {
  if (/^[a-z]+:/.test(href) || href.startsWith('#')) return href;
  const [file = '', anchor] = href.split('#');
  const path = posix.join(posix.dirname(page.path), file).replace(/\/$/, '');
  const hash = anchor === undefined ? '' : `#${anchor}`;
  if (targets.pages.has(path)) return relativeUrl(here, htmlPath(path, targets.home)) + hash;
  if (targets.assets.has(path)) return relativeUrl(here, path);
  return targets.repository === '' ? undefined : `${targets.repository}/${path}`;
}
