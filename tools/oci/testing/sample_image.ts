// Small images on disk, for tests.
import { createCipheriv, createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOf } from '../../lib/digest.ts';
import { type ImageSettings, buildImage } from '../image/build_image.ts';
import { buildIndex } from '../image/build_index.ts';
import { MEDIA_TYPE } from '../image/media_types.ts';
import { parseConfig } from '../image/model.ts';
import type { BlobFile, OciImage, OciImageIndex } from '../image/oci_image.ts';
import { readJson } from '../image/read_json.ts';
import { writeLayer } from '../layer/blob.ts';

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

/** An image with real layers: each a gzipped tar with one file of the given bytes. */
export async function layeredImage(
  folder: string,
  name: string,
  files: readonly Buffer[],
  settings: ImageSettings = {},
): Promise<OciImage> {
  const layers = await Promise.all(
    files.map(async (bytes, index) => {
      const path = join(folder, `${name.replaceAll('/', '_')}.${index}.tar.gz`);
      const entry = { kind: 'file', path: `file${index}`, mode: 0o644, uid: 0, gid: 0, origin: 'a test' } as const;
      const entries = [{ ...entry, content: [{ bytes }] }];
      return { ...(await writeLayer({ entries, path, compression: 'gzip', createdBy: '//test' })), path };
    }),
  );
  const built = buildImage({ layers, settings: { ...settings, labels: { name } } });
  return {
    repository: name,
    manifest: await blobFile(folder, MEDIA_TYPE.manifest, built.manifest.bytes),
    config: await blobFile(folder, MEDIA_TYPE.config, built.config.bytes),
    layers,
  };
}

/** An index of images for amd64 and arm64 that share their layers. */
export async function layeredIndex(folder: string, name: string, files: readonly Buffer[]): Promise<OciImageIndex> {
  const images = await Promise.all(
    ['amd64', 'arm64'].map((architecture) => layeredImage(folder, name, files, { architecture })),
  );
  const { bytes } = buildIndex(
    await Promise.all(
      images.map(async ({ manifest, config }, at) => ({
        label: `//test:${at}`,
        manifest,
        config: parseConfig(await readJson(config.path), config.path),
      })),
    ),
  );
  return { repository: name, manifest: await blobFile(folder, MEDIA_TYPE.index, bytes), images };
}

/** Bytes that do not compress; the same for the same seed. */
export function noise(size: number, seed: string): Buffer {
  const key = createHash('sha256').update(seed).digest().subarray(0, 16);
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size));
}
