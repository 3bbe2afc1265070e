// Codes of errors: those that the sources throw, and those that pages list.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from './page.ts';

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

/** The codes in the first cells of tables that are headed `code`. */
export function listedCodes({ text }: Page): readonly string[] {
  const tables = text.matchAll(/^\| code +\|.*\n\| *-.*\n((?:\|.*\n)+)/gm);
  return [...tables].flatMap(([, rows = '']) =>
    rows.split('\n').flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, code = '']) => code)),
  );
}

/** The sources below a folder that run, not those of tests. */
export function sourcesBelow(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(
      (path) =>
        /\.(ts|py)$/.test(path) && !/_test\.|_fixture\.|(^|\/)(testing|tests|fixtures|node_modules)\//.test(path),
    )
    .map((path) => readFileSync(join(folder, path), 'utf8'))
    .join('\n');
}
