// How a list of Debian packages becomes a lock.
import { ToolError } from '../../lib/errors.ts';
import type { PackageIndex } from './index_file.ts';
import type { PinnedVersions } from '../pin/changes.ts';
import type { DebianLock, DebianWishes, LockedPackage } from './lock_format.ts';

/** The closure of the wanted packages. Throws DEBIAN_PACKAGE_UNKNOWN. */
export function resolvePackages(wishes: DebianWishes, index: PackageIndex): Record<string, LockedPackage> {
  const left = new Set(Object.keys(wishes.without));
  const chosen = new Map<string, LockedPackage>();
  const queue = wishes.packages.map((name) => ({ name, neededBy: 'the list' }));
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { name, neededBy } = next;
    if (chosen.has(name)) continue;
    const record = index.byName.get(name);
    if (record === undefined) {
      throw new ToolError(
        'DEBIAN_PACKAGE_UNKNOWN',
        `Resolving ${name}, needed by ${neededBy}: the index has no such package`,
        {
          hint: 'Correct the name, or list it under "without" with the reason.',
        },
      );
    }
    const depends = new Set<string>();
    for (const group of wishes.files_only === true ? [] : record.depends) {
      const choice = chooseAlternative(group, { index, left, wanted: wishes.packages, chosen });
      if (choice === undefined) continue;
      depends.add(choice);
      queue.push({ name: choice, neededBy: name });
    }
    const { version, sha256, size, archive, path } = record;
    chosen.set(name, { version, sha256, size, archive, path, depends: [...depends].sort() });
  }
  return Object.fromEntries([...chosen].sort(([a], [b]) => (a < b ? -1 : 1)));
}

interface Choosing {
  readonly index: PackageIndex;
  readonly left: ReadonlySet<string>;
  readonly wanted: readonly string[];
  readonly chosen: ReadonlyMap<string, LockedPackage>;
}

/** One of the alternatives: what is there already, else the first real one; undefined where it is left out. */
function chooseAlternative(group: readonly string[], { index, left, wanted, chosen }: Choosing): string | undefined {
  if (group.some((name) => left.has(name))) return undefined;
  const real = group.flatMap((name) => (index.byName.has(name) ? [name] : (index.providers.get(name) ?? [])));
  return real.find((name) => chosen.has(name) || wanted.includes(name)) ?? real[0] ?? group[0];
}

/** The versions of a lock, by `package:architecture`. */
export function versionsOf(lock: DebianLock | undefined): PinnedVersions {
  const all = Object.entries(lock?.packages ?? {}).flatMap(([architecture, packages]) =>
    Object.entries(packages).map(([name, { version, sha256 }]) => {
      return [`${name}:${architecture}`, { version, hash: sha256 }] as const;
    }),
  );
  return new Map(all);
}
