// Stage 0: the files of a hub: one target for each package of a lock with its closure, and a macro that declares a
// repository for each archive, so that nothing is downloaded before a target needs it.
import { renderError } from '../../lib/cli.ts';
import { closureOf } from '../closure.ts';

type Value = string | readonly string[];

/** One archive: a repository of its own. */
export interface HubArchive {
  readonly repository: string;
  /** The rule's attributes. */
  readonly attributes: Readonly<Record<string, Value>>;
  /** Label of the config_setting under which this archive is meant. Default: always. */
  readonly condition?: string;
}

/** One package. */
export interface HubPackage {
  /** Its key in `depends`. */
  readonly key: string;
  /** Its target's name. */
  readonly target: string;
  readonly depends: readonly string[];
  readonly archives: readonly HubArchive[];
}

/** The rules of a kind. */
export interface HubRules {
  /** The rule of a package, such as `debian_package`, and the label of its .bzl file. */
  readonly packageRule: string;
  readonly packageFile: string;
  /** The repository rule of an archive, and the label of its .bzl file. */
  readonly archiveRule: string;
  readonly archiveFile: string;
  /** The macro that declares all archives. */
  readonly macro: string;
}

/** Relative path → content. */
export function hubFiles(packages: readonly HubPackage[], rules: HubRules): ReadonlyMap<string, string> {
  const byKey = new Map(packages.map((entry) => [entry.key, entry]));
  const build = [
    `load("${rules.packageFile}", "${rules.packageRule}")`,
    'package(default_visibility = ["//visibility:public"])',
  ];
  const macro = [
    '"""The repositories of the archives of a lock; written by the hub\'s repository rule."""',
    `load("${rules.archiveFile}", "${rules.archiveRule}")`,
    `def ${rules.macro}():`,
    '    """Declares one repository for each archive; none is fetched before it is needed."""',
    '    pass',
  ];
  for (const entry of packages) {
    const files = (key: string) => filesLabel(byKey.get(key));
    const closure = closureOf(entry.key, (key) => byKey.get(key)?.depends ?? []).map(files);
    build.push(...chooser(entry));
    build.push(
      `${rules.packageRule}(name = ${text(entry.target)}, files = ${text(files(entry.key))}, closure = ${text(closure)})`,
    );
  }
  for (const archive of archivesOf(packages)) {
    const attributes = Object.entries(archive).map(([key, value]) => `${key} = ${text(value)}`);
    macro.push(`    ${rules.archiveRule}(${attributes.join(', ')})`);
  }
  return new Map([
    ['BUILD.bazel', `${build.join('\n')}\n`],
    ['packages.bzl', `${macro.join('\n')}\n`],
  ]);
}

/** The attributes of the archives' rule for each archive: what the macro declares. */
export function archivesOf(packages: readonly HubPackage[]): readonly Readonly<Record<string, Value>>[] {
  return packages.flatMap(({ archives }) =>
    archives.map(({ repository, attributes }) => ({ name: repository, ...attributes })),
  );
}

/** The same hub with targets that fail with `error`; the macro stays, so that the workspace can be loaded. */
export function failingHub(files: ReadonlyMap<string, string>, error: Error): ReadonlyMap<string, string> {
  return new Map([...files, ['BUILD.bazel', `fail(${text(renderError(error))})\n`]]);
}

/** JSON's strings and lists are Starlark's as well. */
function text(value: Value): string {
  return JSON.stringify(value);
}

function isChosen(entry: HubPackage): boolean {
  return entry.archives.some((archive) => archive.condition !== undefined);
}

function filesLabel(entry: HubPackage | undefined): string {
  if (entry === undefined) return '';
  return isChosen(entry) ? `:${entry.target}.files` : `@${entry.archives[0]?.repository ?? ''}//:files`;
}

/** An alias for what depends on the platform that the target is built for. */
function chooser(entry: HubPackage): readonly string[] {
  if (!isChosen(entry)) return [];
  const cases = entry.archives.map(({ condition, repository }) => `${text(condition ?? '')}: "@${repository}//:files"`);
  const problem = `The lock has no file of ${entry.key} for this platform: add the platform to its list, and pin anew.`;
  return [
    `alias(name = ${text(`${entry.target}.files`)}, actual = select({${cases.join(', ')}}, no_match_error = ${text(problem)}))`,
  ];
}
