// What is in a layer: entries by path, put in one order, with every parent folder, through the layer's own links.
import { ToolError } from '../../lib/errors.ts';
import { type Content, contentHash, contentSize } from './content.ts';

interface Owned {
  /** Relative to the root, without a leading or closing slash: `usr/bin/x`. */
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** What it came from, for messages: a label, a package, a file. */
  readonly origin: string;
  /** What brought it, for `explain`: a package's title. Default: `origin`. */
  readonly input?: string;
  /** Seconds since 1970. Default: the layer's. */
  readonly mtime?: number;
  /** Extended attributes by name, such as `security.capability`. Default: none. */
  readonly xattrs?: ReadonlyMap<string, Buffer>;
}

export interface FileEntry extends Owned {
  readonly kind: 'file';
  readonly content: Content;
}

export interface DirectoryEntry extends Owned {
  readonly kind: 'directory';
}

export interface SymlinkEntry extends Owned {
  readonly kind: 'symlink';
  readonly target: string;
}

export type LayerEntry = FileEntry | DirectoryEntry | SymlinkEntry;

/**
 * `path` as the entries have it: `./a//b/` and `/a/b` are `a/b`, the root is the empty string.
 * Throws OCI_PATH_INVALID for a path that leaves the root or that a tar archive cannot hold.
 */
export function entryPath(path: string, origin: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..') || path.includes('\0')) {
    throw new ToolError('OCI_PATH_INVALID', `Packing ${JSON.stringify(path)} of ${origin}: it leaves the root`, {
      hint: 'Name the path within the image, without "..".',
    });
  }
  return parts.join('/');
}

/** The error for a name whose bytes are no UTF-8: no two readers of a tar archive agree on what it is. */
export function nameNotUtf8(name: Uint8Array, origin: string): ToolError {
  const shown = [...name]
    .map((byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`,
    )
    .join('');
  return new ToolError('OCI_NAME_NOT_UTF8', `Packing "${shown}" of ${origin}: its name is not UTF-8`, {
    hint: 'Rename it; `convmv -f latin1 -t utf8` does so for a whole folder.',
  });
}

/** Checks a symlink's target: a relative one must stay within the root. Throws OCI_LINK_LEAVES_ROOT. */
export function checkTarget(path: string, target: string, origin: string): string {
  let depth = target.startsWith('/') ? 0 : path.split('/').length - 1;
  for (const part of target.split('/')) {
    if (part === '..') depth -= 1;
    else if (part !== '' && part !== '.') depth += 1;
    if (depth < 0) {
      throw new ToolError('OCI_LINK_LEAVES_ROOT', `Packing link ${path} → ${target} of ${origin}: it leaves the root`, {
        hint: 'Let the link point to a path within the image.',
      });
    }
  }
  return target;
}

/**
 * Folders that nobody declares are root's, but these are everybody's: written as others, they would take /tmp from the
 * programs of an image whose base has it. Left out they cannot be: Docker before 23 makes what a layer lacks as 0600.
 */
const OPEN_FOLDERS: ReadonlySet<string> = new Set(['tmp', 'var/tmp']);

/**
 * The entries in the order in which they are written: by path, each folder before what is in it.
 * A path below a link of the same layer is put where the link points (Debian's /lib is a link to /usr/lib).
 * The same file from two sources is one entry when both are equal by {@link isSame}, else OCI_PATH_CONFLICT.
 */
export async function arrange(entries: readonly LayerEntry[]): Promise<LayerEntry[]> {
  const links = new Map<string, string>();
  for (const entry of entries) if (entry.kind === 'symlink') links.set(entry.path, entry.target);
  const byPath = new Map<string, LayerEntry>();
  for (const original of entries) {
    const entry = { ...original, path: throughLinks(original, links) };
    if (entry.path === '') continue;
    const present = byPath.get(entry.path);
    byPath.set(entry.path, present === undefined ? entry : await merge(present, entry));
  }
  for (const entry of [...byPath.values()]) addParents(entry, byPath);
  const sorted = [...byPath].map(([path, entry]) => ({ key: path.split('/').join('\0'), entry }));
  sorted.sort((a, b) => (a.key < b.key ? -1 : 1));
  return sorted.map(({ entry }) => entry);
}

async function merge(first: LayerEntry, second: LayerEntry): Promise<LayerEntry> {
  if (first.kind === 'directory' && second.kind === 'directory') return first;
  // A package's folder where a link stands: its files are put where the link points.
  if (first.kind === 'symlink' && second.kind === 'directory') return first;
  if (first.kind === 'directory' && second.kind === 'symlink') return second;
  if (await isSame(first, second)) return first;
  throw new ToolError(
    'OCI_PATH_CONFLICT',
    `Packing /${first.path}: ${first.origin} and ${second.origin} both have it, and differ`,
    { hint: 'Leave it out of one of them (`exclude`), or put them in two layers.' },
  );
}

/** Whether it does not matter which of two entries of a path is taken; bytes are read where all else is equal. */
async function isSame(a: LayerEntry, b: LayerEntry): Promise<boolean> {
  if (a.mode !== b.mode || a.uid !== b.uid || a.gid !== b.gid || !haveSameXattrs(a, b)) return false;
  if (a.kind === 'symlink' && b.kind === 'symlink') return a.target === b.target;
  if (a.kind !== 'file' || b.kind !== 'file' || contentSize(a.content) !== contentSize(b.content)) return false;
  if (JSON.stringify(a.content) === JSON.stringify(b.content)) return true;
  return (await contentHash(a.content)) === (await contentHash(b.content));
}

function haveSameXattrs({ xattrs: first }: LayerEntry, { xattrs: second }: LayerEntry): boolean {
  const [a, b] = [first ?? new Map<string, Buffer>(), second ?? new Map<string, Buffer>()];
  return a.size === b.size && [...a].every(([name, value]) => b.get(name)?.equals(value) === true);
}

function addParents(entry: LayerEntry, byPath: Map<string, LayerEntry>): void {
  for (let slash = entry.path.lastIndexOf('/'); slash > 0; slash = entry.path.lastIndexOf('/', slash - 1)) {
    const path = entry.path.slice(0, slash);
    const present = byPath.get(path);
    if (present === undefined) {
      const { origin, input } = entry;
      const mode = OPEN_FOLDERS.has(path) ? 0o1777 : 0o755;
      const owned = { mode, uid: 0, gid: 0, origin, ...(input === undefined ? {} : { input }) };
      byPath.set(path, { ...owned, kind: 'directory', path });
    } else if (present.kind !== 'directory') {
      throw new ToolError(
        'OCI_PATH_CONFLICT',
        `Packing /${entry.path} of ${entry.origin}: /${path} of ${present.origin} is no folder`,
        { hint: 'Leave one of them out.' },
      );
    }
  }
}

function throughLinks(entry: LayerEntry, links: ReadonlyMap<string, string>): string {
  let path = entry.path;
  for (let hops = 0; hops < 16; hops++) {
    const moved = followOne(path, links);
    if (moved === undefined) return path;
    path = moved;
  }
  throw new ToolError('OCI_LINK_LOOP', `Packing /${entry.path} of ${entry.origin}: its folders are links in a circle`, {
    hint: 'Remove one of the links.',
  });
}

/** The path after its first parent that is a link, or undefined where none is. */
function followOne(path: string, links: ReadonlyMap<string, string>): string | undefined {
  for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
    const parent = path.slice(0, slash);
    const target = links.get(parent);
    if (target === undefined) continue;
    const start = target.startsWith('/') ? [] : parent.split('/').slice(0, -1);
    for (const part of target.split('/')) {
      if (part === '..') start.pop();
      else if (part !== '' && part !== '.') start.push(part);
    }
    return [...start, path.slice(slash + 1)].join('/');
  }
  return undefined;
}
