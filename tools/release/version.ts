// The version is that of package.json. npm repeats it in package-lock.json, MODULE.bazel has none: what has one, has the same.
import { valid } from 'semver';
import { ToolError } from '../lib/errors.ts';
import type { TreeEntry } from './git_tree.ts';

/** The module's name, that of the repository which users load. */
export const MODULE = 'fathom';

function textOf(entries: readonly TreeEntry[], path: string): string | undefined {
  return entries.find((entry) => entry.path === path)?.content.toString('utf8');
}

/** The version of a tree. Throws RELEASE_VERSION, also where package-lock.json has another. */
export function versionOf(entries: readonly TreeEntry[]): string {
  const text = textOf(entries, 'package.json');
  const { version } = (text === undefined ? {} : JSON.parse(text)) as { readonly version?: unknown };
  if (typeof version !== 'string' || valid(version) !== version) {
    throw new ToolError(
      'RELEASE_VERSION',
      `Reading package.json: version is ${JSON.stringify(version)}, which is none`,
      {
        hint: 'Write one as semver.org has them, such as 1.2.3, and commit it.',
      },
    );
  }
  const locked = lockedVersions(entries).find((other) => other !== version);
  if (locked !== undefined) {
    throw new ToolError(
      'RELEASE_VERSION',
      `Reading package-lock.json: version is ${JSON.stringify(locked)}, that of package.json ${version}`,
      {
        hint: 'Run `npm install --package-lock-only --ignore-scripts`, which writes that of package.json, and commit it.',
      },
    );
  }
  return version;
}

/** The two places where npm writes the project's version; none where there is no lock. */
function lockedVersions(entries: readonly TreeEntry[]): readonly unknown[] {
  const text = textOf(entries, 'package-lock.json');
  if (text === undefined) return [];
  const { version, packages } = JSON.parse(text) as {
    readonly version?: unknown;
    readonly packages?: Readonly<Record<string, { readonly version?: unknown }>>;
  };
  return [version ?? null, packages?.['']?.version ?? null];
}

/** Whether CHANGELOG.md has a section of the version. */
export function isInChangelog(entries: readonly TreeEntry[], version: string): boolean {
  return (textOf(entries, 'CHANGELOG.md') ?? '').split('\n').some((line) => line.startsWith(`## [${version}]`));
}

/**
 * MODULE.bazel of a tree as a registry wants it: with the version, of which a registry's own would otherwise be said to
 * differ. Throws RELEASE_NO_MODULE, RELEASE_VERSION.
 */
export function moduleFile(entries: readonly TreeEntry[], version: string): string {
  const text = textOf(entries, 'MODULE.bazel');
  const call = /^module\(([^)]*)\)/m.exec(text ?? '');
  const own = (attribute: string) => new RegExp(`\\b${attribute}\\s*=\\s*"([^"]*)"`).exec(call?.[1] ?? '')?.[1];
  if (text === undefined || call === null || own('name') !== MODULE) {
    throw new ToolError(
      'RELEASE_NO_MODULE',
      `Writing the registry's entry: ${text === undefined ? 'the commit has no MODULE.bazel' : `MODULE.bazel has no module(name = "${MODULE}")`}`,
      {
        hint: 'The archive is written and can be loaded by a WORKSPACE. Commit a MODULE.bazel for those who use modules.',
      },
    );
  }
  const declared = own('version');
  if (declared !== undefined && declared !== version) {
    throw new ToolError(
      'RELEASE_VERSION',
      `Reading MODULE.bazel: version is ${declared}, that of package.json ${version}`,
      {
        hint: 'Leave it out of MODULE.bazel: package.json is where it stands.',
      },
    );
  }
  return declared === undefined
    ? text.replace(call[0], `module(\n    name = "${MODULE}",\n    version = "${version}",\n${rest(call[1] ?? '')})`)
    : text;
}

/** The arguments of module() beside its name, each on a line of its own. */
function rest(inner: string): string {
  return inner
    .replaceAll(/#.*$/gm, '')
    .split(',')
    .map((argument) => argument.trim())
    .filter((argument) => argument !== '' && !/^name\s*=/.test(argument))
    .map((argument) => `    ${argument},\n`)
    .join('');
}
