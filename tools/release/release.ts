// A release: the archive of a commit, and what users write to load it.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { hashesOf, packArchive } from './archive.ts';
import { readTree, type TreeEntry } from './git_tree.ts';
import { writeEntry } from './registry_entry.ts';
import { MODULE, moduleFile, versionOf } from './version.ts';

/** Options of {@link writeArchive}. */
export interface ReleaseOptions {
  readonly workspace: string;
  /** Default: HEAD. */
  readonly commit?: string;
  /** The folder that gets the archive, and the registry below it. */
  readonly output: string;
  /** Where the archive will be downloaded from. Default: where it is written. */
  readonly url?: string;
}

/** An archive that was written. */
export interface Release {
  readonly version: string;
  readonly archive: string;
  readonly url: string;
  readonly sha256: string;
  readonly integrity: string;
  /** The folder in the archive. */
  readonly stripPrefix: string;
  readonly entries: readonly TreeEntry[];
}

/** Writes `fathom-<version>.tar.gz`. Throws RELEASE_TREE, RELEASE_VERSION. */
export async function writeArchive({ workspace, commit = 'HEAD', output, url }: ReleaseOptions): Promise<Release> {
  const entries = await readTree(workspace, commit);
  const version = versionOf(entries);
  const stripPrefix = `${MODULE}-${version}`;
  const bytes = await packArchive(entries, stripPrefix);
  const archive = join(output, `${stripPrefix}.tar.gz`);
  await mkdir(output, { recursive: true });
  await writeFile(archive, bytes);
  return { version, archive, url: url ?? pathToFileURL(archive).href, ...hashesOf(bytes), stripPrefix, entries };
}

/** What a WORKSPACE says to load it. Bazel before 5 knows sha256 alone, and newer ones know it too. */
export function workspaceLines({ url, sha256, stripPrefix }: Release): string {
  return [
    'load("@bazel_tools//tools/build_defs/repo:http.bzl", "http_archive")',
    '',
    'http_archive(',
    `    name = "${MODULE}",`,
    `    sha256 = "${sha256}",`,
    `    strip_prefix = "${stripPrefix}",`,
    `    urls = ["${url}"],`,
    ')',
    '',
  ].join('\n');
}

/** What a MODULE.bazel says to load it where no registry has it. */
export function moduleLines({ url, integrity, stripPrefix }: Release): string {
  return [
    `bazel_dep(name = "${MODULE}")`,
    'archive_override(',
    `    module_name = "${MODULE}",`,
    `    integrity = "${integrity}",`,
    `    strip_prefix = "${stripPrefix}",`,
    `    urls = ["${url}"],`,
    ')',
    '',
  ].join('\n');
}

/** Writes the entry of a release into `<output>/registry`. Throws RELEASE_NO_MODULE, RELEASE_VERSION, RELEASE_REGISTRY. */
export async function writeRegistry(release: Release, output: string): Promise<string> {
  const { version, entries, url, integrity, stripPrefix } = release;
  return writeEntry(join(output, 'registry'), {
    version,
    moduleFile: moduleFile(entries, version),
    url,
    integrity,
    stripPrefix,
  });
}
