// A folder of the disk as entries of a layer.
import { isUtf8 } from 'node:buffer';
import { lstat, readdir, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type LayerEntry, checkTarget, nameNotUtf8 } from './entries.ts';

export interface ReadTreeOptions {
  /** On disk. */
  readonly folder: string;
  /** In the layer: relative to the root. */
  readonly path: string;
  readonly uid: number;
  readonly gid: number;
  /** Of files; folders have 0755. Default: 0755 what is executable, 0644 the rest. */
  readonly mode?: number;
  /** Paths that match are left out, with what is below them. Default: none. */
  readonly exclude?: RegExp;
  /** What brought it. Default: each file's own path. */
  readonly input?: string;
}

/** The entries of a folder and of all that is in it. Throws OCI_NAME_NOT_UTF8, OCI_LINK_LEAVES_ROOT. */
export async function readTree(options: ReadTreeOptions): Promise<LayerEntry[]> {
  const { folder, path, uid, gid, exclude } = options;
  const input = options.input === undefined ? {} : { input: options.input };
  const entries: LayerEntry[] = [{ kind: 'directory', path, mode: 0o755, uid, gid, origin: folder, ...input }];
  for (const name of await names(folder)) {
    const disk = join(folder, name);
    const inside = path === '' ? name : `${path}/${name}`;
    if (exclude?.test(inside) === true) continue;
    const link = await lstat(disk);
    const owned = { path: inside, uid, gid, origin: disk, ...input };
    if (link.isSymbolicLink()) {
      const target = await readlink(disk);
      // An absolute link is the sandbox's way to show a file: what it points to is meant.
      if (!target.startsWith('/')) {
        entries.push({ ...owned, kind: 'symlink', mode: 0o777, target: checkTarget(inside, target, disk) });
        continue;
      }
    }
    const info = await stat(disk);
    if (info.isDirectory()) {
      entries.push(...(await readTree({ ...options, folder: disk, path: inside })));
    } else {
      const mode = options.mode ?? ((info.mode & 0o100) !== 0 ? 0o755 : 0o644);
      entries.push({ ...owned, kind: 'file', mode, content: [{ file: disk, offset: 0, size: info.size }] });
    }
  }
  return entries;
}

/** The names in a folder, sorted. As bytes at first: a name that is not UTF-8 would be another one as text. */
async function names(folder: string): Promise<string[]> {
  const found = await readdir(folder, { encoding: 'buffer' });
  for (const name of found) if (!isUtf8(name)) throw nameNotUtf8(name, folder);
  return found.map((name) => name.toString('utf8')).sort();
}
