// An image's files in a folder, as a container sees them.
import { createWriteStream } from 'node:fs';
import { chmod, chown, copyFile, lchown, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { OciImage } from '../image/oci_image.ts';
import type { InspectedImage } from '../inspect/inspected.ts';
import { type ImageView, type ViewedEntry, resolvePath, viewImage } from '../inspect/view.ts';
import { archiveMembers } from '../layer/archive.ts';
import { entryPath } from '../layer/entries.ts';

export interface UnpackOptions {
  readonly image: OciImage;
  readonly inspected: InspectedImage;
  /** An empty folder. */
  readonly folder: string;
  /** Whether files get their owners; only root can give them. */
  readonly owners: boolean;
}

/** Writes the files. Links are made as they are and never followed out of the folder. */
export async function unpackImage({ image, inspected, folder, owners }: UnpackOptions): Promise<void> {
  const { entries } = viewImage(inspected.layers.map(({ contents }) => contents));
  const place = (path: string) => join(folder, placeOf(entries, path));
  const sorted = [...entries.keys()].sort();
  for (const path of sorted) {
    if (entries.get(path)?.entry.type === 'directory') await mkdir(place(path), { recursive: true });
  }
  const spool = await mkdtemp(join(tmpdir(), 'image-spool-'));
  try {
    for (const [index, { path }] of image.layers.entries()) {
      const isSeen = (file: string) => {
        const found = entries.get(file);
        return found?.layer === index && found.entry.type === 'file';
      };
      const listed = inspected.layers[index]?.contents.entries ?? [];
      await writeFiles({ path, listed, isSeen, place, spool: join(spool, String(index)) });
    }
  } finally {
    await rm(spool, { recursive: true, force: true });
  }
  for (const path of sorted) {
    const entry = entries.get(path)?.entry;
    if (entry?.type !== 'symlink') continue;
    await mkdir(dirname(place(path)), { recursive: true });
    await symlink(entry.target ?? '', place(path));
    if (owners) await lchown(place(path), entry.uid, entry.gid);
  }
  // Folders last and the innermost first: one that nobody may write to must be full by then.
  for (const path of sorted.toReversed()) {
    const entry = entries.get(path)?.entry;
    if (entry?.type !== 'file' && entry?.type !== 'directory') continue;
    if (owners) await chown(place(path), entry.uid, entry.gid);
    await chmod(place(path), entry.mode);
  }
}

interface WriteFilesOptions {
  /** The layer's blob. */
  readonly path: string;
  /** What is in it. */
  readonly listed: readonly ViewedEntry['entry'][];
  /** Whether a path of the image is this layer's file. */
  readonly isSeen: (path: string) => boolean;
  readonly place: (path: string) => string;
  /** A prefix of scratch files. */
  readonly spool: string;
}

/** Writes the files of a layer that are seen in the image. */
async function writeFiles({ path, listed, isSeen, place, spool }: WriteFilesOptions): Promise<void> {
  const files = listed.filter(({ type }) => type === 'file');
  const seen = new Set(files.filter((file) => isSeen(file.path)).map(({ digest }) => digest));
  // A file that a layer above hides may have another name that is seen: a hard link, of which the bytes come first.
  const hidden = files.filter((file) => !isSeen(file.path) && seen.has(file.digest));
  const written = new Map(hidden.map((file, index) => [file.path, `${spool}.${index}`]));
  for await (const member of archiveMembers({ path, origin: path })) {
    if (isSeen(member.path)) written.set(member.path, place(member.path));
    const file = written.get(member.path);
    if (file === undefined) continue;
    await mkdir(dirname(file), { recursive: true });
    const target = member.type === 'link' ? written.get(entryPath(member.linkname, path)) : undefined;
    if (target === undefined) await pipeline(member.body, createWriteStream(file));
    else await copyFile(target, file);
  }
}

/** Where a path is, when a folder of it is a link of a layer below. */
function placeOf(entries: ImageView['entries'], path: string): string {
  const slash = path.lastIndexOf('/');
  if (slash < 0) return path;
  const folder = resolvePath(entries, path.slice(0, slash))?.path ?? path.slice(0, slash);
  return join(folder, path.slice(slash + 1));
}
