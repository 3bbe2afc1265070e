// Manifests of a registry by its interface: taken away, and put back as they were.
import { mapLimited } from '../../lib/limit.ts';
import { type Transport, deleteManifest, headManifest, putManifest } from '../../oci/index.ts';
import { type Manifest, type Tag, manifestKey } from './inventory.ts';

const CONCURRENCY = 8;

/** Manifests that were taken away. */
export interface Removed {
  readonly manifests: readonly Manifest[];
  /** All tags of before. */
  readonly tags: readonly Tag[];
}

/** Takes manifests away, in their order; `onDeleted` hears of each. */
export async function deleteManifests(
  transport: Transport,
  manifests: readonly Manifest[],
  onDeleted: (manifest: Manifest) => void,
): Promise<void> {
  for (const level of levelsOf(manifests)) {
    await mapLimited(level, CONCURRENCY, async (manifest) => {
      // Known before the answer is there: a deletion whose answer is lost has happened.
      onDeleted(manifest);
      await deleteManifest({ transport, repository: manifest.repository }, manifest.digest);
    });
  }
}

/** Puts back what is not there again by now; their blobs must not have been swept. */
export async function putBack(transport: Transport, { manifests, tags }: Removed): Promise<void> {
  for (const level of levelsOf(manifests).reverse()) {
    await mapLimited(level, CONCURRENCY, async (manifest) => {
      const { repository, digest } = manifest;
      const names = tags.filter((tag) => manifestKey(tag) === manifestKey(manifest)).map(({ tag }) => tag);
      for (const name of [digest, ...names]) {
        const place = { transport, repository };
        // A tag may be that of another image by now.
        if ((await headManifest(place, name)) === undefined) await putManifest(place, manifest, name);
      }
    });
  }
}

/** The manifests in runs of which none names another, in their order. */
function levelsOf(manifests: readonly Manifest[]): Manifest[][] {
  const levels: Manifest[][] = [];
  let named = new Set<string>();
  for (const manifest of manifests) {
    const { repository, references } = manifest;
    if (levels.length === 0 || named.has(manifestKey(manifest))) {
      levels.push([]);
      named = new Set();
    }
    levels.at(-1)?.push(manifest);
    for (const digest of references) named.add(manifestKey({ repository, digest }));
  }
  return levels;
}
