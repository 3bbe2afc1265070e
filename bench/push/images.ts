// The images that are pushed: 25 with two layers in common, as services of one repo have them, each also as an OCI layout,
// which is what other programs read.
import { link, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OciImage } from '../../tools/oci/image/oci_image.ts';
import { layeredImage, noise } from '../../tools/oci/testing/sample_image.ts';

export const IMAGES = 25;
/** By which all of them are pushed. */
export const TAG = 'v1';
/** The system and the runtime that all of them have, and what each has alone: 60 MB together, which do not compress. */
const SHARED_BYTES = [40_000_000, 15_000_000];
const OWN_BYTES = 5_000_000;

/** An image in the forms that the contenders take. */
export interface BenchImage {
  readonly repository: string;
  readonly image: OciImage;
  /** The folder of its OCI layout. */
  readonly layout: string;
}

/** All images; the first of them in another version. */
export async function makeImages(folder: string): Promise<readonly BenchImage[]> {
  const shared = SHARED_BYTES.map((size, index) => noise(size, `shared ${index}`));
  const images: BenchImage[] = [];
  for (let index = 0; index < IMAGES; index++) images.push(await makeImage(folder, index, shared));
  return images;
}

/** The first image with another layer of its own. */
export async function changedImage(folder: string, version: number): Promise<BenchImage> {
  const shared = SHARED_BYTES.map((size, index) => noise(size, `shared ${index}`));
  return makeImage(folder, 0, shared, version);
}

async function makeImage(folder: string, index: number, shared: readonly Buffer[], version = 0): Promise<BenchImage> {
  const repository = `services/s${index}`;
  const own = noise(OWN_BYTES, `${repository} ${version}`);
  const image = await layeredImage(folder, `${repository}v${version}`, [...shared, own]);
  const layout = join(folder, `layout-${index}-${version}`);
  const blobs = join(layout, 'blobs/sha256');
  await mkdir(blobs, { recursive: true });
  for (const { digest, path } of [image.manifest, image.config, ...image.layers]) {
    await link(path, join(blobs, digest.slice('sha256:'.length)));
  }
  const { mediaType, digest, size } = image.manifest;
  await writeFile(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  await writeFile(
    join(layout, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [{ mediaType, digest, size }] }),
  );
  return { repository, image, layout };
}
