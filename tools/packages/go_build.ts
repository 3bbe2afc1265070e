// What go is told to do for one GoBuild action: pure functions over its parameters.
// Imports nothing of tools/lib: every byte here is in the key of actions that take minutes.
import { basename, dirname } from 'node:path';

/** The parameters of one GoBuild action, written by go_programs.bzl. */
export interface GoBuildParams {
  /** The module's folder, `vendor` in it. */
  readonly src: string;
  /** The toolchain's folder, GOROOT. */
  readonly sdk: string;
  readonly binaries: readonly GoBinary[];
  readonly goos: string;
  readonly goarch: string;
  readonly tags: readonly string[];
  /** May hold `{version:<module>}`, `{major:<module>}` and `{minor:<module>}`: of the module that go.mod pins. */
  readonly ldflags: readonly string[];
  readonly cgo: boolean;
}

/** One program: the package that go builds, and where Bazel wants it. */
export interface GoBinary {
  readonly package: string;
  readonly output: string;
}

/** A failure that its reader can mend; printed without a stack. */
export class GoBuildError extends Error {
  readonly code: string;
  readonly hint: string;

  constructor(code: string, message: string, hint: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

/** The arguments of the one `go build` that writes every program of `params` into `folder`. */
export function buildArguments(params: GoBuildParams, folder: string, modulesTxt: string): readonly string[] {
  const ldflags = ['-s', '-w', '-buildid=', ...params.ldflags.map((flag) => withVersions(flag, modulesTxt))];
  return [
    'build',
    '-mod=vendor',
    '-trimpath',
    '-buildvcs=false',
    ...(params.tags.length > 0 ? [`-tags=${params.tags.join(',')}`] : []),
    `-ldflags=${ldflags.join(' ')}`,
    '-o',
    `${folder}/`,
    ...params.binaries.map((binary) => binary.package),
  ];
}

/** The variables that go sees: nothing of the user's own, and no way to the network. */
export function buildEnvironment(
  params: GoBuildParams,
  { goroot, work, path }: { readonly goroot: string; readonly work: string; readonly path: string },
): Readonly<Record<string, string>> {
  return {
    PATH: params.cgo ? path : '',
    HOME: work,
    GOROOT: goroot,
    GOCACHE: `${work}/cache`,
    GOPATH: `${work}/path`,
    GOTMPDIR: work,
    GOOS: params.goos,
    GOARCH: params.goarch,
    GOTOOLCHAIN: 'local',
    GOFLAGS: '',
    GOENV: 'off',
    GOPROXY: 'off',
    GOWORK: 'off',
    CGO_ENABLED: params.cgo ? '1' : '0',
  };
}

/** The file name that go gives to the program of a package: its last word, but for a major version's `/v3`. */
export function programName(packagePath: string, goMod: string): string {
  const path = packagePath === '.' ? (/^module\s+(\S+)/m.exec(goMod)?.[1] ?? '') : packagePath;
  return basename(/\/v\d+$/.test(path) ? dirname(path) : path);
}

/** The version of `module` in a vendor/modules.txt (`# k8s.io/api v0.34.4 => …`); a replacement's own counts. */
export function vendoredVersion(modulesTxt: string, module: string): string {
  for (const line of modulesTxt.split('\n')) {
    const words = line.split(' ');
    if (words[0] !== '#' || words[1] !== module) continue;
    const version = line.includes(' => ') ? words.at(-1) : words[2];
    if (version?.startsWith('v') === true) return version;
  }
  throw new GoBuildError(
    'GO_MODULE_UNKNOWN',
    `Reading the version of ${module}: the vendored modules have none`,
    "Correct the module's path in 'ldflags', or require it in go.mod.",
  );
}

function withVersions(flag: string, modulesTxt: string): string {
  return flag.replaceAll(/\{(version|major|minor):([^}]+)\}/g, (_match, part: string, module: string) => {
    const version = vendoredVersion(modulesTxt, module);
    const [major = '', minor = ''] = version.slice(1).split('.');
    return { version, major, minor }[part] ?? '';
  });
}
