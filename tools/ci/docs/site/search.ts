// The index of the search in the browser, made when the site is built.
import MiniSearch from 'minisearch';
import type { Page } from '../pages/page.ts';
import { SEARCH_OPTIONS } from './search_options.ts';
import { htmlPath } from './html.ts';
import { sectionsOf } from './sections.ts';

/** A script that hands the index over: pages opened as files may not fetch, but may have scripts. */
export function searchIndex(pages: Iterable<Page>, home: string): string {
  const search = new MiniSearch(SEARCH_OPTIONS);
  let id = 0;
  for (const page of pages) {
    for (const { title, page: of, anchor, text } of sectionsOf(page)) {
      const url = htmlPath(page.path, home) + (anchor === '' ? '' : `#${anchor}`);
      search.add({ id: id++, title, page: of, url, text });
    }
  }
  return `globalThis.fathomSearchIndex=${JSON.stringify(JSON.stringify(search))};\n`;
}
