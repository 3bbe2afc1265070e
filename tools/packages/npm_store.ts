// Turns npm's hoisted node_modules into a store in which a package sees its own dependencies and nothing else:
//   store/<key>/node_modules/<name>    the package
//   store/<key>/node_modules/<dep>  -> the dependency in its own store folder
// So what a package can import does not depend on who asks, in or out of a sandbox.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { type LockedPackage, resolveDependency } from './npm_lock.ts';

/** A package of the store. */
export interface StoredPackage {
  /**
   * `pino@10.4.0`; scoped: `@grpc+grpc-js@1.14.7`; an alias: `lodash4@lodash@4.17.21`; a second copy with other
   * dependencies ends in `~2`.
   */
  readonly key: string;
  /** By which it is imported. */
  readonly name: string;
  /** What the registry calls it. */
  readonly publishedName: string;
  readonly version: string;
  readonly license: string;
  readonly integrity: string;
  /** Dependency name → its key. */
  readonly deps: Readonly<Record<string, string>>;
  /** Whether `<repository>/<name>` means this package: npm put it at the top. */
  readonly top: boolean;
}

/** Plans the store of the packages that are `present` (npm leaves out optional ones of other platforms). */
export function planStore(
  packages: readonly LockedPackage[],
  present: (location: string) => boolean,
): ReadonlyMap<string, StoredPackage> {
  const installed = packages
    .filter((entry) => present(entry.location))
    .sort((a, b) => a.location.length - b.location.length || (a.location < b.location ? -1 : 1));
  const locations = new Set(installed.map((entry) => entry.location));
  const keys = new Map<string, string>();
  const uses = new Map<string, number>();
  for (const entry of installed) {
    const base = keyOf(entry);
    const use = (uses.get(base) ?? 0) + 1;
    uses.set(base, use);
    keys.set(entry.location, use === 1 ? base : `${base}~${use}`);
  }
  const plan = new Map<string, StoredPackage>();
  for (const entry of installed) {
    const deps: Record<string, string> = {};
    for (const name of entry.wanted) {
      const location = resolveDependency(entry.location, name, (candidate) => locations.has(candidate));
      const key = location === undefined ? undefined : keys.get(location);
      if (key !== undefined) deps[name] = key;
    }
    const top = entry.location === `node_modules/${entry.name}`;
    plan.set(entry.location, {
      key: keys.get(entry.location) ?? '',
      name: entry.name,
      publishedName: entry.publishedName,
      version: entry.version,
      license: entry.license,
      integrity: entry.integrity,
      deps,
      top,
    });
  }
  return plan;
}

/** An alias tells whose it is: another repository may have the package of that name in the very version. */
function keyOf({ name, publishedName, version }: LockedPackage): string {
  const names = publishedName === name ? [name] : [name, publishedName];
  return [...names.map((one) => one.replace('/', '+')), version].join('@');
}

/** Moves the packages of `root`/node_modules into `root`/store and links them. */
export function buildStore(root: string, plan: ReadonlyMap<string, StoredPackage>): void {
  // Innermost first, so that a package has no nested node_modules left when it moves.
  const innermostFirst = [...plan.keys()].sort(
    (a, b) => b.split('/node_modules/').length - a.split('/node_modules/').length,
  );
  for (const location of innermostFirst) {
    const stored = plan.get(location);
    if (stored === undefined) continue;
    const home = packageFolder(root, stored);
    mkdirSync(dirname(home), { recursive: true });
    renameSync(join(root, location), home);
    rmSync(join(home, 'node_modules'), { recursive: true, force: true });
    removeBuildFiles(home);
  }
  const byKey = new Map([...plan.values()].map((stored) => [stored.key, stored]));
  for (const stored of plan.values()) {
    for (const [name, key] of Object.entries(stored.deps)) {
      const dependency = byKey.get(key);
      const link = join(root, 'store', stored.key, 'node_modules', name);
      if (dependency === undefined || existsSync(link)) continue;
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(relative(dirname(link), packageFolder(root, dependency)), link);
    }
    const { key, publishedName, version, license, integrity, deps } = stored;
    writeFileSync(
      join(root, 'store', key, 'package.meta.json'),
      // What bills of materials are made of.
      `${JSON.stringify({ key, name: publishedName, version, license, integrity, deps })}\n`,
    );
  }
  rmSync(join(root, 'node_modules'), { recursive: true, force: true });
}

/** Where a package is. */
function packageFolder(root: string, stored: StoredPackage): string {
  return join(root, 'store', stored.key, 'node_modules', stored.name);
}

const BUILD_FILES = new Set(['BUILD', 'BUILD.bazel', 'WORKSPACE', 'WORKSPACE.bazel', 'MODULE.bazel']);

/** A BUILD file inside a package would cut its folder into two Bazel packages. */
function removeBuildFiles(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile() && BUILD_FILES.has(entry.name)) rmSync(join(entry.parentPath, entry.name));
  }
}
