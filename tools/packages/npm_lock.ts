// package-lock.json (lockfileVersion 3) as data, and where each package finds its dependencies.
import { ToolError } from '../lib/errors.ts';

/** One installed package of the lock file; `location` is its key there (`node_modules/a/node_modules/b`). */
export interface LockedPackage {
  readonly location: string;
  /** By which it is imported: that of its folder. */
  readonly name: string;
  /** What the registry calls it: another name where package.json has an alias, `"lodash4": "npm:lodash@4.17.21"`. */
  readonly publishedName: string;
  readonly version: string;
  readonly license: string;
  /** Subresource integrity of the archive that it comes in, `sha512-…`. */
  readonly integrity: string;
  /** Names that the package may import: its dependencies, optional and peer dependencies. */
  readonly wanted: readonly string[];
}

interface RawEntry {
  readonly name?: string;
  readonly version?: string;
  readonly license?: string;
  readonly integrity?: string;
  /** Whether it comes in the archive of a package around it. */
  readonly inBundle?: boolean;
  readonly link?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** Reads a lock file's text. Throws NPM_LOCK_VERSION, NPM_LOCK_NO_INTEGRITY, NPM_LOCK_LINK or NPM_LOCK_UNREADABLE. */
export function parseLock(text: string, path: string): readonly LockedPackage[] {
  const root = parseRoot(text, path);
  return Object.entries(root)
    .filter(([location]) => location !== '')
    .map(([location, entry]) => lockedPackage(location, { ...entry, ...archiveOf(location, root) }, path));
}

/** The integrity of the archive that a package comes in: its own, or that of the nearest one around that has one. */
function archiveOf(location: string, packages: Readonly<Record<string, RawEntry>>): Pick<RawEntry, 'integrity'> {
  const { inBundle, integrity } = packages[location] ?? {};
  if (integrity !== undefined) return { integrity };
  const around = location.lastIndexOf('/node_modules/');
  return inBundle === true && around > 0 ? archiveOf(location.slice(0, around), packages) : {};
}

function parseRoot(text: string, path: string): Readonly<Record<string, RawEntry>> {
  let value: { readonly lockfileVersion?: unknown; readonly packages?: Readonly<Record<string, RawEntry>> };
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ToolError('NPM_LOCK_UNREADABLE', `Reading ${path}: it is no JSON`, {
      cause,
      hint: 'Restore it with git, or write it anew with `npm install --package-lock-only`.',
    });
  }
  if (value.lockfileVersion !== 3 || value.packages === undefined) {
    throw new ToolError(
      'NPM_LOCK_VERSION',
      `Reading ${path}: lockfileVersion is ${String(value.lockfileVersion)}, not 3`,
      {
        hint: 'Write it anew with npm 7 or newer: `npm install --package-lock-only`.',
      },
    );
  }
  return value.packages;
}

function lockedPackage(location: string, entry: RawEntry, path: string): LockedPackage {
  if (entry.link === true || !location.startsWith('node_modules/')) {
    throw new ToolError('NPM_LOCK_LINK', `Reading ${path}: ${location} is a workspace link`, {
      hint: 'Depend on packages of the registry only; code of this repo is a ts_library.',
    });
  }
  if (entry.integrity === undefined || entry.version === undefined) {
    throw new ToolError('NPM_LOCK_NO_INTEGRITY', `Reading ${path}: ${location} has no integrity hash`, {
      hint: 'Delete that entry and run `npm install --package-lock-only`.',
    });
  }
  const name = location.slice(location.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const wanted = [entry.dependencies, entry.optionalDependencies, entry.peerDependencies].flatMap((group) =>
    Object.keys(group ?? {}),
  );
  return {
    location,
    name,
    publishedName: entry.name ?? name,
    version: entry.version,
    license: entry.license ?? 'NOASSERTION',
    integrity: entry.integrity,
    wanted: [...new Set(wanted)].sort(),
  };
}

/** The location at which a module of `from` finds `name`, by node's look-up through parent folders, or undefined. */
export function resolveDependency(
  from: string,
  name: string,
  exists: (location: string) => boolean,
): string | undefined {
  let folder = from;
  while (true) {
    const candidate = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (exists(candidate)) return candidate;
    if (folder === '') return undefined;
    const cut = folder.lastIndexOf('/node_modules/');
    folder = cut < 0 ? '' : folder.slice(0, cut);
  }
}
