// Stage 0: the hub of a PyPI lock.
import { type PypiLock, type PypiWishes, normalizedName, parseWish } from '../pypi/lock_format.ts';
import type { HubPackage } from './hub_files.ts';
import { checkAgainstList } from './lock_file.ts';

/** Options of {@link pypiHub}. */
export interface PypiHubOptions {
  readonly name: string;
  readonly shown: string;
  /** Label up to the colon of the package that has a config_setting for each machine. */
  readonly settings: string;
}

/** The packages, each with a wheel for the platform that it is built for. Throws LOCK_STALE. */
export function pypiHub(
  lock: PypiLock,
  list: PypiWishes | undefined,
  { name, shown, settings }: PypiHubOptions,
): readonly HubPackage[] {
  if (list !== undefined) {
    const without = Object.keys(list.without ?? {}).map(normalizedName);
    const wanted = list.packages.map(parseWish);
    checkAgainstList({ wanted, without, packages: lock.packages, shown, pin: 'pypi_pin' });
  }
  return Object.entries(lock.packages).map(([key, { version, license, depends, files }]) => ({
    key,
    target: key,
    depends,
    archives: Object.entries(files).map(([machine, { platform, file, sha256 }]) => ({
      repository: `${name}_${key}_${machine}`.replaceAll(/[^A-Za-z0-9_]/g, '_'),
      attributes: { package: key, version, license, platform, file, sha256, python: lock.python },
      ...(machine === 'any' ? {} : { condition: `${settings}:${machine}` }),
    })),
  }));
}
