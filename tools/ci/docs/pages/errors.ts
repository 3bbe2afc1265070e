// Codes of errors that the sources throw, and the pages that list them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { textsIn, thrownErrors, type ThrownError } from './error_sources.ts';

const CODE = '[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+';

/** Codes of errors in a text of TypeScript, each once. */
export function thrownCodes(text: string): readonly string[] {
  const found = text.matchAll(new RegExp(`(?:ToolError\\(|\\bcode:)\\s*'(${CODE})'`, 'g'));
  return [...new Set([...found].map(([, code = '']) => code))].toSorted();
}

/** All that may be codes in a text: words of capitals in quotes, those that are chosen by a condition, too. */
export function quotedCodes(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(/['"]([A-Z][A-Z0-9_]+)['"]/g)].map(([, code = '']) => code));
}

/** A file of the sources. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/** The sources that run below a checkout's folders, not those of tests. */
function sourcesOf(root: string): readonly Source[] {
  return ['tools', 'services', 'prod'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter(
        (path) =>
          /\.(ts|py)$/.test(path) && !/_test\.|_fixture\.|(^|\/)(testing|tests|fixtures|node_modules)\//.test(path),
      )
      .map((path) => ({ path: join(folder, path), text: readFileSync(join(root, folder, path), 'utf8') })),
  );
}

/** Programs that run in checkouts of Fathom alone: their words may name its labels as they are there. */
const OF_CHECKOUTS = /^(prod|services|tools\/(ci|cluster))\//;

/** What a label of Fathom lacks where another workspace loads it. `//prod` is the user's own, if there is one. */
export function isOfCheckout(text: string): boolean {
  return (
    /(?<!\w)\/\/tools\//.test(text) ||
    (/(?<!\w)\/\/prod\b/.test(text) && !/\bin a checkout of Fathom\b|\bsuch as\b/.test(text))
  );
}

/** Texts of programs which users run in workspaces of their own that name labels of a checkout, as `path: text`. */
export async function labelsOfCheckout(root: string): Promise<readonly string[]> {
  const found = sourcesOf(root)
    .filter(({ path, text }) => !OF_CHECKOUTS.test(path) && isOfCheckout(text))
    .map(async ({ path, text }) =>
      (await textsIn(path, text)).filter(isOfCheckout).map((words) => `${path}: ${words.trim()}`),
    );
  return (await Promise.all(found)).flat();
}

/** What the sources of a checkout throw. */
export interface SourceErrors {
  readonly thrown: readonly string[];
  readonly quoted: ReadonlySet<string>;
  /** With their words, as far as they are in TypeScript. */
  readonly errors: readonly ThrownError[];
}

/** Reads the sources of a checkout. */
export async function errorsOf(root: string): Promise<SourceErrors> {
  const sources = sourcesOf(root);
  const all = sources.map(({ text }) => text).join('\n');
  const errors = await Promise.all(
    sources.filter(({ path }) => path.endsWith('.ts')).map(({ path, text }) => thrownErrors(path, text)),
  );
  return { thrown: thrownCodes(all), quoted: quotedCodes(all), errors: errors.flat() };
}

/** The pages that may have tables of codes. */
export function pagesOfErrors(root: string): readonly Source[] {
  return readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => ({ path: `docs/${name}`, text: readFileSync(join(root, 'docs', name), 'utf8') }));
}
