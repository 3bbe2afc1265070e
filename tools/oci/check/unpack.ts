// An image's files in a folder, as a container sees them.
import { createWriteStream } from 'node:fs';
import { chmod, chown, copyFile, lchown, mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { OciImage } from '../image/oci_image.ts';
import type { InspectedImage } from '../inspect/inspected.ts';
import { type ImageView, resolvePath, viewImage } from '../inspect/view.ts';
import { archiveMembers } from '../layer/archive.ts';

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
  for (const [index, layer] of image.layers.entries()) {
    for await (const member of archiveMembers({ path: layer.path, origin: layer.path })) {
      const found = entries.get(member.path);
      if (found?.layer !== index || found.entry.type !== 'file') continue;
      await mkdir(dirname(place(member.path)), { recursive: true });
      if (member.type === 'link') await copyFile(place(member.linkname), place(member.path));
      else await pipeline(member.body, createWriteStream(place(member.path)));
    }
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

/** Where a path is, when a folder of it is a link of a layer below. */
function placeOf(entries: ImageView['entries'], path: string): string {
  const slash = path.lastIndexOf('/');
  if (slash < 0) return path;
  const folder = resolvePath(entries, path.slice(0, slash))?.path ?? path.slice(0, slash);
  return join(folder, path.slice(slash + 1));
}
