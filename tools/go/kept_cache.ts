// The cache of compiled modules, unpacked once by a process that compiles many packages: to unpack it takes longer than
// to compile a package with it.
import { copyFileSync, existsSync, linkSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOfFile } from '../lib/digest.ts';
import { systemErrorCode } from '../lib/errors.ts';
import { unpackCache } from './cache_archive.ts';

/** Gives packages the cache of their modules, in a folder of their own. */
export interface KeptCaches {
  /** Fills `folder` with what packCache packed into `archive`. */
  fill(archive: string, folder: string): Promise<void>;
  /** Takes away what is kept. */
  remove(): void;
}

/** For a process that compiles one package: nothing is kept. */
export const NO_CACHES: KeptCaches = { fill: unpackCache, remove: () => undefined };

/**
 * Caches that are kept in folders of `parent` whose names begin with `prefix` and this process's number. What is
 * filled consists of links to them.
 */
export function keepCaches(parent: string, prefix: string): KeptCaches {
  const kept = new Map<string, { readonly digest: string; readonly folder: string }>();
  const isOfTheDead = (name: string) =>
    name.startsWith(prefix) && !isAlive(Number(name.slice(prefix.length).split('-')[0]));
  for (const name of readdirSync(parent).filter(isOfTheDead)) removeFolder(join(parent, name));
  const keep = async (archive: string, digest: string) => {
    const folder = await mkdtemp(join(parent, `${prefix}${process.pid}-`));
    kept.set(archive, { digest, folder });
    try {
      await unpackCache(archive, folder);
    } catch (error) {
      kept.delete(archive);
      removeFolder(folder);
      throw error;
    }
    return folder;
  };
  return {
    async fill(archive, folder) {
      const digest = await digestOfFile(archive);
      const known = kept.get(archive);
      const isGood = known?.digest === digest && existsSync(known.folder);
      if (known !== undefined && !isGood) removeFolder(known.folder);
      linkTree(isGood ? known.folder : await keep(archive, digest), folder);
      // When go last looked for what is old: it would look at all entries, and take away what nothing has touched for days.
      writeFileSync(join(folder, 'trim.txt'), String(Math.floor(Date.now() / 1000)));
    },
    remove() {
      for (const { folder } of kept.values()) removeFolder(folder);
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

function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Makes a tree of links: go adds entries, never writes a content again, and into an index nothing but the same. */
function linkTree(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) linkTree(source, target);
    else linkOrCopy(source, target);
  }
}

function linkOrCopy(source: string, target: string): void {
  try {
    linkSync(source, target);
  } catch (error) {
    // A file system without such links, or with as many as it can have.
    if (!['EMLINK', 'ENOTSUP', 'EPERM', 'EXDEV'].includes(systemErrorCode(error) ?? '')) throw error;
    copyFileSync(source, target);
  }
}
