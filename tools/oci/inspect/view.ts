// Layers as one tree of files, as a container sees it: what lies above replaces or hides what lies below.
// Whiteouts: https://github.com/opencontainers/image-spec/blob/v1.1.1/layer.md#whiteouts
import type { ContentsEntry, LayerContents } from '../layer/contents.ts';

/** A path of an image. */
export interface ViewedEntry {
  readonly entry: ContentsEntry;
  /** Index of its layer. */
  readonly layer: number;
}

/** A path that two layers have, and have differently. */
export interface Conflict {
  readonly path: string;
  readonly lower: ViewedEntry;
  readonly upper: ViewedEntry;
}

export interface ImageView {
  readonly entries: ReadonlyMap<string, ViewedEntry>;
  /** In the order of the upper layers; the last of several layers that have a path wins. */
  readonly conflicts: readonly Conflict[];
}

const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';

/** The tree of files of layers, the lowest first. */
export function viewImage(layers: readonly Pick<LayerContents, 'entries'>[]): ImageView {
  const entries = new Map<string, ViewedEntry>();
  const conflicts: Conflict[] = [];
  for (const [layer, { entries: own }] of layers.entries()) {
    // What a layer hides is of the layers below, wherever in its tar the whiteout stands.
    for (const { path } of own) hide(path, entries);
    for (const entry of own) {
      if (nameOf(entry.path).startsWith(WHITEOUT)) continue;
      const upper: ViewedEntry = { entry, layer };
      const lower = entries.get(entry.path);
      if (lower !== undefined && lower.layer !== layer && differ(lower.entry, entry)) {
        conflicts.push({ path: entry.path, lower, upper });
      }
      if (lower?.entry.type === 'directory' && entry.type !== 'directory') removeBelow(entry.path, entries);
      entries.set(entry.path, upper);
    }
  }
  return { entries, conflicts };
}

/** Whether two entries of one path mean something else. */
export function differ(a: ContentsEntry, b: ContentsEntry): boolean {
  return (
    a.type !== b.type ||
    a.digest !== b.digest ||
    a.size !== b.size ||
    a.target !== b.target ||
    a.uid !== b.uid ||
    a.gid !== b.gid ||
    // The mode of a link is not looked at by anyone.
    (a.type !== 'symlink' && a.mode !== b.mode)
  );
}

/** The resolved path and entry, following links within the image; undefined where nothing is there. */
export function resolvePath(
  entries: ImageView['entries'],
  path: string,
): { readonly path: string; readonly found: ViewedEntry } | undefined {
  let pending = parts(path);
  let current: string[] = [];
  // Linux gives up after 40 links, too.
  for (let links = 0; pending.length > 0;) {
    const [next = '', ...rest] = pending;
    pending = rest;
    if (next === '..') {
      current = current.slice(0, -1);
      continue;
    }
    const at = [...current, next];
    const found = entries.get(at.join('/'));
    if (found === undefined) return undefined;
    if (found.entry.type === 'symlink') {
      if (++links > 40) return undefined;
      const target = found.entry.target ?? '';
      if (target.startsWith('/')) current = [];
      pending = [...parts(target), ...pending];
      continue;
    }
    current = at;
  }
  const found = entries.get(current.join('/'));
  return found === undefined ? undefined : { path: current.join('/'), found };
}

function parts(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

function hide(path: string, entries: Map<string, ViewedEntry>): void {
  const name = nameOf(path);
  if (!name.startsWith(WHITEOUT)) return;
  const folder = path.slice(0, path.length - name.length);
  if (name === OPAQUE) {
    removeBelow(folder.replace(/\/$/, ''), entries);
  } else {
    entries.delete(folder + name.slice(WHITEOUT.length));
    removeBelow(folder + name.slice(WHITEOUT.length), entries);
  }
}

function removeBelow(folder: string, entries: Map<string, ViewedEntry>): void {
  const prefix = folder === '' ? '' : `${folder}/`;
  for (const path of entries.keys()) if (path.startsWith(prefix)) entries.delete(path);
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
