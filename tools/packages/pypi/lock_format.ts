// Stage 0: what people edit, and what pinning makes of it.

/** What people edit: `third_party/pypi/tools.json`. */
export interface PypiWishes {
  /** The Python that runs the packages: `3.13`. */
  readonly python: string;
  /** Machine (`linux_x64`, `darwin_arm64`) → platform tags of wheels that run there, the preferred first. */
  readonly platforms: Readonly<Record<string, readonly string[]>>;
  /** Requirements as pip's: `flask==3.1.2`, `pyarrow[x]>=20`; what they need follows. */
  readonly packages: readonly string[];
  /** Needed by name, but not packed: package → why not. */
  readonly without?: Readonly<Record<string, string>>;
  /** Packages that have wheels for some of the platforms alone: package → machines. */
  readonly only?: Readonly<Record<string, readonly string[]>>;
}

/** One wheel. */
export interface LockedWheel {
  /** The platform tag that pip is asked for: `manylinux_2_17_x86_64`, `any`. */
  readonly platform: string;
  readonly file: string;
  readonly sha256: string;
}

/** One package of a lock. */
export interface LockedPypiPackage {
  readonly version: string;
  /** What its metadata says; empty where nothing. */
  readonly license: string;
  /** Names of the packages that it needs, on any of the platforms, sorted. */
  readonly depends: readonly string[];
  /** Machine → wheel; `any` alone for a wheel that is the same for all. */
  readonly files: Readonly<Record<string, LockedWheel>>;
}

/** `tools.lock.json`. Holds file names: the index is each machine's own. */
export interface PypiLock {
  readonly version: 1;
  readonly python: string;
  /** Normalised name (PEP 503) → entry. */
  readonly packages: Readonly<Record<string, LockedPypiPackage>>;
}

/** A package's name in the form that a lock has it, by PEP 503. */
export function normalizedName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, '-');
}

/** The name and the pinned version (`==`) of a requirement. */
export function parseWish(requirement: string): { readonly name: string; readonly version?: string } {
  const [, name = requirement, rest = ''] = /^\s*([A-Za-z0-9._-]+)\s*(?:\[[^\]]*\])?\s*(.*)$/.exec(requirement) ?? [];
  const version = /^==\s*([^,;\s*]+)\s*$/.exec(rest)?.[1];
  return { name: normalizedName(name), ...(version === undefined ? {} : { version }) };
}
