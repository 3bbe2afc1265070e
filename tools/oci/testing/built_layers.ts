// Layers and images as the build makes them, for tests: with blobs, lists of contents and documents on disk.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildImage } from '../image/build_image.ts';
import type { ImageSettings } from '../image/build_image.ts';
import { type LayerDescriptor, parseLayerDescriptor } from '../image/model.ts';
import type { OciImage } from '../image/oci_image.ts';
import { readJson } from '../image/read_json.ts';
import { buildLayer } from '../layer/build_layer.ts';
import { type LayerContents, readContents } from '../layer/contents.ts';
import type { LayerSource } from '../layer/sources.ts';

/** A layer on disk. */
export interface BuiltLayer {
  readonly path: string;
  readonly descriptor: LayerDescriptor;
  readonly contents: LayerContents;
  readonly contentsPath: string;
}

/** Builds a layer `//<name>` in a folder. */
export async function layerOf(folder: string, name: string, sources: readonly LayerSource[]): Promise<BuiltLayer> {
  const [path, descriptor, contents] = ['blob', 'json', 'contents'].map((end) => join(folder, `${name}.${end}`)) as [
    string,
    string,
    string,
  ];
  await buildLayer({ blob: path, descriptor, contents, createdBy: `//${name}`, compression: 'zstd', sources });
  return {
    path,
    descriptor: parseLayerDescriptor(await readJson(descriptor), descriptor),
    contents: await readContents(contents),
    contentsPath: contents,
  };
}

/** Builds an image of layers, the lowest first. */
export async function imageOf(
  folder: string,
  name: string,
  layers: readonly BuiltLayer[],
  settings: ImageSettings = {},
): Promise<OciImage> {
  const built = buildImage({ layers: layers.map(({ descriptor }) => descriptor), settings });
  const [manifest, config] = [join(folder, `${name}.manifest`), join(folder, `${name}.config`)];
  await Promise.all([writeFile(manifest, built.manifest.bytes), writeFile(config, built.config.bytes)]);
  return {
    repository: name,
    manifest: { ...built.manifest.descriptor, path: manifest },
    config: { ...built.config.descriptor, path: config },
    layers: layers.map(({ descriptor, path, contentsPath }) => ({ ...descriptor, path, contents: contentsPath })),
  };
}

/** A small text file as part of a layer. */
export function text(path: string, value: string, mode = '0644'): LayerSource {
  return { kind: 'text', path, text: value, mode };
}
