// Documents about an image, kept beside it: SBOMs, provenance, signatures.
// Specification: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers
import { type Digest, digestOf } from '../../lib/digest.ts';
import { ToolError } from '../../lib/errors.ts';
import { mapLimited } from '../../lib/limit.ts';
import { MEDIA_TYPE } from '../image/media_types.ts';
import { type Descriptor, asArray, asObject, invalid, parseDescriptor } from '../image/model.ts';
import { type BlobBytes, type PushBlob, blobOfBytes } from './blob_source.ts';
import { type Place, pullScopes, putManifest } from './exchanges.ts';
import { getBlob, getManifest } from './fetch.ts';
import type { RegistryResponse } from './transport.ts';

/** A document that refers to an image. */
export interface Artifact {
  readonly artifactType: string;
  readonly blob: PushBlob;
  /** Of the manifest; listed with it. Default: none. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An entry in the list of what refers to an image. */
export interface Referrer extends Descriptor {
  readonly artifactType: string;
}

/** The manifest by which an artifact refers to its subject, and what must be there before it. */
export interface ArtifactManifest {
  readonly referrer: Referrer;
  readonly bytes: Buffer;
  readonly blobs: readonly PushBlob[];
}

/** The configuration of what has none (image-spec, manifest.md, "Guidance for an Empty Descriptor"). */
export const EMPTY: BlobBytes = blobOfBytes('application/vnd.oci.empty.v1+json', Buffer.from('{}'));

/** Pages of a list of referrers that are read at most. */
const MAX_PAGES = 100;

/** Manifests that are read at once. */
const MAX_READS = 8;

/** Tries to put an entry into a list that others write as well. */
const MAX_UPDATES = 5;

/** Makes an artifact's manifest; the same input makes the same bytes. */
export function artifactManifest(subject: Descriptor, { artifactType, blob, annotations }: Artifact): ArtifactManifest {
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA_TYPE.manifest,
      artifactType,
      config: descriptorOf(EMPTY),
      layers: [descriptorOf(blob)],
      subject: descriptorOf(subject),
      ...(annotations === undefined ? {} : { annotations }),
    }),
  );
  const referrer: Referrer = {
    mediaType: MEDIA_TYPE.manifest,
    digest: digestOf(bytes),
    size: bytes.length,
    ...(annotations === undefined ? {} : { annotations }),
    artifactType,
  };
  return { referrer, bytes, blobs: [EMPTY, blob] };
}

/**
 * What refers to an image. `artifactType`: only what is of this type; the registry is not asked to choose, as some
 * take the configuration's type for it. Throws OCI_DOCUMENT_INVALID.
 */
export async function listReferrers(place: Place, subject: Digest, artifactType?: string): Promise<Referrer[]> {
  const listed = (await askReferrers(place, subject)) ?? (await readFallback(place, subject));
  const all = await mapLimited(listed, MAX_READS, (referrer) => typed(place, referrer));
  return artifactType === undefined ? all : all.filter((referrer) => referrer.artifactType === artifactType);
}

/** A referrer with the type that its manifest says, where the list has none or that of the empty configuration. */
async function typed(place: Place, referrer: Referrer): Promise<Referrer> {
  if (referrer.artifactType !== '' && referrer.artifactType !== EMPTY.mediaType) return referrer;
  const manifest = await getManifest(place, referrer.digest);
  const artifactType = manifest === undefined ? '' : parseJson(manifest.bytes, referrer.digest)['artifactType'];
  return { ...referrer, artifactType: typeof artifactType === 'string' ? artifactType : '' };
}

/** Writes manifests whose blobs are there, and has them listed: by the registry, or under the fallback tag. */
export async function attachManifests(
  place: Place,
  subject: Digest,
  manifests: readonly ArtifactManifest[],
): Promise<void> {
  const unlisted: Referrer[] = [];
  for (const { referrer, bytes } of manifests) {
    const isListed = await putManifest(place, { mediaType: referrer.mediaType, bytes }, referrer.digest);
    if (!isListed) unlisted.push(referrer);
  }
  if (unlisted.length === 0) return;
  // Within this process one after another; what other processes do is seen by reading again.
  const key = `${place.transport.endpoint}/${place.repository}@${subject}`;
  const update = (updates.get(key) ?? Promise.resolve())
    .catch(() => undefined)
    .then(() => updateFallback(place, subject, unlisted));
  updates.set(key, update);
  await update.finally(() => updates.get(key) === update && updates.delete(key));
}

/** The last update of each list that is under way. */
const updates = new Map<string, Promise<void>>();

/** An artifact's documents, checked. Throws OCI_NOT_FOUND, OCI_DIGEST_MISMATCH, OCI_DOCUMENT_INVALID. */
export async function fetchArtifact(
  place: Place,
  referrer: Descriptor,
): Promise<readonly { readonly blob: Descriptor; readonly bytes: Buffer }[]> {
  const where = `${place.repository}@${referrer.digest}`;
  const manifest = await getManifest(place, referrer.digest);
  if (manifest === undefined) {
    throw new ToolError('OCI_NOT_FOUND', `Reading ${where}: the registry lists it, and does not have it`, {
      hint: 'Push the image again: what is missing is attached anew.',
    });
  }
  const layers = asArray(parseJson(manifest.bytes, where)['layers'], `${where}.layers`);
  return Promise.all(
    layers.map(async (layer, index) => {
      const blob = parseDescriptor(layer, `${where}.layers[${index}]`);
      return { blob, bytes: await getBlob(place, blob) };
    }),
  );
}

/** The list by the registry's own interface; undefined: it has none. */
async function askReferrers(place: Place, subject: Digest): Promise<Referrer[] | undefined> {
  const { transport, repository } = place;
  const found: Referrer[] = [];
  let url: string | URL | undefined = `/v2/${repository}/referrers/${subject}`;
  for (let page = 0; url !== undefined; page++) {
    if (page === MAX_PAGES) throw invalid(`referrers of ${subject}`, `has more than ${MAX_PAGES} pages`);
    const doing: string = `Asking ${transport.endpoint}/${repository} what refers to ${subject}`;
    const response = await transport.send({
      doing,
      method: 'GET',
      url,
      headers: { accept: MEDIA_TYPE.index },
      scopes: pullScopes(repository),
      allowed: [200, 404],
    });
    // A registry without the interface may take the path for something else, and answer that with a page.
    const type = String(response.headers['content-type'] ?? '').split(';')[0];
    if (response.status === 404 || type !== MEDIA_TYPE.index) return undefined;
    found.push(...parseIndex(response.body, doing));
    url = nextPage(response);
  }
  return found;
}

/** The path of a `Link: <…>; rel="next"`; another host's is not followed. */
function nextPage(response: RegistryResponse): string | undefined {
  const { link } = response.headers;
  const target = /<([^>]+)>\s*;[^,]*\brel="?next\b/.exec(typeof link === 'string' ? link : '')?.[1];
  const url = target === undefined ? null : URL.parse(target, 'http://registry');
  return url === null ? undefined : `${url.pathname}${url.search}`;
}

/** `sha256:…` → `sha256-…`, the tag of registries without the interface. */
export function fallbackTag(subject: Digest): string {
  return subject.replace(':', '-');
}

async function readFallback(place: Place, subject: Digest): Promise<Referrer[]> {
  const tag = fallbackTag(subject);
  const index = await getManifest(place, tag);
  return index === undefined ? [] : parseIndex(index.bytes, `${place.repository}:${tag}`);
}

/**
 * Adds entries to the list under the fallback tag. Two writers at once may lose an entry, as the specification says;
 * so it is read again, and written again where ours is gone.
 */
async function updateFallback(place: Place, subject: Digest, added: readonly Referrer[]): Promise<void> {
  for (let attempt = 0; attempt < MAX_UPDATES; attempt++) {
    const known = await readFallback(place, subject);
    const missing = added.filter(({ digest }) => !known.some((other) => other.digest === digest));
    if (missing.length === 0) return;
    const manifests = [...known, ...missing];
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests }));
    await putManifest(place, { mediaType: MEDIA_TYPE.index, bytes }, fallbackTag(subject));
  }
  const known = await readFallback(place, subject);
  if (added.every(({ digest }) => known.some((other) => other.digest === digest))) return;
  throw new ToolError('OCI_REFERRERS_LOST', `Listing what refers to ${subject}: others overwrite the list`, {
    hint: 'Run it again when nobody else pushes this image.',
  });
}

function parseIndex(bytes: Buffer, where: string): Referrer[] {
  return asArray(parseJson(bytes, where)['manifests'], `${where}.manifests`).map((entry, index) => {
    const object = asObject(entry, `${where}.manifests[${index}]`);
    const { artifactType, annotations } = object;
    return {
      ...parseDescriptor(entry, `${where}.manifests[${index}]`),
      ...(typeof annotations === 'object' && annotations !== null
        ? { annotations: annotations as Readonly<Record<string, string>> }
        : {}),
      artifactType: typeof artifactType === 'string' ? artifactType : '',
    };
  });
}

function parseJson(bytes: Buffer, where: string) {
  try {
    return asObject(JSON.parse(bytes.toString('utf8')), where);
  } catch (error) {
    if (error instanceof ToolError) throw error;
    throw invalid(where, 'is not JSON');
  }
}

function descriptorOf({ mediaType, digest, size }: Descriptor) {
  return { mediaType, digest, size };
}
