// The whole site, as files: a function of the pages' texts and the settings alone.
import { ToolError } from '../../../lib/errors.ts';
import { linkProblems } from '../pages/links.ts';
import { type Page, parsePage } from '../pages/page.ts';
import { renderHome } from './home.ts';
import { htmlPath } from './html.ts';
import { layOut } from './layout.ts';
import { ICON } from './logo.ts';
import { navigationOf } from './navigation.ts';
import { renderPage, type Targets } from './render.ts';
import { searchIndex } from './search.ts';
import type { SiteSettings } from './settings.ts';

export interface SiteSources {
  readonly settings: SiteSettings;
  /** Path from the root of the workspace → Markdown. */
  readonly pages: ReadonlyMap<string, string>;
  /** Paths of files that pages show, such as drawings. */
  readonly assets: ReadonlySet<string>;
  /** Paths of further files and folders of the repository that pages link to. */
  readonly files: ReadonlySet<string>;
}

/** Path in the site → content. Throws SITE_LINKS, SITE_NAVIGATION, SITE_HOME, SITE_HTML, SITE_IMAGE and DOCS_UNKNOWN_BLOCK. */
export function buildSite({ settings, pages: texts, assets, files }: SiteSources): ReadonlyMap<string, string> {
  const sorted = [...texts].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const pages = new Map(sorted.map(([path, text]) => [path, parsePage(path, text)]));
  checkLinks(pages, new Set([...assets, ...files]));
  const groups = navigationOf(settings, new Set(pages.keys()));
  const { home, repository } = settings;
  const targets: Targets = { pages, assets, home, repository };
  const documents = [...pages.values()].map((page): [string, string] => {
    const body = page.path === home ? renderHome(page, targets, settings) : renderPage(page, targets);
    return [htmlPath(page.path, home), layOut({ page, body, settings, groups, pages })];
  });
  return new Map([...documents, ['search_index.js', searchIndex(pages.values(), home)], ['icon.svg', ICON]]);
}

function checkLinks(pages: ReadonlyMap<string, Page>, others: ReadonlySet<string>): void {
  const exists = (path: string) => pages.has(path) || others.has(path.replace(/\/$/, ''));
  const problems = [...pages.values()].flatMap((page) => linkProblems(page, { exists, pages }));
  if (problems.length === 0) return;
  throw new ToolError('SITE_LINKS', `Reading links: ${problems.length} lead nowhere:\n${problems.join('\n')}`, {
    hint: 'Correct them. If a file of the repository is new: `bazel run //docs:update`, which lists what pages link to.',
  });
}
