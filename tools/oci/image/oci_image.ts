// A built image as the programs that ship it see it: `image.json` and the blobs it names.
import type { Digest } from '../../lib/digest.ts';
import { type BlobSource, type Descriptor, asArray, asObject, asString, invalid } from './model.ts';
import { parseBlobSource, parseDescriptor } from './model.ts';
import { readJson } from './read_json.ts';

/** A blob and the file that holds it. */
export interface BlobFile extends Descriptor {
  /** Absolute path. */
  readonly path: string;
  /** Where the blob can be had when the file is not there. Default: nowhere. */
  readonly source?: BlobSource;
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

/** An image whose blobs are all on this machine. */
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

/** The digest by which the image is known: the manifest's. */
export function imageDigest(image: OciImage): Digest {
  return image.manifest.digest;
}

/** All blobs that a registry must have before the manifest: layers, then the configuration. */
export function imageBlobs(image: OciImage): BlobFile[] {
  return [...image.layers, image.config];
}

/**
 * Reads an `image.json`; `resolve` turns the runfiles paths in it into files.
 * Throws OCI_FILE_UNREADABLE and OCI_DOCUMENT_INVALID. Reads no blob.
 */
export async function readImage(path: string, resolve: (runfilesPath: string) => string): Promise<OciImage> {
  return parseImage(await readJson(path), path, resolve);
}

/** {@link readImage} of JSON that was read already; `where` names it in errors. */
export function parseImage(value: unknown, where: string, resolve: (runfilesPath: string) => string): OciImage {
  const object = asObject(value, where);
  if (object['version'] !== 1) throw invalid(`${where}.version`, 'is not 1');
  const blob = (field: unknown, name: string): BlobFile => {
    const { path, source } = asObject(field, name);
    return {
      ...parseDescriptor(field, name),
      path: resolve(asString(path, `${name}.path`)),
      ...(source === undefined ? {} : { source: parseBlobSource(source, `${name}.source`) }),
    };
  };
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
