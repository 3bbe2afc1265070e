// The kit: what Bazel builds for a node, as a list that the `cluster_kit` rule writes.
import { chmod, copyFile, mkdir, readFile, rename, stat, symlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runfile } from '../../lib/runfiles.ts';

/** The kit's list; files are runfiles names. */
export interface Kit {
  /** Program name → file. */
  readonly programs: Readonly<Record<string, string>>;
  /** Names under which the multi-call program `kubernetes` runs. */
  readonly links: readonly string[];
  /** Image archives by short name, with the name under which the node then holds the image. */
  readonly images: readonly { readonly file: string; readonly name: string }[];
  readonly registryReference: string;
}

export async function readKit(name: string): Promise<Kit> {
  return JSON.parse(await readFile(runfile(name), 'utf8'));
}

/** Brings the programs into `bin`: each under its final name only when whole, and only if it changed. */
export async function installPrograms(kit: Kit, bin: string): Promise<void> {
  await mkdir(bin, { recursive: true });
  for (const [name, file] of Object.entries(kit.programs)) {
    const source = runfile(file);
    const target = join(bin, name);
    const [wanted, present] = await Promise.all([stat(source), stat(target).catch(() => undefined)]);
    // Bazel's outputs never change in place: another build is another file with another time.
    if (present !== undefined && present.size === wanted.size && present.mtimeMs >= wanted.mtimeMs) continue;
    await copyFile(source, `${target}.draft`);
    await chmod(`${target}.draft`, 0o755);
    await rename(`${target}.draft`, target);
  }
  for (const name of kit.links) {
    await rm(join(bin, name), { force: true });
    await symlink('kubernetes', join(bin, name));
  }
}
