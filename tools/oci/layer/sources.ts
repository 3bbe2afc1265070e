// What a layer is made of, as its rule writes it into a parameter file, and how that becomes entries.
import { lstat, readdir, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ToolError } from '../../lib/errors.ts';
import { asArray, asObject, asString } from '../image/model.ts';
import { readArchive } from './archive.ts';
import { readDeb } from './deb.ts';
import { strippedElf } from './elf.ts';
import { type LayerEntry, checkTarget, entryPath } from './entries.ts';

/** Mode and owner of what is packed; archives keep their own. */
interface Owner {
  /** Octal, such as "0644". */
  readonly mode?: string;
  readonly uid?: number;
  readonly gid?: number;
}

/** One part of a layer. */
export type LayerSource =
  | ({ readonly kind: 'file'; readonly path: string; readonly source: string; readonly strip?: boolean } & Owner)
  | ({ readonly kind: 'text'; readonly path: string; readonly text: string } & Owner)
  | ({ readonly kind: 'directory'; readonly path: string } & Owner)
  | ({ readonly kind: 'symlink'; readonly path: string; readonly target: string } & Owner)
  /** A folder of the disk with all that is in it: 0755 what is executable, 0644 the rest. */
  | ({ readonly kind: 'tree'; readonly path: string; readonly source: string; readonly exclude?: string } & Owner)
  | { readonly kind: 'tar'; readonly path: string; readonly source: string }
  | { readonly kind: 'deb'; readonly source: string; readonly exclude?: readonly string[] }
  /** Hides a path of the layers below. */
  | { readonly kind: 'whiteout'; readonly path: string };

/** The entries of all sources. `spool` is a prefix of scratch files; they must live until the layer is written. */
export async function readSources(sources: readonly LayerSource[], spool: string): Promise<LayerEntry[]> {
  const entries: LayerEntry[] = [];
  for (const [index, source] of sources.entries()) {
    entries.push(...(await readSource(source, `${spool}.${index}`)));
  }
  return entries;
}

async function readSource(source: LayerSource, spool: string): Promise<LayerEntry[]> {
  switch (source.kind) {
    case 'file': {
      const content = source.strip === true ? await strippedElf(source.source) : await wholeFile(source.source);
      return [{ ...owned(source, source.path, 0o555, source.source), kind: 'file', content }];
    }
    case 'text': {
      const content = [{ bytes: Buffer.from(source.text) }];
      return [{ ...owned(source, source.path, 0o644, 'the layer itself'), kind: 'file', content }];
    }
    case 'directory':
      return [{ ...owned(source, source.path, 0o755, 'the layer itself'), kind: 'directory' }];
    case 'symlink': {
      const base = owned(source, source.path, 0o777, 'the layer itself');
      return [{ ...base, kind: 'symlink', target: checkTarget(base.path, source.target, base.origin) }];
    }
    case 'tree': {
      const exclude = source.exclude === undefined ? undefined : new RegExp(source.exclude);
      return readTree(source, source.source, entryPath(source.path, source.source), exclude);
    }
    case 'tar':
      return readArchive({ path: source.source, prefix: source.path, spool, origin: source.source });
    case 'deb': {
      const exclude = source.exclude ?? [];
      return readDeb({ path: source.source, spool, origin: source.source, exclude });
    }
    case 'whiteout': {
      const path = entryPath(source.path, 'the layer itself');
      const slash = path.lastIndexOf('/') + 1;
      const hidden = `${path.slice(0, slash)}.wh.${path.slice(slash)}`;
      return [{ kind: 'file', path: hidden, mode: 0o644, uid: 0, gid: 0, origin: 'the layer itself', content: [] }];
    }
  }
}

function owned(owner: Owner, path: string, defaultMode: number, origin: string) {
  const mode = owner.mode === undefined ? defaultMode : parseMode(owner.mode, path);
  return { path: entryPath(path, origin), mode, uid: owner.uid ?? 0, gid: owner.gid ?? 0, origin };
}

function parseMode(mode: string, path: string): number {
  if (!/^0?[0-7]{3,4}$/.test(mode)) {
    throw new ToolError('OCI_MODE_INVALID', `Packing ${path}: mode ${JSON.stringify(mode)} is not octal`, {
      hint: 'Write it as "0644".',
    });
  }
  return Number.parseInt(mode, 8);
}

async function wholeFile(path: string) {
  const { size } = await stat(path);
  return [{ file: path, offset: 0, size }];
}

async function readTree(owner: Owner, folder: string, path: string, exclude?: RegExp): Promise<LayerEntry[]> {
  const entries: LayerEntry[] = [{ ...owned({ ...owner, mode: '0755' }, path, 0o755, folder), kind: 'directory' }];
  const names = (await readdir(folder)).sort();
  for (const name of names) {
    const disk = join(folder, name);
    const inside = `${path}/${name}`;
    if (exclude?.test(inside) === true) continue;
    const link = await lstat(disk);
    if (link.isSymbolicLink() && !(await readlink(disk)).startsWith('/')) {
      const target = await readlink(disk);
      entries.push({ ...owned({ ...owner, mode: '0777' }, inside, 0o777, disk), kind: 'symlink', target });
      continue;
    }
    // An absolute link is the sandbox's way to show a file: what it points to is meant.
    const info = await stat(disk);
    if (info.isDirectory()) {
      entries.push(...(await readTree(owner, disk, inside, exclude)));
    } else {
      const mode = (info.mode & 0o100) !== 0 ? 0o755 : 0o644;
      const content = [{ file: disk, offset: 0, size: info.size }];
      entries.push({ ...owned(owner, inside, mode, disk), kind: 'file', content });
    }
  }
  return entries;
}

/** The sources of a parameter file, each with its kind checked; the rule is trusted with the rest. */
export function parseSources(value: unknown, where: string): LayerSource[] {
  return asArray(value, where).map((item, index) => {
    asString(asObject(item, `${where}[${index}]`)['kind'], `${where}[${index}].kind`);
    return item as LayerSource;
  });
}
