// The lock of Debian packages: what it holds, how a wish list becomes one, and what changed between two.
import { ToolError } from '../../lib/errors.ts';
import type { PackageIndex } from './index_file.ts';
import { compareVersions } from './version.ts';

/** What people edit: `third_party/debian/trixie.json`. */
export interface DebianWishes {
  readonly distribution: string;
  readonly architectures: readonly string[];
  readonly components: readonly string[];
  /** Packages wanted; what they need follows. */
  readonly packages: readonly string[];
  /** Needed by name, but not packed: package → why not. */
  readonly without: Readonly<Record<string, string>>;
}

export interface LockedPackage {
  readonly version: string;
  readonly sha256: string;
  readonly size: number;
  readonly archive: string;
  readonly path: string;
  /** Names of the packages that it needs, sorted. */
  readonly depends: readonly string[];
}

/** `trixie.lock.json`. Holds pool paths: the mirror is each machine's own. */
export interface DebianLock {
  readonly version: 1;
  readonly distribution: string;
  /** When it was made, in the form of a snapshot archive, which keeps what mirrors drop. */
  readonly snapshot: string;
  /** Architecture → package → entry. */
  readonly packages: Readonly<Record<string, Readonly<Record<string, LockedPackage>>>>;
}

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
    for (const group of record.depends) {
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

/** One change between two locks. */
export interface LockChange {
  readonly package: string;
  readonly from?: string;
  readonly to?: string;
  readonly isDowngrade: boolean;
}

/** What changed between two sets of packages, by name. */
export function compareLocks(
  before: Readonly<Record<string, LockedPackage>>,
  after: Readonly<Record<string, LockedPackage>>,
): LockChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.flatMap((name): LockChange[] => {
    const [from, to] = [before[name], after[name]];
    if (from?.sha256 === to?.sha256) return [];
    return [
      {
        package: name,
        ...(from === undefined ? {} : { from: from.version }),
        ...(to === undefined ? {} : { to: to.version }),
        isDowngrade: from !== undefined && to !== undefined && compareVersions(to.version, from.version) < 0,
      },
    ];
  });
}
