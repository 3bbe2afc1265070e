// What each target of a program may import at run time, as the build declared it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One target's part; written by compile.bzl. */
export interface RuntimeManifest {
  readonly label: string;
  /** Its JavaScript, as runfiles names. */
  readonly files: readonly string[];
  /** `<repository>/<path>` as importers write it → runfiles name, of files whose repository's folder has another name. */
  readonly aliases: Readonly<Record<string, string>>;
  /** Labels of the targets that it declares. */
  readonly deps: readonly string[];
  readonly npmRepository: string;
  /** npm package → runfiles name of its folder. */
  readonly npm: Readonly<Record<string, string>>;
}

/** The targets of a program. */
export interface Runtime {
  readonly root: string;
  readonly byFile: ReadonlyMap<string, RuntimeManifest>;
  /** Those of all manifests. */
  readonly aliases: ReadonlyMap<string, string>;
}

/** Reads the manifests that `list` (a JSON file {manifests: […]}) names. */
export function readRuntime(root: string, list: string): Runtime {
  const { manifests }: { manifests: readonly string[] } = JSON.parse(readFileSync(list, 'utf8'));
  const byFile = new Map<string, RuntimeManifest>();
  const aliases = new Map<string, string>();
  for (const name of manifests) {
    const manifest: RuntimeManifest = JSON.parse(readFileSync(join(root, name), 'utf8'));
    for (const file of manifest.files) byFile.set(file, manifest);
    for (const [alias, file] of Object.entries(manifest.aliases)) aliases.set(alias, file);
  }
  return { root, byFile, aliases };
}
