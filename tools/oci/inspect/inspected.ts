// An image as its inspection sees it: configuration, and what is in each layer.
import { access } from 'node:fs/promises';
import type { Digest } from '../../lib/digest.ts';
import { type ImageConfig, parseConfig } from '../image/model.ts';
import { type OciImage, type OciLayer, imageDigest } from '../image/oci_image.ts';
import { readJson } from '../image/read_json.ts';
import { type LayerContents, readContents } from '../layer/contents.ts';
import { scanLayer } from './scan.ts';

export interface InspectedLayer {
  readonly digest: Digest;
  readonly mediaType: string;
  /** Of the blob, in bytes. */
  readonly size: number;
  readonly contents: LayerContents;
}

export interface InspectedImage {
  /** What a person calls it. */
  readonly name: string;
  readonly digest: Digest;
  readonly config: ImageConfig;
  /** Lowest first. */
  readonly layers: readonly InspectedLayer[];
}

/** Reads what is known of an image's layers; a blob is opened only where its build has left no list of contents. */
export async function inspectImage(image: OciImage, name: string): Promise<InspectedImage> {
  const config = parseConfig(await readJson(image.config.path), image.config.path);
  const layers: InspectedLayer[] = [];
  for (const [index, layer] of image.layers.entries()) {
    const { digest, mediaType, size } = layer;
    layers.push({ digest, mediaType, size, contents: await contentsOf(layer, historyOf(config, index)) });
  }
  return { name, digest: imageDigest(image), config, layers };
}

async function contentsOf({ contents, path }: OciLayer, createdBy: string): Promise<LayerContents> {
  if (contents !== undefined && (await exists(contents))) return readContents(contents);
  return scanLayer(path, createdBy);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** What the history says of the layer: entries without a layer (ENV and the like) do not count. */
function historyOf(config: ImageConfig, index: number): string {
  const entries = (config.history ?? []).filter((entry) => entry.empty_layer !== true);
  return entries[index]?.created_by ?? `layer ${index + 1}`;
}
