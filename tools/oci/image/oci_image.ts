// A built image as the programs that ship it see it: `image.json` and the blobs it names.
import type { Digest } from '../../lib/digest.ts';
import { type BlobSource, type Descriptor, type JsonObject, asArray, asObject, asString, invalid } from './model.ts';
import { parseBlobSource, parseDescriptor } from './model.ts';
import { readJson } from './read_json.ts';

/** A blob and the file that holds it. */
export interface BlobFile extends Descriptor {
  /** Absolute path. */
  readonly path: string;
  /** Where the blob can be had when the file is not there. Default: nowhere. */
  readonly source?: BlobSource;
  /** Bazel's remote cache that has the blob when the file is not there, a URL. Default: none. */
  readonly remoteCache?: string;
}

/** A document about an image, which is pushed beside it and refers to it. */
export interface ArtifactFile {
  /** What it is: `application/spdx+json`. */
  readonly artifactType: string;
  /** The file's own type. */
  readonly mediaType: string;
  /** Absolute path. */
  readonly path: string;
}

/** A layer, and where the list of its contents is. */
export interface OciLayer extends BlobFile {
  /** Absolute path of the document that contents.ts describes; it is there only where it was asked for. Default: none. */
  readonly contents?: string;
}

/** An image as it was built; of its layers, the blobs may be elsewhere. */
export interface OciImage {
  /** Its name within a registry: `services/routeguide/server`. */
  readonly repository: string;
  readonly manifest: BlobFile;
  readonly config: BlobFile;
  /** Lowest first. */
  readonly layers: readonly OciLayer[];
  /** Default: none. */
  readonly artifacts?: readonly ArtifactFile[];
}

/** Images of one program for several platforms under one digest. */
export interface OciImageIndex {
  /** Its name within a registry, which is that of its images as well. */
  readonly repository: string;
  /** The index itself: a registry takes it as it takes a manifest. */
  readonly manifest: BlobFile;
  readonly images: readonly OciImage[];
}

/** The digest by which the image, or the index, is known: the manifest's. */
export function imageDigest({ manifest }: OciImage | OciImageIndex): Digest {
  return manifest.digest;
}

/** All blobs that a registry must have before the manifest: layers, then the configuration; an index has none. */
export function imageBlobs(image: OciImage | OciImageIndex): BlobFile[] {
  return 'images' in image ? [] : [...image.layers, image.config];
}

/**
 * Reads an `image.json`; `resolve` turns the runfiles paths in it into files.
 * Throws OCI_FILE_UNREADABLE and OCI_DOCUMENT_INVALID. Reads no blob.
 */
export async function readImage(path: string, resolve: (runfilesPath: string) => string): Promise<OciImage> {
  return parseImage(await readJson(path), path, resolve);
}

/** Reads an `image.json` that may be of an index: as {@link readImage}. */
export async function readImageOrIndex(
  path: string,
  resolve: (runfilesPath: string) => string,
): Promise<OciImage | OciImageIndex> {
  const value = await readJson(path);
  return asObject(value, path)['index'] === undefined
    ? parseImage(value, path, resolve)
    : parseImageIndex(value, path, resolve);
}

/** {@link readImage} of JSON that was read already; `where` names it in errors. */
export function parseImage(value: unknown, where: string, resolve: (runfilesPath: string) => string): OciImage {
  const object = versioned(value, where);
  const blob = (field: unknown, name: string) => parseBlobFile(field, name, resolve);
  const cache = object['remoteCache'];
  const cached = cache === undefined ? {} : { remoteCache: asString(cache, `${where}.remoteCache`) };
  const artifacts = object['artifacts'] ?? [];
  return {
    repository: asString(object['repository'], `${where}.repository`),
    manifest: blob(object['manifest'], `${where}.manifest`),
    config: blob(object['config'], `${where}.config`),
    layers: asArray(object['layers'], `${where}.layers`).map((layer, index): OciLayer => {
      const at = `${where}.layers[${index}]`;
      const { contents } = asObject(layer, at);
      return {
        ...blob(layer, at),
        ...cached,
        ...(contents === undefined ? {} : { contents: resolve(asString(contents, `${at}.contents`)) }),
      };
    }),
    artifacts: asArray(artifacts, `${where}.artifacts`).map((item, index) => {
      const artifact = asObject(item, `${where}.artifacts[${index}]`);
      const text = (field: string) => asString(artifact[field], `${where}.artifacts[${index}].${field}`);
      return { artifactType: text('artifactType'), mediaType: text('mediaType'), path: resolve(text('path')) };
    }),
  };
}

/** The document of an index out of parsed JSON. Throws OCI_DOCUMENT_INVALID. */
export function parseImageIndex(
  value: unknown,
  where: string,
  resolve: (runfilesPath: string) => string,
): OciImageIndex {
  const object = versioned(value, where);
  return {
    repository: asString(object['repository'], `${where}.repository`),
    manifest: parseBlobFile(object['index'], `${where}.index`, resolve),
    images: asArray(object['images'], `${where}.images`).map((image, index) =>
      parseImage(image, `${where}.images[${index}]`, resolve),
    ),
  };
}

function versioned(value: unknown, where: string): JsonObject {
  const object = asObject(value, where);
  if (object['version'] !== 1) throw invalid(`${where}.version`, 'is not 1');
  return object;
}

function parseBlobFile(field: unknown, name: string, resolve: (runfilesPath: string) => string): BlobFile {
  const { path, source } = asObject(field, name);
  return {
    ...parseDescriptor(field, name),
    path: resolve(asString(path, `${name}.path`)),
    ...(source === undefined ? {} : { source: parseBlobSource(source, `${name}.source`) }),
  };
}
