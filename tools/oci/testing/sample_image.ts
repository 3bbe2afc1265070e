// Small images on disk, for tests.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOf } from '../../lib/digest.ts';
import { buildImage } from '../image/build_image.ts';
import { MEDIA_TYPE } from '../image/media_types.ts';
import type { BlobFile, OciImage } from '../image/oci_image.ts';

/** A scratch folder that is gone at the end of its scope. */
export interface ScratchFolder extends AsyncDisposable {
  readonly path: string;
}

export async function scratchFolder(): Promise<ScratchFolder> {
  const path = await mkdtemp(join(tmpdir(), 'oci-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

async function blobFile(folder: string, mediaType: string, bytes: Buffer): Promise<BlobFile> {
  const digest = digestOf(bytes);
  const path = join(folder, digest.replace(':', '-'));
  await writeFile(path, bytes);
  return { mediaType, digest, size: bytes.length, path };
}

/** An image whose layers hold the given texts; equal texts are equal blobs. */
export async function sampleImage(folder: string, name: string, layers: readonly string[]): Promise<OciImage> {
  const files = await Promise.all(layers.map((text) => blobFile(folder, MEDIA_TYPE.layer, Buffer.from(text))));
  const built = buildImage({
    layers: files.map((file) => ({ ...file, diffId: file.digest, createdBy: '//test' })),
    settings: { labels: { name } },
  });
  return {
    repository: name,
    manifest: await blobFile(folder, MEDIA_TYPE.manifest, built.manifest.bytes),
    config: await blobFile(folder, MEDIA_TYPE.config, built.config.bytes),
    layers: files,
  };
}
