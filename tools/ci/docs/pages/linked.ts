// Files that pages link to and that are no pages: the build of the site sees pages alone, so docs/linked.bzl lists them.
import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { Checkout } from './checkout.ts';
import { exampleOf } from './example_labels.ts';
import { parsePage } from './page.ts';

/** Pages of the site that are not checked beyond their links. */
const FURTHER_PAGES = ['CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md'];

/** Files and folders of the checkout that its pages link to, without the pages themselves. */
export function linkedFiles({ root, pages }: Checkout): readonly string[] {
  const further = FURTHER_PAGES.map((path) => parsePage(path, readFileSync(join(root, path), 'utf8')));
  const ofSite = [...pages.values()].filter(({ path }) => exampleOf(path) === undefined);
  const linked = [...ofSite, ...further].flatMap(({ path, links }) =>
    links
      .filter(({ text }) => !/^([a-z]+:|#)/.test(text))
      .map(({ text }) => posix.join(posix.dirname(path), text.split('#')[0] ?? '').replace(/\/$/, '')),
  );
  const isPage = (path: string) => [...ofSite, ...further].some((page) => page.path === path);
  return [...new Set(linked)].filter((path) => !isPage(path) && existsSync(join(root, path))).toSorted();
}

/** The text of docs/linked.bzl. */
export function linkedFile(checkout: Checkout): string {
  return [
    '"""Files of the repository that pages link to, as `bazel run //docs:update` finds them."""',
    '',
    'LINKED = [',
    ...linkedFiles(checkout).map((path) => `    "${path}",`),
    ']',
    '',
  ].join('\n');
}
