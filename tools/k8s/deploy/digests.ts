// The digests of a stack's images, and how they get into its manifests. Needs no cluster.
import { type OciImage, type OciImageIndex, imageDigest, readImageOrIndex } from '../../oci/index.ts';
import { imageKey, pinnedReference } from '../model/images.ts';
import type { ImageInput } from '../model/plan_input.ts';

/** An image of a stack, or an index of images, with its description read. */
export interface StackImage extends ImageInput {
  readonly oci: OciImage | OciImageIndex;
}

/** Reads the descriptions of images. Throws OCI_FILE_UNREADABLE, OCI_DOCUMENT_INVALID. */
export async function readStackImages(
  images: readonly ImageInput[],
  resolve: (runfilesPath: string) => string,
): Promise<StackImage[]> {
  return Promise.all(
    images.map(async (input) => ({ ...input, oci: await readImageOrIndex(resolve(input.image), resolve) })),
  );
}

/** {@link imageKey} → `registry/repository@digest`. */
export function digestsOf(images: readonly StackImage[]): ReadonlyMap<string, string> {
  return new Map(images.map((image) => [imageKey(image), pinnedReference(image, imageDigest(image.oci))]));
}
