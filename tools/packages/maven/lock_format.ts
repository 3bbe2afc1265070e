// Stage 0: what people edit, and what pinning makes of it.

/** What people edit: `third_party/maven/tools.json`. */
export interface MavenWishes {
  /** `group:artifact:version`; what they need at run time follows. Others than jars: `group:artifact:type:classifier:version`. */
  readonly artifacts: readonly string[];
  /** `group:artifact` that is needed by name, but not packed → why not. */
  readonly without?: Readonly<Record<string, string>>;
}

/** One artifact of a lock. */
export interface LockedArtifact {
  readonly version: string;
  /** Below a repository's base URL. */
  readonly path: string;
  readonly sha256: string;
  /** In bytes. */
  readonly size: number;
  /** What its POM, or that of a parent, says: licences' names, joined by ` OR `. */
  readonly license: string;
  /** Keys of the artifacts that it needs at run time, sorted. */
  readonly depends: readonly string[];
}

/** `tools.lock.json`. Holds paths: the repository is each machine's own. */
export interface MavenLock {
  readonly version: 1;
  /** `group:artifact`, for others than plain jars `group:artifact:type:classifier` → entry. */
  readonly artifacts: Readonly<Record<string, LockedArtifact>>;
}

/** A coordinate's key in the lock, and its version. Undefined for text that is no coordinate. */
export function parseCoordinate(text: string): { readonly name: string; readonly version: string } | undefined {
  const parts = text.split(':');
  const version = parts.pop();
  if (version === undefined || version === '' || parts.some((part) => part === '')) return undefined;
  const [group, artifact, type = 'jar', classifier] = parts;
  if (group === undefined || artifact === undefined || parts.length > 4) return undefined;
  return { name: artifactKey({ group, artifact, type, ...(classifier === undefined ? {} : { classifier }) }), version };
}

/** The parts of a coordinate but its version. */
export interface ArtifactName {
  readonly group: string;
  readonly artifact: string;
  readonly type: string;
  readonly classifier?: string;
}

/** The key of an artifact in a lock. */
export function artifactKey({ group, artifact, type, classifier }: ArtifactName): string {
  if (type === 'jar' && classifier === undefined) return `${group}:${artifact}`;
  return [group, artifact, type, ...(classifier === undefined ? [] : [classifier])].join(':');
}
