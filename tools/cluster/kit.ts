// The kit: every program and image that a cluster is made of, as Bazel built it. `kit.json` lists the files with their
// digests; a cluster runs from a copy in its state folder, so that neither a later build nor a deleted checkout harms it.
import {
  copyFile,
  link,
  mkdir,
  readFile,
  readdir,
  readlink,
  realpath,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { digestOf } from '../lib/digest.ts';
import { ToolError, errorText, systemErrorCode } from '../lib/errors.ts';

/** One file of the kit. */
export interface KitFile {
  /** Name in the installed kit: `bin/etcd`, `images/coredns.tar`. */
  readonly name: string;
  /** Where it is now: `runfile:<name>`, or a path, relative to kit.json. */
  readonly path: string;
  readonly digest: string;
}

/** An image that nodes hold before there is a registry: its file in the kit and its name in pods. */
export interface KitImage {
  readonly file: string;
  readonly reference: string;
}

/** The content of kit.json. */
export interface Kit {
  readonly version: 1;
  readonly files: readonly KitFile[];
  /** By role: pause, coredns, local_path_provisioner, … */
  readonly images: Readonly<Record<string, KitImage>>;
}

/** A kit in a state folder. */
export interface InstalledKit {
  readonly kit: Kit;
  readonly folder: string;
  /** Absolute path of a file of the kit. */
  path(name: string): string;
}

/** Reads kit.json. Throws KIT_UNREADABLE. */
export async function readKit(path: string): Promise<Kit> {
  try {
    const kit = JSON.parse(await readFile(path, 'utf8')) as Kit;
    if (kit.version !== 1 || !Array.isArray(kit.files)) throw new Error('it has not the expected fields');
    return kit;
  } catch (error) {
    throw new ToolError('KIT_UNREADABLE', `Reading the cluster's kit ${path}`, {
      cause: error,
      hint: 'Run `bazel build //tools/cluster:kit`.',
    });
  }
}

/** Short digest of all that is in a kit. */
export function kitId(kit: Kit): string {
  const content = kit.files.map(({ name, digest }) => `${name} ${digest}`).sort();
  return digestOf([...content, JSON.stringify(kit.images)].join('\n')).slice(7, 19);
}

/** Installs a kit below `kits`, unless it is there; `resolve` finds a file's current place. */
export async function installKit(kit: Kit, kits: string, resolve: (path: string) => string): Promise<InstalledKit> {
  const folder = join(kits, kitId(kit));
  const installed = { kit, folder, path: (name: string) => join(folder, name) };
  if ((await readFile(join(folder, 'kit.json')).catch(() => undefined)) !== undefined) return installed;
  const draft = `${folder}.draft`;
  await rm(draft, { recursive: true, force: true });
  for (const { name, path } of kit.files) {
    const target = join(draft, name);
    await mkdir(dirname(target), { recursive: true });
    await linkOrCopy(resolve(path), target);
  }
  await writeFile(join(draft, 'kit.json'), JSON.stringify(kit));
  await rm(folder, { recursive: true, force: true });
  await rename(draft, folder);
  return installed;
}

/** The kit that `link` names. Throws KIT_UNREADABLE. */
export async function selectedKit(link: string): Promise<InstalledKit> {
  const folder = await readlink(link).catch(() => link);
  return { kit: await readKit(join(folder, 'kit.json')), folder, path: (name: string) => join(folder, name) };
}

/** Lets `link` name the kit that is in use. */
export async function selectKit(installed: InstalledKit, link: string): Promise<void> {
  await rm(`${link}.draft`, { force: true });
  await symlink(installed.folder, `${link}.draft`);
  await rename(`${link}.draft`, link);
}

/** Deletes all kits but one. */
export async function pruneKits(kits: string, keep: InstalledKit): Promise<void> {
  for (const name of await readdir(kits)) {
    if (join(kits, name) !== keep.folder) await rm(join(kits, name), { recursive: true, force: true });
  }
}

/** Links share the bytes with Bazel's output, which Bazel replaces but never rewrites. */
async function linkOrCopy(source: string, target: string): Promise<void> {
  try {
    await link(await realpath(source), target);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') return copyFile(source, target);
    throw new ToolError('KIT_INSTALL', `Installing ${source}: ${errorText(error)}`, {
      cause: error,
      hint: 'Build it again: `bazel build //tools/cluster:kit`.',
    });
  }
}
