// What the rules ask for: the parameter files of modules.bzl and compile.bzl.

/** What every action knows. */
interface Common {
  /** The target, for messages. */
  readonly label: string;
  /** A folder with go.mod, go.sum and vendor. */
  readonly src: string;
  /** The toolchain's folder, GOROOT. */
  readonly sdk: string;
  readonly goos: string;
  readonly goarch: string;
  /** The go.mod, from the root of the workspace. */
  readonly lock: string;
  /** The source with the imports of what may be imported, likewise. */
  readonly list: string;
  readonly output: string;
}

/** Asks for a compiled form of all vendored modules. */
export interface ModulesRequest extends Common {
  readonly kind: 'modules';
}

/** A source, or a directory of sources. */
export interface GoSource {
  /** Where it belongs, from the root of the workspace. */
  readonly folder: string;
  readonly path: string;
}

/** Asks for a package of the workspace. */
export interface CompileRequest extends Common {
  /** `check`: whether it compiles; `program`: its main program; `test`: a program that runs its tests. */
  readonly kind: 'check' | 'program' | 'test';
  /** What a ModulesRequest made. */
  readonly cache: string;
  /** The path of go.mod: the prefix of imports of the workspace's own packages. */
  readonly importPath: string;
  /** The package's folder, from the root of the workspace. */
  readonly package: string;
  readonly sources: readonly GoSource[];
}

export type GoRequest = ModulesRequest | CompileRequest;

/** A source out of an argument that compile.bzl writes: its path, a tab, and the folder. */
export function goSource(argument: string): GoSource {
  const [path = '', folder = ''] = argument.split('\t');
  return { path, folder };
}
