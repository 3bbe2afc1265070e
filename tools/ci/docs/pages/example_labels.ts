// Labels of the examples' own READMEs: of the example's workspace, whose BUILD files no build of this one reads.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type KnownPackages, meaningOf } from './labels.ts';

/** The example that a page is of: `examples/polyglot`. */
export const exampleOf = (path: string): string | undefined => /^examples\/[^/]+(?=\/)/.exec(path)?.[0];

/** The packages of a workspace. */
export function packagesOf(root: string, verbs: ReadonlySet<string>): KnownPackages {
  return {
    isFolder: (folder) => existsSync(join(root, folder)) && statSync(join(root, folder)).isDirectory(),
    isPackage: (folder) => existsSync(join(root, folder, 'BUILD.bazel')),
    verbs,
  };
}

/** Why a label is nothing in the workspace `root` of an example, as far as its BUILD file says; undefined: it is something. */
export function exampleProblem(root: string, label: string, verbs: ReadonlySet<string>): string | undefined {
  const meaning = meaningOf(label, packagesOf(root, verbs));
  if (meaning.kind === 'wrong') return meaning.why;
  if (meaning.kind === 'unchecked') return undefined;
  const [, folder = '', target = ''] = /^\/\/(.*):(.*)$/.exec(meaning.label) ?? [];
  const build = readFileSync(join(root, folder, 'BUILD.bazel'), 'utf8');
  const [name = '', verb] = target.split('.');
  if (verb !== undefined && !verbs.has(verb)) return `there is no verb .${verb}`;
  const made = /^service\(/m.test(build) ? [...stacksOf(root), 'update_goldens'] : [];
  return build.includes(`name = "${name}"`) || made.includes(name)
    ? undefined
    : `${folder}/BUILD.bazel has no target ${name}`;
}

/** What `service` makes of each environment. */
function stacksOf(root: string): readonly string[] {
  const constants = readFileSync(join(root, 'cluster_constants.bzl'), 'utf8');
  const environments = [...constants.matchAll(/^ {4}"([\w-]+)": \{/gm)].map(([, name = '']) => name);
  return environments.flatMap((name) => [name, `${name}-shallow`, `${name}-deep`]);
}
