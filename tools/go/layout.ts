// The folder in which go runs: the module of the lock, and packages of the workspace where their imports say.
import { existsSync, realpathSync } from 'node:fs';
import { copyFile, mkdir, readdir, stat, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { systemErrorCode } from '../lib/errors.ts';
import type { GoSource } from './request.ts';

/** Puts go.mod, go.sum and vendor of `src`, and with `own` the module's own sources, into `folder`. */
export async function layOutModule(src: string, folder: string, own: readonly string[] = []): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const name of ['go.mod', 'go.sum', ...own]) {
    await copyFile(join(src, name), join(folder, name)).catch((error: unknown) => {
      // A module that needs no other has no go.sum.
      if (systemErrorCode(error) !== 'ENOENT') throw error;
    });
  }
  // The folder as it is: go:embed refuses files that are links, of which a sandbox consists. Without modules it is none.
  const vendor = join(realpathSync(src), 'vendor');
  if (existsSync(vendor)) await symlink(vendor, join(folder, 'vendor'));
}

/** Copies sources where they belong. */
export async function layOutSources(sources: readonly GoSource[], folder: string): Promise<void> {
  for (const source of sources) {
    const target = join(folder, source.folder);
    await mkdir(target, { recursive: true });
    const path = realpathSync(source.path);
    if ((await stat(path)).isDirectory()) await copyTree(path, target);
    else await copyFile(path, join(target, basename(source.path)));
  }
}

/** Copies what a folder has, links as what they lead to. Folders are new ones: Bazel's own are write-protected. */
async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const name of await readdir(from)) {
    const [source, target] = [join(from, name), join(to, name)];
    if ((await stat(source)).isDirectory()) await copyTree(source, target);
    else await copyFile(source, target);
  }
}
