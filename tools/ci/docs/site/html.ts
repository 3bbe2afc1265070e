// Text and addresses as HTML has them.
import { posix } from 'node:path';

/** Text, in attributes too. */
export const escapeHtml = (text: string) =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');

/** Where a page is in the site: `docs/pins.md` → `docs/pins.html`; the first page is `index.html`. */
export function htmlPath(path: string, home: string): string {
  return path === home ? 'index.html' : path.replace(/\.md$/, '.html');
}

/** The address of a file of the site as seen from another: relative, so that the site works at any place. */
export function relativeUrl(from: string, to: string): string {
  return posix.relative(posix.dirname(from), to).split('/').map(encodeURIComponent).join('/');
}
