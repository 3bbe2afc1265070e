// Packages that are compiled: each with five files, and imports of up to three packages before it, as the libraries of a
// repo have them. The same sources for both sides; only BUILD files and tsconfigs differ.
import { COMPILER_OPTIONS } from '../../tools/ts/compile_layout.ts';

const FILES = 5;
const FUNCTIONS = 20;

const packageOf = (index: number) => `lib_${index}`;

/** The packages that a package imports: at most 16 of 500 are built one after the other. */
function importsOf(index: number): readonly number[] {
  const parts = [index / 2, index / 3, (2 * index) / 3].map(Math.floor);
  return [...new Set(parts)].filter((one) => one < index);
}

/** What of the line that changes stands in JavaScript as well. */
export const changedLine = (version: number) => `total + at + ${version}`;

/** A source of a package; `salt` makes it another one for every cache, `version` is the line that changes. */
export function sourceOf(
  index: number,
  file: number,
  { salt, version = 0 }: { readonly salt: string; readonly version?: number },
): string {
  const imported = file === 0 ? importsOf(index) : [];
  const imports = imported.map((one) => `import { f0 as from${one} } from '../${packageOf(one)}/file0.ts';`);
  const siblings = file === 0 ? [] : [`import { type Shape } from './file0.ts';`];
  const functions = Array.from(
    { length: FUNCTIONS },
    (_, n) => `/** Function ${n}. */
export function f${n}(shape: Shape, names: readonly string[] = []): Record<string, number> {
  const total = names.map((name) => name.length).reduce((sum, length) => sum + length, shape.size + ${n});
  return Object.fromEntries(names.map((name, at) => [name, ${n === 0 ? changedLine(version) : 'total + at'}]));
}`,
  );
  const shape = file === 0 ? ['export interface Shape {\n  readonly name: string;\n  readonly size: number;\n}'] : [];
  const uses = imported.map((one) => `from${one}({ name: 'x', size: ${one} })`);
  const used = file === 0 ? [`export const imported = [${uses.join(', ')}];`] : [];
  return [`// ${salt}`, ...imports, ...siblings, ...shape, ...functions, ...used, ''].join('\n');
}

/** The file of which one line changes: in the package that most others need. */
export const CHANGED = `${packageOf(0)}/file0.ts`;

/** All sources of `count` packages, by their paths. */
export function sources(count: number, salt: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (let index = 0; index < count; index++) {
    for (let file = 0; file < FILES; file++)
      files[`${packageOf(index)}/file${file}.ts`] = sourceOf(index, file, { salt });
  }
  return files;
}

/** For Bazel: a target a package. */
export function buildFiles(count: number): Record<string, string> {
  const files: Record<string, string> = {};
  for (let index = 0; index < count; index++) {
    const deps = importsOf(index).map((one) => `"//${packageOf(one)}"`);
    files[`${packageOf(index)}/BUILD.bazel`] = `load("@fathom//tools/ts:defs.bzl", "ts_library")

ts_library(
    name = "${packageOf(index)}",
    srcs = glob(["*.ts"]),
    visibility = ["//visibility:public"],
    deps = [${deps.join(', ')}],
)
`;
  }
  return files;
}

/** For `tsc -b`: a project a package, with the options that ts_library has. */
export function projects(count: number): Record<string, string> {
  const optionsOf = (index: number) => ({
    ...COMPILER_OPTIONS,
    composite: true,
    rewriteRelativeImportExtensions: true,
    sourceMap: true,
    outDir: `../out/${packageOf(index)}`,
    rootDir: '.',
    types: [],
  });
  const files: Record<string, string> = {
    'package.json': '{"type":"module"}',
    'tsconfig.json': JSON.stringify({
      files: [],
      references: Array.from({ length: count }, (_, index) => ({ path: packageOf(index) })),
    }),
  };
  for (let index = 0; index < count; index++) {
    files[`${packageOf(index)}/tsconfig.json`] = JSON.stringify({
      compilerOptions: optionsOf(index),
      include: ['*.ts'],
      references: importsOf(index).map((one) => ({ path: `../${packageOf(one)}` })),
    });
  }
  return files;
}
