// Which manifests a collection keeps, which it deletes, and what that frees. Pure.
import { type Digest } from '../../lib/digest.ts';
import type { InUse } from './in_use.ts';
import { type Inventory, type Manifest, manifestKey } from './inventory.ts';

/** What is kept beside what is in use. */
export interface Retention {
  /** Manifests that were pushed later stay, in milliseconds as Date counts: whoever pushed them may be about to use them. */
  readonly youngSinceMs: number;
  /** Whether all that has a tag stays. */
  readonly isKeepingTagged: boolean;
}

/** What becomes of one repository. */
export interface RepositorySelection {
  readonly repository: string;
  readonly kept: number;
  readonly deleted: number;
  /** What its deleted manifests had for themselves, in bytes. */
  readonly freedBytes: number;
}

/** What a collection does. */
export interface Selection {
  readonly kept: readonly Manifest[];
  /** An index comes before its manifests, so that none is ever there with a part missing. */
  readonly deleted: readonly Manifest[];
  readonly repositories: readonly RepositorySelection[];
  /** Blobs that no manifest names, such as those of broken pushes, in bytes. */
  readonly strayBytes: number;
  readonly freedBytes: number;
  readonly totalBytes: number;
}

/** Tags under which documents about an image are kept: `sha256-<hex>`, and with `.sig` and the like behind it. */
const DOCUMENT_TAG = /^sha256-([0-9a-f]{64})(\.[a-z]+)?$/;

/** Chooses. What an image consists of is kept with it, and so are the documents about it. */
export function select(inventory: Inventory, inUse: InUse, retention: Retention): Selection {
  const kept = closureOf(inventory, rootsOf(inventory, inUse, retention));
  const [stay, go] = [true, false].map((isKept) =>
    inventory.manifests.filter((manifest) => kept.has(manifestKey(manifest)) === isKept),
  ) as [Manifest[], Manifest[]];
  return { kept: stay, deleted: inOrder(go), ...bytesOf(inventory, stay, go) };
}

function rootsOf({ manifests, tags }: Inventory, inUse: InUse, retention: Retention): Manifest[] {
  const named = new Set(
    tags
      .filter(({ repository, tag }) => {
        const isUsed = inUse.tags.has(`${repository}:${tag}`);
        return isUsed || (retention.isKeepingTagged && !DOCUMENT_TAG.test(tag));
      })
      .map(manifestKey),
  );
  return manifests.filter((manifest) => {
    const { digest, config, modifiedMs } = manifest;
    const isUsed = inUse.digests.has(digest) || (config !== undefined && inUse.digests.has(config));
    return isUsed || named.has(manifestKey(manifest)) || modifiedMs >= retention.youngSinceMs;
  });
}

/** The roots, what they consist of, and the documents about any of it. */
function closureOf({ manifests, tags }: Inventory, roots: readonly Manifest[]): ReadonlySet<string> {
  const byKey = new Map(manifests.map((manifest) => [manifestKey(manifest), manifest]));
  const documents = new Map<string, Manifest[]>();
  const addDocument = (repository: string, subject: string, document: Manifest | undefined) => {
    const key = `${repository}@${subject}`;
    if (document !== undefined) documents.set(key, [...(documents.get(key) ?? []), document]);
  };
  for (const manifest of manifests) {
    if (manifest.subject !== undefined) addDocument(manifest.repository, manifest.subject, manifest);
  }
  for (const tag of tags) {
    const hex = DOCUMENT_TAG.exec(tag.tag)?.[1];
    if (hex !== undefined) addDocument(tag.repository, `sha256:${hex}`, byKey.get(manifestKey(tag)));
  }
  const kept = new Set<string>();
  const waiting = [...roots];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const key = manifestKey(next);
    if (kept.has(key)) continue;
    kept.add(key);
    const { repository, references } = next;
    const parts = references.flatMap((digest) => byKey.get(manifestKey({ repository, digest })) ?? []);
    waiting.push(...parts, ...(documents.get(key) ?? []));
  }
  return kept;
}

/** Those that name others first. */
function inOrder(manifests: readonly Manifest[]): Manifest[] {
  const known = new Set(manifests.map(manifestKey));
  const isParent = ({ repository, references }: Manifest) =>
    references.some((digest) => known.has(manifestKey({ repository, digest })));
  const depth = new Map<string, number>();
  const byKey = new Map(manifests.map((manifest) => [manifestKey(manifest), manifest]));
  const depthOf = (manifest: Manifest): number => {
    const key = manifestKey(manifest);
    const found = depth.get(key);
    if (found !== undefined) return found;
    // Digests cannot go in a circle; marked before the walk all the same.
    depth.set(key, 0);
    if (!isParent(manifest)) return 0;
    const { repository, references } = manifest;
    const parts = references.flatMap((digest) => byKey.get(manifestKey({ repository, digest })) ?? []);
    const own = 1 + Math.max(...parts.map(depthOf));
    depth.set(key, own);
    return own;
  };
  return manifests.toSorted((a, b) => depthOf(b) - depthOf(a));
}

function bytesOf({ blobs }: Inventory, kept: readonly Manifest[], deleted: readonly Manifest[]) {
  const needed = new Set<Digest>(kept.flatMap(blobsOf));
  const counted = new Set<Digest>();
  // A blob that several of the deleted share is counted for the first of them.
  const freedBy = (manifest: Manifest) =>
    blobsOf(manifest).reduce((sum, digest) => {
      if (needed.has(digest) || counted.has(digest)) return sum;
      counted.add(digest);
      return sum + (blobs.get(digest) ?? 0);
    }, 0);
  const rows = new Map<string, RepositorySelection>();
  const rowOf = (repository: string) => rows.get(repository) ?? { repository, kept: 0, deleted: 0, freedBytes: 0 };
  for (const { repository } of kept) {
    const row = rowOf(repository);
    rows.set(repository, { ...row, kept: row.kept + 1 });
  }
  for (const manifest of deleted) {
    const row = rowOf(manifest.repository);
    const freedBytes = row.freedBytes + freedBy(manifest);
    rows.set(manifest.repository, { ...row, deleted: row.deleted + 1, freedBytes });
  }
  const repositories = [...rows.values()].sort((a, b) => (a.repository < b.repository ? -1 : 1));
  const totalBytes = [...blobs.values()].reduce((sum, size) => sum + size, 0);
  const stray = [...blobs].filter(([digest]) => !needed.has(digest) && !counted.has(digest));
  const strayBytes = stray.reduce((sum, [, size]) => sum + size, 0);
  const freedBytes = strayBytes + repositories.reduce((sum, row) => sum + row.freedBytes, 0);
  return { repositories, strayBytes, freedBytes, totalBytes };
}

function blobsOf({ digest, references }: Manifest): Digest[] {
  return [digest, ...references];
}
