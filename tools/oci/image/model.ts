// The documents of an image as data, and the checks that turn parsed JSON into them.
// Specification: https://github.com/opencontainers/image-spec/tree/v1.1.1 (descriptor.md, manifest.md, config.md).
import { ToolError } from '../../lib/errors.ts';
import { type Digest, isDigest } from '../../lib/digest.ts';
import { MEDIA_TYPE } from './media_types.ts';

/** What one blob is: enough to ask a registry for it and to check what comes. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A repository of a registry that has a blob. */
export interface BlobSource {
  /** `host[:port]`. */
  readonly registry: string;
  readonly repository: string;
  readonly plainHttp: boolean;
}

/** A layer as its build action describes it: the blob, the digest of the tar within, and what made it. */
export interface LayerDescriptor extends Descriptor {
  readonly diffId: Digest;
  /** The label of the target that made it; shown in the image's history. */
  readonly createdBy: string;
  /** Where the blob can be had without a build. Default: nowhere. */
  readonly source?: BlobSource;
}

/** The fields of a container's configuration that this toolkit writes. */
export interface ContainerConfig {
  readonly User?: string;
  readonly ExposedPorts?: Readonly<Record<string, Record<string, never>>>;
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly Volumes?: Readonly<Record<string, Record<string, never>>>;
  readonly WorkingDir?: string;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly StopSignal?: string;
}

export interface HistoryEntry {
  readonly created?: string;
  readonly created_by?: string;
  readonly empty_layer?: boolean;
}

/** The image configuration (config.md). */
export interface ImageConfig {
  readonly created?: string;
  readonly architecture: string;
  readonly os: string;
  readonly 'os.version'?: string;
  readonly variant?: string;
  readonly config?: ContainerConfig;
  readonly rootfs: { readonly type: 'layers'; readonly diff_ids: readonly Digest[] };
  readonly history?: readonly HistoryEntry[];
}

/** The image manifest (manifest.md). */
export interface ImageManifest {
  readonly schemaVersion: 2;
  readonly mediaType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A JSON object, as `JSON.parse` gives it. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The error for a document that is not what it should be. `where` names file and field. */
export function invalid(where: string, problem: string): ToolError {
  return new ToolError('OCI_DOCUMENT_INVALID', `Reading ${where}: ${problem}`, {
    hint: 'Build the image again; a file of the build that was edited by hand is made anew.',
  });
}

/** `value` as an object, or OCI_DOCUMENT_INVALID. */
export function asObject(value: unknown, where: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(where, 'is not an object');
  return value as JsonObject;
}

/** `value` as a non-empty string, or OCI_DOCUMENT_INVALID. */
export function asString(value: unknown, where: string): string {
  if (typeof value !== 'string' || value === '') throw invalid(where, 'is not a non-empty string');
  return value;
}

/** `value` as an array, or OCI_DOCUMENT_INVALID. */
export function asArray(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) throw invalid(where, 'is not an array');
  return value;
}

function asDigest(value: unknown, where: string): Digest {
  if (!isDigest(value)) throw invalid(where, `is not a sha256 digest: ${JSON.stringify(value)}`);
  return value;
}

/** A descriptor out of parsed JSON. Throws OCI_DOCUMENT_INVALID with the field's name. */
export function parseDescriptor(value: unknown, where: string): Descriptor {
  const object = asObject(value, where);
  const size = object['size'];
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw invalid(`${where}.size`, `is not a size in bytes: ${JSON.stringify(size)}`);
  }
  return {
    mediaType: asString(object['mediaType'], `${where}.mediaType`),
    digest: asDigest(object['digest'], `${where}.digest`),
    size,
  };
}

/** A layer's descriptor out of parsed JSON. Throws OCI_DOCUMENT_INVALID. */
export function parseLayerDescriptor(value: unknown, where: string): LayerDescriptor {
  const object = asObject(value, where);
  return {
    ...parseDescriptor(value, where),
    diffId: asDigest(object['diffId'], `${where}.diffId`),
    createdBy: asString(object['createdBy'], `${where}.createdBy`),
    ...(object['source'] === undefined ? {} : { source: parseBlobSource(object['source'], `${where}.source`) }),
  };
}

/** Where a blob can be had, out of parsed JSON. Throws OCI_DOCUMENT_INVALID. */
export function parseBlobSource(value: unknown, where: string): BlobSource {
  const object = asObject(value, where);
  return {
    registry: asString(object['registry'], `${where}.registry`),
    repository: asString(object['repository'], `${where}.repository`),
    plainHttp: object['plainHttp'] === true,
  };
}

/**
 * A manifest out of parsed JSON; `type` is the media type of one that does not say its own, as OCI's need not.
 * Throws OCI_DOCUMENT_INVALID.
 */
export function parseManifest(value: unknown, where: string, type: string = MEDIA_TYPE.manifest): ImageManifest {
  const object = asObject(value, where);
  if (object['schemaVersion'] !== 2) throw invalid(`${where}.schemaVersion`, 'is not 2');
  const layers = asArray(object['layers'], `${where}.layers`);
  return {
    schemaVersion: 2,
    mediaType: asString(object['mediaType'] ?? type, `${where}.mediaType`),
    config: parseDescriptor(object['config'], `${where}.config`),
    layers: layers.map((layer, index) => parseDescriptor(layer, `${where}.layers[${index}]`)),
  };
}

/**
 * An image configuration out of parsed JSON. What this toolkit derives from is checked (platform, rootfs); the rest
 * is kept as it is, so that a base image loses nothing. Throws OCI_DOCUMENT_INVALID.
 */
export function parseConfig(value: unknown, where: string): ImageConfig {
  const object = asObject(value, where);
  asString(object['architecture'], `${where}.architecture`);
  asString(object['os'], `${where}.os`);
  const rootfs = asObject(object['rootfs'], `${where}.rootfs`);
  asArray(rootfs['diff_ids'], `${where}.rootfs.diff_ids`).forEach((id, index) =>
    asDigest(id, `${where}.rootfs.diff_ids[${index}]`),
  );
  return value as ImageConfig;
}

/** The bytes of a document: JSON without spaces, fields in the order given. */
export function documentBytes(document: ImageManifest | ImageConfig): Buffer {
  return Buffer.from(JSON.stringify(document));
}
