// The folder in which the compiler works: sources, the declarations of what they may import, and one node_modules.
// Nothing else is in it, so an undeclared import finds nothing, in or out of a sandbox.
import { copyFileSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A file at `path` (from the action's folder) that its importers know as `name`. */
export interface NamedFile {
  readonly path: string;
  readonly name: string;
}

/** The parameters of one compilation; written by compile.bzl. */
export interface CompileParams {
  readonly label: string;
  /** Path of the compiler's executable. */
  readonly tsc: string;
  /** Path of a tsconfig.json whose options go over ours, or empty. */
  readonly tsconfig: string;
  /** The repository that a missing npm package is named with. */
  readonly npmRepository: string;
  readonly srcs: readonly NamedFile[];
  /** Declarations of all that the target needs, directly or not. */
  readonly deps: readonly NamedFile[];
  /** The targets that it declares, with their declarations. */
  readonly owners: readonly { readonly label: string; readonly files: readonly string[] }[];
  /** All npm packages in sight; `directPackages` may be imported. */
  readonly packages: readonly { readonly name: string; readonly path: string; readonly label: string }[];
  readonly directPackages: readonly string[];
  readonly outputs: readonly NamedFile[];
  /** Path for the errors of a compilation that has to fail, or empty. */
  readonly diagnostics: string;
}

const COMPILER_OPTIONS = {
  target: 'es2024',
  lib: ['es2024'],
  module: 'nodenext',
  moduleResolution: 'nodenext',
  strict: true,
  noUncheckedIndexedAccess: true,
  noImplicitOverride: true,
  noFallthroughCasesInSwitch: true,
  noPropertyAccessFromIndexSignature: true,
  exactOptionalPropertyTypes: true,
  verbatimModuleSyntax: true,
  erasableSyntaxOnly: true,
  isolatedModules: true,
  skipLibCheck: true,
} as const;

/** Fills `root`, an empty folder. */
export function layOut(params: CompileParams, root: string): void {
  for (const file of [...params.deps, ...params.srcs]) {
    const target = join(root, file.name);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(file.path, target);
  }
  for (const { name, path } of params.packages) {
    const link = join(root, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(realpathSync(path), link);
  }
  if (params.tsconfig !== '') copyFileSync(params.tsconfig, join(root, 'tsconfig.user.json'));
  writeFileSync(join(root, 'package.json'), '{"type":"module"}\n');
  writeFileSync(join(root, 'tsconfig.json'), JSON.stringify(tsconfig(params)));
}

function tsconfig(params: CompileParams): object {
  // What decides where outputs are and what is in sight is not the user's to change.
  const fixed = {
    rewriteRelativeImportExtensions: true,
    resolveJsonModule: true,
    declaration: true,
    sourceMap: true,
    noEmit: false,
    noEmitOnError: true,
    incremental: true,
    composite: false,
    tsBuildInfoFile: '.info.json',
    outDir: '.out',
    rootDir: '.',
    paths: {},
    types: params.directPackages
      .filter((name) => name.startsWith('@types/'))
      .map((name) => name.slice('@types/'.length)),
  };
  return {
    ...(params.tsconfig === '' ? {} : { extends: './tsconfig.user.json' }),
    compilerOptions: {
      ...(params.tsconfig === '' ? COMPILER_OPTIONS : { module: 'nodenext', moduleResolution: 'nodenext' }),
      ...fixed,
    },
    files: params.srcs.map((src) => src.name).filter((name) => !name.endsWith('.json')),
    include: [],
    references: [],
  };
}
