// What the compiler finds where it works: sources, the declarations of what they may import, and one node_modules.
// Nothing else is there, so an undeclared import finds nothing, in or out of a sandbox.
import { readFileSync } from 'node:fs';
import type { CompilerFolder, NamedFile } from './compile_folder.ts';

/** The parameters of one compilation; written by compile.bzl. */
export interface CompileParams {
  readonly label: string;
  /** Path of the compiler's executable. */
  readonly tsc: string;
  /** A tsconfig.json whose options go over ours, followed by those that it extends. Empty: ours. */
  readonly tsconfigs: readonly NamedFile[];
  /** The repository that a missing npm package is named with. */
  readonly npmRepository: string;
  readonly srcs: readonly NamedFile[];
  /** Declarations of all that the target needs, directly or not: of arguments of their own. */
  readonly deps: readonly NamedFile[];
  /** The targets that it declares, with their declarations. */
  readonly owners: readonly { readonly label: string; readonly files: readonly string[] }[];
  /** All npm packages in sight; `directPackages` may be imported. */
  readonly packages: readonly { readonly name: string; readonly path: string; readonly label: string }[];
  readonly directPackages: readonly string[];
  readonly outputs: readonly NamedFile[];
  /** Declarations after a check of types; JavaScript from the sources alone, without a check; or both at once. */
  readonly emit: 'types' | 'js' | 'all';
  /** Path of the empty file that says that types and imports hold, or empty. */
  readonly stamp: string;
  /** Path for the errors of a compilation that has to fail, or empty. */
  readonly diagnostics: string;
}

/** What is compiled with where a target names no tsconfig. */
export const COMPILER_OPTIONS = {
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

/** Where the compiler writes, in its folder: what it makes, and its build info. */
export const OUT_FOLDER = '.out';
export const INFO_FILE = '.info.json';

// The build info tells what each source refers to, by which undeclared imports are found.
const CHECK_OPTIONS = { declaration: true, incremental: true, tsBuildInfoFile: INFO_FILE };

const EMIT_OPTIONS: Readonly<Record<CompileParams['emit'], object>> = {
  all: { ...CHECK_OPTIONS, sourceMap: true },
  types: { ...CHECK_OPTIONS, emitDeclarationOnly: true },
  // With isolatedModules and verbatimModuleSyntax, JavaScript follows from each file's own text.
  js: {
    declaration: false,
    incremental: false,
    sourceMap: true,
    noCheck: true,
    noResolve: true,
    noLib: true,
    lib: undefined,
  },
};

// The compiler insists on these, even where it looks at no type; its own library has megabytes of them.
const GLOBAL_TYPES = [
  'Boolean',
  'CallableFunction',
  'Function',
  'IArguments',
  'NewableFunction',
  'Number',
  'Object',
  'RegExp',
  'String',
];
const GLOBALS = `interface Array<T> {}\n${GLOBAL_TYPES.map((name) => `interface ${name} {}\n`).join('')}`;
/** What the compiler is given: beside a tsconfig.json of the user's, so that what extends that finds it. */
export const CONFIG_FILE = 'tsconfig.compile.json';
const GLOBALS_FILE = 'globals.d.ts';

/** Fills the folder with what `params` names. */
export function layOut(params: CompileParams, folder: CompilerFolder): void {
  const written = new Map([
    ['package.json', packageJson(params)],
    [CONFIG_FILE, JSON.stringify(tsconfig(params))],
  ]);
  if (params.emit === 'js') written.set(GLOBALS_FILE, GLOBALS);
  const files = [...params.deps, ...params.srcs, ...params.tsconfigs].filter(({ name }) => !written.has(name));
  folder.fill(files, params.packages);
  for (const [name, text] of written) folder.write(name, text);
}

/** All files are modules, also where a target has the package.json of a workspace's own folder as a source. */
function packageJson({ deps, emit, srcs }: CompileParams): string {
  const given = [...deps, ...srcs].find(({ name }) => name === 'package.json');
  // JavaScript follows from each file's own text.
  const text = given === undefined || emit === 'js' ? '{}' : readFileSync(given.path, 'utf8');
  try {
    return JSON.stringify({ ...(JSON.parse(text) as object), type: 'module' });
  } catch {
    // What is wrong with it, the compiler says.
    return text;
  }
}

/** The names of what the compiler is started with. */
export function sourceNames({ emit, srcs }: CompileParams): string[] {
  const skipped = emit === 'js' ? /\.json$|\.d\.m?ts$/ : /\.json$/;
  return srcs.map((src) => src.name).filter((name) => !skipped.test(name));
}

function tsconfig(params: CompileParams): object {
  const own = params.tsconfigs[0];
  // What decides where outputs are and what is in sight is not the user's to change.
  const fixed = {
    rewriteRelativeImportExtensions: true,
    resolveJsonModule: true,
    noEmit: false,
    noEmitOnError: true,
    composite: false,
    outDir: OUT_FOLDER,
    rootDir: '.',
    paths: {},
    types: params.directPackages
      .filter((name) => name.startsWith('@types/'))
      .map((name) => name.slice('@types/'.length)),
    ...EMIT_OPTIONS[params.emit],
  };
  return {
    ...(own === undefined ? {} : { extends: `./${own.name}` }),
    compilerOptions: {
      ...(own === undefined ? COMPILER_OPTIONS : { module: 'nodenext', moduleResolution: 'nodenext' }),
      ...fixed,
    },
    files: [...sourceNames(params), ...(params.emit === 'js' ? [GLOBALS_FILE] : [])],
    include: [],
    references: [],
  };
}
