// Makes a folder hold just the given files. What is right already is not written, so that editors don't look again.
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { BuiltFile } from './build_events.ts';

/** How many files are there now, and what was done. */
export interface SyncResult {
  readonly files: number;
  readonly written: number;
  readonly removed: number;
}

/** Copies `files` to `folder`, and removes all others there. */
export async function syncFolder(folder: string, files: readonly BuiltFile[]): Promise<SyncResult> {
  let written = 0;
  for (const { path, file } of files) {
    const target = join(folder, path);
    const bytes = await readFile(file);
    const known = await readFile(target).catch(() => undefined);
    if (known?.equals(bytes) === true) continue;
    await mkdir(dirname(target), { recursive: true });
    await rm(target, { force: true });
    // Nobody is to edit it: the next run would undo that.
    await writeFile(target, bytes, { mode: 0o444 });
    written++;
  }
  const wanted = new Set(files.map(({ path }) => path));
  let removed = 0;
  for (const path of await filesBelow(folder)) {
    if (wanted.has(path)) continue;
    await rm(join(folder, path));
    removed++;
  }
  return { files: files.length, written, removed };
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}
