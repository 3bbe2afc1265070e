// What a push has to do, worked out of what the registry said: no requests here.
import type { Digest } from '../../lib/digest.ts';
import { ToolError } from '../../lib/errors.ts';
import { type ArtifactFile, type OciImage, type OciImageIndex, imageBlobs, imageDigest } from '../image/oci_image.ts';
import type { PushBlob } from './blob_source.ts';
import { checkRepository, checkTag } from './reference.ts';

/** One image, or an index with all its images, and where it goes. */
export interface PushItem {
  readonly image: OciImage | OciImageIndex;
  /** In the registry: `services/routeguide/server`. */
  readonly repository: string;
  /** Default: none; the image is reached by its digest. */
  readonly tags?: readonly string[];
}

/** Blobs that a repository must have. */
export interface BlobNeed {
  readonly repository: string;
  readonly blobs: readonly PushBlob[];
  /** Whether no other image has them, so that they are there only after a push that was cut off. Default: false. */
  readonly areNew?: boolean;
}

/** A blob, the repositories that need it, and one that has it for sure. */
export interface BlobPlan {
  readonly blob: PushBlob;
  readonly repositories: readonly string[];
  readonly source: string | undefined;
  /** Whether it is new for all who need it: see {@link BlobNeed}. */
  readonly isNew: boolean;
}

/** Each distinct blob once, with all repositories that need it; `complete` images have all of theirs. */
export function planBlobs(needs: readonly BlobNeed[], complete: readonly PushItem[]): BlobPlan[] {
  const sources = new Map<Digest, string>();
  for (const { image, repository } of complete) {
    for (const { digest } of imageBlobs(image)) sources.set(digest, repository);
  }
  const plans = new Map<Digest, { blob: PushBlob; repositories: Set<string>; isNew: boolean }>();
  for (const { repository, blobs, areNew = false } of needs) {
    for (const blob of blobs) {
      const plan = plans.get(blob.digest) ?? { blob, repositories: new Set(), isNew: true };
      plan.repositories.add(repository);
      plan.isNew &&= areNew;
      plans.set(blob.digest, plan);
    }
  }
  // The largest first: the last upload to end is then not the longest.
  return [...plans.values()]
    .sort((a, b) => b.blob.size - a.blob.size)
    .map(({ repositories, ...plan }) => ({
      ...plan,
      repositories: [...repositories],
      source: sources.get(plan.blob.digest),
    }));
}

/** Under what a manifest must be found: its tags, else its digest. */
export function referencesOf({ image, tags = [] }: PushItem): readonly string[] {
  return tags.length === 0 ? [imageDigest(image)] : tags;
}

/** What is to be attached to an item: an index has nothing of its own, its images have. */
export function artifactsOf({ image }: PushItem): readonly ArtifactFile[] {
  return 'images' in image ? [] : (image.artifacts ?? []);
}

/** An index's images, by their digests, and then the index. */
function withImages(item: PushItem): PushItem[] {
  if (!('images' in item.image)) return [item];
  return [...item.image.images.map((image) => ({ image, repository: item.repository })), item];
}

/** Items without repetitions, with the images of indexes. Throws OCI_TAG_CONFLICT, OCI_REFERENCE_INVALID. */
export function uniqueItems(items: readonly PushItem[]): PushItem[] {
  const unique = new Map<string, PushItem>();
  const owners = new Map<string, Digest>();
  for (const item of items.flatMap(withImages)) {
    checkRepository(item.repository);
    const digest = imageDigest(item.image);
    for (const tag of item.tags ?? []) {
      const name = `${item.repository}:${checkTag(tag)}`;
      const other = owners.get(name) ?? digest;
      if (other !== digest) {
        throw new ToolError('OCI_TAG_CONFLICT', `Pushing ${name}: two images want this tag`, {
          hint: 'Give one of them another repository or tag.',
        });
      }
      owners.set(name, digest);
    }
    const artifacts = artifactsOf(item).map(({ path }) => path);
    unique.set(`${item.repository}@${digest} ${[...(item.tags ?? []), ...artifacts].join(' ')}`, item);
  }
  return [...unique.values()];
}
