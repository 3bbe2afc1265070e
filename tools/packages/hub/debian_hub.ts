// Stage 0: the hub of a Debian lock.
import type { DebianLock, DebianWishes } from '../debian/lock_format.ts';
import type { HubPackage } from './hub_files.ts';
import { checkAgainstList } from './lock_file.ts';

/** Options of {@link debianHub}. */
export interface DebianHubOptions {
  /** The hub's name, with which its archives' names begin. */
  readonly name: string;
  readonly architecture: string;
  readonly mirrors: readonly string[];
  readonly shown: string;
}

/** The packages of one architecture. Throws LOCK_STALE. */
export function debianHub(
  lock: DebianLock,
  list: DebianWishes | undefined,
  { name, architecture, mirrors, shown }: DebianHubOptions,
): readonly HubPackage[] {
  const packages = lock.packages[architecture] ?? {};
  if (list !== undefined) {
    const wanted = list.packages.map((wish) => ({ name: wish }));
    checkAgainstList({ wanted, without: Object.keys(list.without), packages, shown, pin: 'debian_pin' });
  }
  return Object.entries(packages).map(([key, { version, sha256, archive, path, depends }]) => ({
    key,
    target: key,
    depends,
    archives: [
      {
        repository: `${name}_${architecture}_${key.replaceAll('+', '_')}`,
        attributes: { package: key, version, architecture, sha256, archive, path, snapshot: lock.snapshot, mirrors },
      },
    ],
  }));
}
