// The cache of compiled modules, unpacked once by a process that compiles many packages: to unpack it takes longer than
// to compile a package with it.
import { createHash } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../lib/errors.ts';
import { unpackCache } from './cache_archive.ts';

/** Gives packages the cache of their modules, in a folder of their own. */
export interface KeptCaches {
  /** Fills `folder` with what packCache packed into `archive`: by links, where it was unpacked before. */
  fill(archive: string, folder: string): Promise<void>;
  /** Takes away what is kept. */
  remove(): void;
}

/** Caches that are kept in folders of `parent` whose names begin with `prefix` and this process's number. */
export function keepCaches(parent: string, prefix: string): KeptCaches {
  const kept = new Map<string, string>();
  const isOfTheDead = (name: string) =>
    name.startsWith(prefix) && !isAlive(Number(name.slice(prefix.length).split('-')[0]));
  for (const name of readdirSync(parent).filter(isOfTheDead))
    rmSync(join(parent, name), { recursive: true, force: true });
  return {
    async fill(archive, folder) {
      // By what is in it: another build may have made another of this name.
      const digest = createHash('sha256')
        .update(await readFile(archive))
        .digest('hex');
      let from = kept.get(digest);
      if (from === undefined || !existsSync(from)) {
        from = await mkdtemp(join(parent, `${prefix}${process.pid}-`));
        await unpackCache(archive, from).catch((error: unknown) => {
          rmSync(from ?? '', { recursive: true, force: true });
          throw error;
        });
        kept.set(digest, from);
      }
      linkTree(from, folder);
    },
    remove() {
      for (const folder of kept.values()) rmSync(folder, { recursive: true, force: true });
      kept.clear();
    },
  };
}

/** Whether there is a process of this number; one that was killed could not tidy up. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
}

/** Makes a tree of links: go adds entries, and those that it finds it leaves as they are. */
function linkTree(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) linkTree(source, target);
    else linkSync(source, target);
  }
}
