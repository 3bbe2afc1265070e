// docs/site.json: what the site is called, what its first screen says, and where in its navigation each page is.
import { ToolError } from '../../../lib/errors.ts';

export interface Feature {
  readonly title: string;
  readonly text: string;
  /** The page that tells more. */
  readonly page: string;
}

export interface Action {
  readonly title: string;
  /** The page that the button leads to. */
  readonly page: string;
}

export interface Group {
  readonly title: string;
  /** Paths of pages from the root of the workspace; one that ends in `/` stands for all pages of that folder. */
  readonly pages: readonly string[];
}

export interface SiteSettings {
  readonly title: string;
  /** Where the repository can be looked at: links to files that are no pages lead below it. Empty: they are text. */
  readonly repository: string;
  /** The page that is the site's first. */
  readonly home: string;
  /** Buttons of the first screen, beside the one that leads to the first section. */
  readonly actions: readonly Action[];
  readonly features: readonly Feature[];
  readonly groups: readonly Group[];
}

/** Reads the settings. Throws SITE_SETTINGS. */
export function parseSettings(text: string, path: string): SiteSettings {
  const wrong = (what: string, cause?: unknown) =>
    new ToolError('SITE_SETTINGS', `Reading ${path}: ${what}`, {
      hint: 'It has title, repository, home, actions (title, page), features (title, text, page) and groups (title, pages).',
      cause,
    });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw wrong('it is no JSON', cause);
  }
  const record = (from: unknown, where: string): Readonly<Record<string, unknown>> => {
    if (typeof from !== 'object' || from === null || Array.isArray(from)) throw wrong(`${where} is no object`);
    return from as Readonly<Record<string, unknown>>;
  };
  const word = (from: unknown, where: string): string => {
    if (typeof from !== 'string') throw wrong(`${where} is no text`);
    return from;
  };
  const list = (from: unknown, where: string): readonly unknown[] => {
    if (!Array.isArray(from)) throw wrong(`${where} is no list`);
    return from as readonly unknown[];
  };
  const all = record(value, 'it');
  const repository = word(all['repository'], 'repository').replace(/\/+$/, '');
  if (repository !== '' && !repository.startsWith('https://')) throw wrong('repository does not begin with https://');
  return {
    title: word(all['title'], 'title'),
    repository,
    home: word(all['home'], 'home'),
    actions: list(all['actions'], 'actions').map((action, index) => {
      const { title, page } = record(action, `actions[${index}]`);
      return { title: word(title, `title of actions[${index}]`), page: word(page, `page of actions[${index}]`) };
    }),
    features: list(all['features'], 'features').map((feature, index) => {
      const { title, text, page } = record(feature, `features[${index}]`);
      const where = `of features[${index}]`;
      return {
        title: word(title, `title ${where}`),
        text: word(text, `text ${where}`),
        page: word(page, `page ${where}`),
      };
    }),
    groups: list(all['groups'], 'groups').map((group, index) => {
      const { title, pages } = record(group, `groups[${index}]`);
      const paths = list(pages, `pages of groups[${index}]`).map((page) => word(page, `a page of groups[${index}]`));
      return { title: word(title, `title of groups[${index}]`), pages: paths };
    }),
  };
}
