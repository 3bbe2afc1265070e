// An index: images of one program for several platforms, of which a node takes the one that it can run.
// Specification: https://github.com/opencontainers/image-spec/blob/v1.1.1/image-index.md
import { digestOf } from '../../lib/digest.ts';
import { ToolError } from '../../lib/errors.ts';
import { MEDIA_TYPE } from './media_types.ts';
import type { Descriptor, ImageConfig } from './model.ts';

/** One image of an index. */
export interface IndexedImage {
  /** Its label, for messages. */
  readonly label: string;
  readonly manifest: Descriptor;
  readonly config: ImageConfig;
}

export interface BuiltIndex {
  readonly bytes: Buffer;
  readonly descriptor: Descriptor;
}

/** The index of images, in the order given. Throws OCI_INDEX_PLATFORM_TWICE, OCI_INDEX_EMPTY. */
export function buildIndex(
  images: readonly IndexedImage[],
  annotations: Readonly<Record<string, string>> = {},
): BuiltIndex {
  if (images.length === 0) {
    throw new ToolError('OCI_INDEX_EMPTY', 'Building an index: it has no image', { hint: "Name some in 'images'." });
  }
  const labels = new Map<string, string>();
  const manifests = images.map(({ label, manifest, config }) => {
    const platform = platformOf(config);
    const name = Object.values(platform).join('/');
    const other = labels.get(name);
    if (other !== undefined) {
      throw new ToolError('OCI_INDEX_PLATFORM_TWICE', `Building an index: ${other} and ${label} are both for ${name}`, {
        hint: "Leave one of them out, or correct the 'architecture' of one.",
      });
    }
    labels.set(name, label);
    const { mediaType, digest, size } = manifest;
    return { mediaType, digest, size, platform };
  });
  const sorted = Object.entries(annotations).sort(([a], [b]) => (a < b ? -1 : 1));
  const index = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.index,
    manifests,
    ...(sorted.length === 0 ? {} : { annotations: Object.fromEntries(sorted) }),
  };
  const bytes = Buffer.from(JSON.stringify(index));
  return { bytes, descriptor: { mediaType: MEDIA_TYPE.index, digest: digestOf(bytes), size: bytes.length } };
}

function platformOf(config: ImageConfig) {
  const { architecture, os, variant, 'os.version': version } = config;
  return {
    architecture,
    os,
    ...(version === undefined ? {} : { 'os.version': version }),
    ...(variant === undefined ? {} : { variant }),
  };
}
