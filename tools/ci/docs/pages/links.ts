// Links of pages: to files that there are, and headings of them.
import { posix } from 'node:path';
import { type Page, place } from './page.ts';

/** What is wrong with the links of a page; `exists` tells of paths from the root. */
export function linkProblems(
  page: Page,
  { exists, pages }: { readonly exists: (path: string) => boolean; readonly pages: ReadonlyMap<string, Page> },
): readonly string[] {
  return page.links.flatMap((link) => {
    if (/^[a-z]+:/.test(link.text)) return [];
    const [file = '', anchor] = link.text.split('#');
    const path = file === '' ? page.path : posix.join(posix.dirname(page.path), file);
    if (!exists(path)) return [`${place(link)}: there is no ${path}`];
    if (anchor === undefined) return [];
    const target = pages.get(path);
    if (target === undefined) return [`${place(link)}: ${path} is no page with headings that are known`];
    return target.anchors.has(anchor) ? [] : [`${place(link)}: ${path} has no heading #${anchor}`];
  });
}
