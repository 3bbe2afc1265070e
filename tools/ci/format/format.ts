// The formatters whose output is law: which files each is for, and what it makes of one.
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format as prettier, resolveConfig } from 'prettier';
import { runfile } from '../../lib/runfiles.ts';

/** Turns a file's text into its only right form. Throws where the text can't be parsed. */
export type Formatter = (path: string, text: string) => Promise<string>;

/** What programs write in a form of their own: a formatter's would be gone after the next run. */
const WRITTEN_BY_PROGRAMS: readonly RegExp[] = [
  /(^|\/)package-lock\.json$|\.lock\.json$/,
  // Golden files, which tests compare byte by byte with what a build makes.
  /(^|\/)golden\/|_golden\.\w+$/,
  // Pages out of docstrings and comments, each with a test that compares.
  /^docs\/(rules|jsonnet)\.md$/,
  // Results of benchmarks.
  /^bench\/(results|failover)\/.*\.json$/,
  // Logs of Bazel, files that sops encrypted, and an image's documents, which have digests.
  /\/testdata\/|^tools\/k8s\/tests\/secrets\/|^tools\/oci\/tests\/files\//,
];

const FORMATTERS: readonly (readonly [RegExp, Formatter])[] = [
  [/\.(tsx?|[cm]?js|css|md|jsonc?|ya?ml)$/, formatByPrettier],
  [/(\.bzl|(^|\/)(BUILD|WORKSPACE|MODULE)(\.bazel)?)$/, formatStarlark],
  [/\.(jsonnet|libsonnet)$/, formatJsonnet],
  [/\.go$/, formatGo],
];

/** The formatter for a path relative to the workspace, or undefined for a file that has none, or that a program writes. */
export function formatterOf(path: string): Formatter | undefined {
  if (WRITTEN_BY_PROGRAMS.some((pattern) => pattern.test(path))) return undefined;
  return FORMATTERS.find(([pattern]) => pattern.test(path))?.[1];
}

async function formatByPrettier(path: string, text: string): Promise<string> {
  return prettier(text, { ...(await resolveConfig(path)), filepath: path });
}

async function formatStarlark(path: string, text: string): Promise<string> {
  const program = `buildifier-${process.platform}_${process.arch === 'x64' ? 'amd64' : process.arch}`;
  const folder = dirname(fileURLToPath(import.meta.resolve('@bazel/buildifier/package.json')));
  return filter(join(folder, program), [`--type=${starlarkType(path)}`, '--lint=off'], text);
}

function starlarkType(path: string): string {
  if (path.endsWith('.bzl')) return 'bzl';
  if (path.includes('WORKSPACE')) return 'workspace';
  return path.endsWith('MODULE.bazel') ? 'module' : 'build';
}

async function formatJsonnet(_path: string, text: string): Promise<string> {
  return filter(runfile('go_jsonnet/bin/jsonnetfmt'), ['-'], text);
}

async function formatGo(_path: string, text: string): Promise<string> {
  return filter(runfile('fathom_go_sdk/go/bin/gofmt'), [], text);
}

function filter(program: string, args: readonly string[], text: string): string {
  return execFileSync(program, args, {
    input: text,
    encoding: 'utf8',
    timeout: 60_000,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}
