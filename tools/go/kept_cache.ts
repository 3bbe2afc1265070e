// The cache of compiled modules, unpacked once by a process that compiles many packages: to unpack it takes longer than
// to compile a package with it.
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode } from '../lib/errors.ts';
import { unpackCache } from './cache_archive.ts';
import { cacheFolder } from './go_command.ts';

/** Gives packages the cache of their modules. */
export interface KeptCaches {
  /** Whether a folder serves more than one package. */
  readonly areKept: boolean;
  /**
   * A folder that has what packCache packed into `archive`, and what `prepare` adds where it is kept, and nothing else,
   * for go to use and to add to until the next call. `work`: a folder of the package alone.
   */
  folderOf(archive: string, work: string, prepare?: (folder: string) => Promise<void>): Promise<string>;
  /** Takes away what is kept. */
  remove(): void;
}

/** For a process that compiles one package: nothing is kept. */
export const NO_CACHES: KeptCaches = {
  areKept: false,
  async folderOf(archive, work) {
    await unpackCache(archive, cacheFolder(work));
    return cacheFolder(work);
  },
  remove: () => undefined,
};

/** A cache that was unpacked. */
interface Kept {
  readonly folder: string;
  /** Which file it was. */
  readonly identity: string;
  /** What was unpacked or prepared: paths. */
  readonly entries: ReadonlySet<string>;
}

type Keep = (archive: string, identity: string, prepare?: (folder: string) => Promise<void>) => Promise<Kept>;

/**
 * Caches that are kept in folders of `parent` whose names begin with `prefix` and this process's number. One package
 * after the other uses the folder itself. What one has added is taken away before the next: go adds entries, never
 * writes a content again, and into an index nothing but the same; but what `go vet` once said of a package, it says no
 * more, or says again of one that imports it.
 */
export function keepCaches(parent: string, prefix: string): KeptCaches {
  const kept = new Map<string, Kept>();
  const isOfTheDead = (name: string) =>
    name.startsWith(prefix) && !isAlive(Number(name.slice(prefix.length).split('-')[0]));
  for (const name of readdirSync(parent).filter(isOfTheDead)) removeFolder(join(parent, name));
  const keep: Keep = async (archive, identity, prepare) => {
    const folder = await mkdtemp(join(parent, `${prefix}${process.pid}-`));
    try {
      await unpackCache(archive, folder);
      await prepare?.(folder);
    } catch (error) {
      removeFolder(folder);
      throw error;
    }
    const made = { folder, identity, entries: new Set(pathsIn(folder)) };
    kept.set(archive, made);
    return made;
  };
  return {
    areKept: true,
    async folderOf(archive, _work, prepare) {
      const identity = identityOf(archive);
      let known = kept.get(archive);
      if (known?.identity === identity && existsSync(known.folder)) removeOthers(known);
      else {
        kept.delete(archive);
        if (known !== undefined) removeFolder(known.folder);
        known = await keep(archive, identity, prepare);
      }
      // When go last looked for what is old: it would look at all entries, and take away what nothing has touched for days.
      writeFileSync(join(known.folder, 'trim.txt'), String(Math.floor(Date.now() / 1000)));
      return known.folder;
    },
    remove() {
      for (const { folder } of kept.values()) removeFolder(folder);
      kept.clear();
    },
  };
}

/** What no other file, and no other content of this one, has: an action that runs again makes a new file. */
function identityOf(file: string): string {
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true });
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
}

/** Whether there is a process of this number; one that was killed could not tidy up. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
}

/** At a signal, go may still write what is taken away. */
function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** All files and folders below `folder`, a folder before what is in it. */
function pathsIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true }) as string[];
}

function removeOthers({ folder, entries }: Kept): void {
  for (const path of pathsIn(folder)) if (!entries.has(path)) removeFolder(join(folder, path));
}
