// An image into a Docker daemon, as the archive that `docker load` takes; of its layers only those that are missing.
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import { layoutEntries } from '../image/layout_tar.ts';
import { parseConfig } from '../image/model.ts';
import type { OciImage, OciLayer } from '../image/oci_image.ts';
import { tarBytes } from '../layer/blob.ts';
import { type FileEntry, arrange } from '../layer/entries.ts';
import type { DockerApi } from './docker_api.ts';

export interface LoadDockerOptions {
  readonly image: OciImage;
  /** `repository:tag`. */
  readonly names: readonly string[];
  /** Whether to send layers that the daemon has, too. Default: false. */
  readonly allLayers?: boolean;
}

/** What was sent. */
export interface LoadReport {
  readonly sentLayers: number;
  readonly presentLayers: number;
}

/** Loads the image. Throws what {@link DockerApi} throws. */
export async function loadDocker(api: DockerApi, options: LoadDockerOptions): Promise<LoadReport> {
  const { image, names } = options;
  if (await api.usesContainerdStore()) {
    await api.load(tarBytes(await arrange(layoutEntries(image, names))));
    return { sentLayers: image.layers.length, presentLayers: 0 };
  }
  const config = await readFile(image.config.path);
  const diffIds = parseConfig(JSON.parse(config.toString('utf8')), image.config.path).rootfs.diff_ids;
  const present = options.allLayers === true ? 0 : sharedLayers(diffIds, await api.layersOfImages());
  const scratch = await mkdtemp(join(tmpdir(), 'fathom-load-'));
  try {
    // Layers are named by what they unpack to. Of those that the daemon has, it opens no file.
    const paths = diffIds.map((diffId) => `${hexOf(diffId)}/layer.tar`);
    const configName = `${hexOf(image.config.digest)}.json`;
    const manifest = [{ Config: configName, RepoTags: names, Layers: paths }];
    const entries = [textEntry(configName, config), textEntry('manifest.json', Buffer.from(JSON.stringify(manifest)))];
    for (const [index, layer] of image.layers.entries()) {
      const path = paths[index] ?? '';
      // A layer that is in the image twice has one file.
      if (index < present || entries.some((entry) => entry.path === path)) continue;
      const file = await readableLayer(layer, join(scratch, String(index)));
      const { size } = await stat(file);
      entries.push({ ...textEntry(path, Buffer.alloc(0)), content: [{ file, offset: 0, size }] });
    }
    await api.load(tarBytes(await arrange(entries)));
    return { sentLayers: image.layers.length - present, presentLayers: present };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** How many of the lowest layers one of the daemon's images has, in the same order: a layer is known by all below it. */
export function sharedLayers(diffIds: readonly string[], images: readonly (readonly string[])[]): number {
  const shared = images.map((layers) => {
    const end = diffIds.findIndex((diffId, index) => layers[index] !== diffId);
    return end < 0 ? diffIds.length : end;
  });
  return Math.max(0, ...shared);
}

/** The file of a layer in a form that every Docker reads: the older ones do not know zstd. */
async function readableLayer(layer: OciLayer, scratch: string): Promise<string> {
  if (!layer.mediaType.endsWith('zstd')) return layer.path;
  await pipeline(createReadStream(layer.path), createZstdDecompress(), createWriteStream(scratch));
  return scratch;
}

function textEntry(path: string, bytes: Buffer): FileEntry {
  return { kind: 'file', path, mode: 0o644, uid: 0, gid: 0, origin: 'the archive', content: [{ bytes }] };
}

function hexOf(digest: string): string {
  return digest.slice('sha256:'.length);
}
