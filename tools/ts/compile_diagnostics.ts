// What a user reads of the compiler's diagnostics: its own lines, and for a module that was not found the label to add.
import { readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import type { CompileParams } from './compile_layout.ts';

// Diagnostic codes for modules without types or files: 2307, 7016, 2882, 2792 (TypeScript's diagnosticMessages).
const MODULE_NOT_FOUND = new Set(['2307', '7016', '2882', '2792', '2875']);
const DIAGNOSTIC = /^(.+)\((\d+),(\d+)\): error TS(\d+): /;

/** The compiler's output, with an added line for each module that a declared dependency would provide. */
export function explainDiagnostics(output: string, params: CompileParams, root: string): string[] {
  return output
    .split('\n')
    .filter((line) => line.trim() !== '')
    .flatMap((line) => {
      const match = DIAGNOSTIC.exec(line);
      if (match === null || !MODULE_NOT_FOUND.has(match[4] ?? '')) return [line];
      const [, file = '', row = '', column = ''] = match;
      const specifier = specifierAt(join(root, file), Number(row), Number(column));
      return specifier === undefined ? [line] : [line, `  ${missingDependency(specifier, file, params)}`];
    });
}

/** The sentence that names the label which provides `specifier` to `file`. */
export function missingDependency(
  specifier: string,
  file: string,
  params: Pick<CompileParams, 'label' | 'npmRepository' | 'packages'>,
): string {
  // A package that some dependency declares has a label already; it may be of another repository than the guess.
  const known = params.packages.find(({ name }) => !specifier.startsWith('.') && name === packageName(specifier));
  const label = known?.label ?? labelOf(specifier, file, params.npmRepository);
  return `Add ${JSON.stringify(label)} to deps of ${params.label}: '${specifier}' is not among them.`;
}

/** The label that most likely provides `specifier`: an npm package's, or that of the library in the file's folder. */
export function labelOf(specifier: string, importer: string, npmRepository: string): string {
  if (!specifier.startsWith('.')) {
    if (specifier.startsWith('node:')) return `@${npmRepository}//@types/node`;
    return `@${npmRepository}//${packageName(specifier)}`;
  }
  const folder = dirname(posix.join(dirname(importer), specifier));
  return folder === dirname(importer)
    ? `:${posix.basename(specifier).replace(/\.[a-z]+$/, '')}`
    : `//${folder === '.' ? '' : folder}`;
}

/** The npm package of an import specifier: `@a/b/c` → `@a/b`, `pino/file` → `pino`. */
export function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** The string literal at a position (both counted from 1) of a file, if one starts there or later on that line. */
function specifierAt(path: string, row: number, column: number): string | undefined {
  const line = readFileSync(path, 'utf8').split('\n')[row - 1] ?? '';
  return /(['"])(.*?)\1/.exec(line.slice(Math.max(0, column - 1)))?.[2];
}
