// What an image in a registry is made of: its documents, and where its blobs are. No blob is read.
import type { Digest } from '../../lib/digest.ts';
import { ToolError } from '../../lib/errors.ts';
import { LAYER_MEDIA_TYPE, MANIFEST_MEDIA_TYPES, MEDIA_TYPE } from '../image/media_types.ts';
import {
  type BlobSource,
  type ImageManifest,
  type LayerDescriptor,
  invalid,
  parseConfig,
  parseManifest,
} from '../image/model.ts';
import type { Place } from '../registry/exchanges.ts';
import { type FetchedManifest, getBlob, getManifest } from '../registry/fetch.ts';
import { choosePlatform } from '../image/platform.ts';

/** An image that is in a registry. */
export interface PulledImage {
  readonly manifest: FetchedManifest;
  readonly config: { readonly mediaType: string; readonly digest: Digest; readonly bytes: Buffer };
  /** The lowest first. */
  readonly layers: readonly LayerDescriptor[];
}

export interface ResolveOptions {
  readonly place: Place;
  /** Of an image or of an index. */
  readonly digest: Digest;
  /** `linux/amd64`: which image of an index. */
  readonly platform: string;
  /** Where layers are said to be. */
  readonly source: BlobSource;
}

/** Docker's types of manifests and indexes; what is in them has the form of OCI's. */
const DOCKER_INDEX = 'application/vnd.docker.distribution.manifest.list.v2+json';
const DOCKER_LAYER = 'application/vnd.docker.image.rootfs.diff.tar';

/**
 * Reads manifest and configuration, each checked against its digest. Throws OCI_NOT_FOUND, OCI_PLATFORM_MISSING,
 * OCI_DOCUMENT_INVALID, OCI_DIGEST_MISMATCH.
 */
export async function resolveImage(options: ResolveOptions): Promise<PulledImage> {
  const { place, platform, source } = options;
  const name = `${source.registry}/${source.repository}`;
  let manifest = await readManifest(place, options.digest, name);
  const index = parseJson(manifest, `${name}@${manifest.digest}`);
  if (isIndex(manifest.mediaType, index)) {
    const { digest } = choosePlatform(index, platform, `${name}@${manifest.digest}`);
    manifest = await readManifest(place, digest, name);
  }
  const where = `${name}@${manifest.digest}`;
  const document = parseManifest(parseJson(manifest, where), where, knownType(manifest.mediaType));
  const bytes = await getBlob(place, document.config);
  const config = parseConfig(JSON.parse(bytes.toString('utf8')), `the configuration of ${where}`);
  const found = `${config.os}/${config.architecture}`;
  if (`${platform}/`.startsWith(`${found}/`) === false) {
    throw new ToolError('OCI_PLATFORM_MISSING', `Reading ${where}: it is for ${found}, not for ${platform}`, {
      hint: `Set 'platform' to "${found}", or take the digest of the index.`,
    });
  }
  const { mediaType, digest } = document.config;
  return {
    manifest: { ...manifest, mediaType: document.mediaType },
    config: { mediaType, digest, bytes },
    layers: layersOf(document, config.rootfs.diff_ids, { where, name, source }),
  };
}

function layersOf(
  { layers }: ImageManifest,
  diffIds: readonly Digest[],
  about: { readonly where: string; readonly name: string; readonly source: BlobSource },
): LayerDescriptor[] {
  if (layers.length !== diffIds.length) {
    throw invalid(about.where, `has ${layers.length} layers, its configuration ${diffIds.length}`);
  }
  return layers.map(({ mediaType, digest, size }, index) => ({
    mediaType: ociLayerType(mediaType),
    digest,
    size,
    diffId: diffIds[index] ?? digest,
    createdBy: about.name,
    source: about.source,
  }));
}

/** An image that is built on this one has OCI's types alone: the same bytes by their other name. */
function ociLayerType(mediaType: string): string {
  if (mediaType === DOCKER_LAYER) return LAYER_MEDIA_TYPE.none;
  return mediaType === `${DOCKER_LAYER}.gzip` ? LAYER_MEDIA_TYPE.gzip : mediaType;
}

/** The type that a registry sends a manifest as, where it is one of a manifest; parameters of it mean nothing. */
function knownType(contentType: string): string | undefined {
  const [type = ''] = contentType.split(';');
  return MANIFEST_MEDIA_TYPES.find((known) => known === type.trim().toLowerCase());
}

function isIndex(mediaType: string, document: unknown): boolean {
  const own = typeof document === 'object' && document !== null && 'mediaType' in document ? document.mediaType : '';
  const type = typeof own === 'string' && own !== '' ? own : knownType(mediaType);
  return type === MEDIA_TYPE.index || type === DOCKER_INDEX;
}

async function readManifest(place: Place, digest: Digest, name: string): Promise<FetchedManifest> {
  const manifest = await getManifest(place, digest);
  if (manifest !== undefined) return manifest;
  throw new ToolError('OCI_NOT_FOUND', `Reading ${name}@${digest}: the registry has no such image`, {
    hint: 'Check the name and the digest; whoever may not read an image is told the same.',
  });
}

function parseJson({ bytes }: FetchedManifest, where: string): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw invalid(where, 'is not JSON');
  }
}
