// Where each page is: its group, and the pages before and after it.
import { ToolError } from '../../../lib/errors.ts';
import type { SiteSettings } from './settings.ts';

export interface NavigationGroup {
  readonly title: string;
  readonly pages: readonly string[];
}

/** The groups of the settings with folders spelled out. Throws SITE_NAVIGATION where not every page is in it once. */
export function navigationOf(
  { home, actions, features, groups }: SiteSettings,
  paths: ReadonlySet<string>,
): readonly NavigationGroup[] {
  const spelled = groups.map(({ title, pages }) => ({ title, pages: pages.flatMap((page) => spell(page, paths)) }));
  const named = spelled.flatMap(({ pages }) => pages);
  const wanted = [...[...actions, ...features].map(({ page }) => page), home];
  const problems = [
    ...[...paths].filter((path) => !named.includes(path)).map((path) => `${path} is in no group`),
    ...[...named, ...wanted].filter((path) => !paths.has(path)).map((path) => `there is no page ${path}`),
    ...named.filter((path, index) => named.indexOf(path) < index).map((path) => `${path} is named twice`),
  ];
  if (problems.length > 0) {
    throw new ToolError('SITE_NAVIGATION', `Reading the navigation of docs/site.json: ${problems.join('; ')}`, {
      hint: 'Name each page once in one of its groups.',
    });
  }
  return spelled.filter(({ pages }) => pages.length > 0);
}

const spell = (page: string, paths: ReadonlySet<string>) =>
  page.endsWith('/') ? [...paths].filter((path) => path.startsWith(page)).toSorted() : [page];

/** The pages beside one, in the order of the navigation. */
export function neighbours(
  groups: readonly NavigationGroup[],
  path: string,
): { readonly previous?: string; readonly next?: string } {
  const order = groups.flatMap(({ pages }) => pages);
  const at = order.indexOf(path);
  const [previous, next] = [order[at - 1], order[at + 1]];
  return { ...(previous === undefined ? {} : { previous }), ...(next === undefined ? {} : { next }) };
}
