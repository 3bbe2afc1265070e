// Codes of errors that the sources throw, and the pages that list them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { thrownErrors, type ThrownError } from './error_sources.ts';

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
