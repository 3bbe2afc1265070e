// The reports of several machines as one lock.
import { ToolError } from '../../lib/errors.ts';
import { closureOf } from '../closure.ts';
import type { LockedPypiPackage, LockedWheel } from './lock_format.ts';
import type { ReportedPackage } from './report.ts';

/** The packages that are wanted, and what they need: what only those need that a list leaves out is not. */
export function neededBy(wanted: readonly string[], packages: readonly ReportedPackage[]): readonly ReportedPackage[] {
  const byName = new Map(packages.map((entry) => [entry.name, entry]));
  const needed = new Set(wanted.flatMap((name) => closureOf(name, (at) => byName.get(at)?.depends ?? [])));
  return packages.filter(({ name }) => needed.has(name));
}

/** Packages by name. A wheel that is the same for all machines is there once, as `any`. Throws PYPI_VERSIONS_DIFFER. */
export function mergeReports(
  reports: ReadonlyMap<string, readonly ReportedPackage[]>,
): Record<string, LockedPypiPackage> {
  const merged = new Map<string, LockedPypiPackage>();
  for (const [machine, packages] of reports) {
    for (const { name, version, license, file, sha256, depends } of packages) {
      const platform = platformOf(file);
      const known = merged.get(name) ?? { version, license, depends: [], files: {} };
      if (known.version !== version) {
        throw new ToolError(
          'PYPI_VERSIONS_DIFFER',
          `Resolving ${name}: ${known.version} on one machine, ${version} on ${machine}`,
          { hint: `Name a version that has wheels for all platforms: "${name}==…".` },
        );
      }
      merged.set(name, {
        ...known,
        depends: [...new Set([...known.depends, ...depends])].sort(),
        files: { ...known.files, [platform === 'any' ? 'any' : machine]: { platform, file, sha256 } },
      });
    }
  }
  return Object.fromEntries(
    [...merged].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, entry]) => [name, sorted(entry)]),
  );
}

function sorted(entry: LockedPypiPackage): LockedPypiPackage {
  const files: readonly [string, LockedWheel][] = Object.entries(entry.files);
  return { ...entry, files: Object.fromEntries([...files].sort(([a], [b]) => (a < b ? -1 : 1))) };
}

/** The first platform tag in a wheel's name (PEP 427). */
function platformOf(file: string): string {
  return (
    file
      .replace(/\.whl$/, '')
      .split('-')
      .at(-1)
      ?.split('.')[0] ?? 'any'
  );
}
