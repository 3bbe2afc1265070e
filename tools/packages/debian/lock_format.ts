// Stage 0: what people edit, and what pinning makes of it.

/** What people edit: `third_party/debian/trixie.json`. */
export interface DebianWishes {
  readonly distribution: string;
  readonly architectures: readonly string[];
  readonly components: readonly string[];
  /** Packages wanted; what they need follows. */
  readonly packages: readonly string[];
  /** Needed by name, but not packed: package → why not. */
  readonly without: Readonly<Record<string, string>>;
  /** Whether what the packages need is left out: their files are used, nothing of them runs. Default: false. */
  readonly files_only?: boolean;
}

/** One package of a lock. */
export interface LockedPackage {
  readonly version: string;
  readonly sha256: string;
  /** In bytes. */
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
