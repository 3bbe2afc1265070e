// Images from one registry to another, by digest: with all that they are made of, and all that refers to them.
import type { Digest } from '../../lib/digest.ts';
import { ToolError } from '../../lib/errors.ts';
import { mapLimited } from '../../lib/limit.ts';
import type { Log } from '../../lib/log.ts';
import { type Descriptor, type JsonObject, asArray, asObject, invalid, parseDescriptor } from '../image/model.ts';
import { type PushBlob, createBlobReader } from './blob_source.ts';
import { type BringContext, bringBlob } from './bring.ts';
import { type Place, headBlob, nameOf, putManifest } from './exchanges.ts';
import { type FetchedManifest, getManifest } from './fetch.ts';
import { type CredentialsFor, type RegistryAddress, credentialsOf, dockerLogins, openRegistry } from './open.ts';
import { startProgress } from './progress.ts';
import { attachManifests, listReferrers } from './referrers.ts';

/** An image, or an index, in a registry. */
export interface ImagePlace {
  readonly repository: string;
  readonly digest: Digest;
}

export interface CopyOptions {
  readonly from: RegistryAddress;
  readonly to: RegistryAddress;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Requests at once. Default: 8. */
  readonly concurrency?: number;
  /** How long failed requests are repeated, in milliseconds. Default: 30 000. */
  readonly retryDeadlineMs?: number;
  /** Blobs above this go in chunks of this size, in bytes. Default: 64 MiB. */
  readonly chunkBytes?: number;
  /** Who we are at a registry. Default: what Docker's configuration says. */
  readonly credentials?: CredentialsFor;
}

export interface CopyReport {
  /** Manifests that were written, those of artifacts and signatures included. */
  readonly manifests: number;
  readonly uploadedBlobs: number;
  readonly uploadedBytes: number;
}

/** What cosign and others keep under a tag beside an image: signatures, attestations, bills of materials. */
const TAG_SUFFIXES = ['sig', 'att', 'sbom'];

const DEFAULT_CHUNK_BYTES = 64 * 1024 * 1024;

/**
 * Copies what the target lacks: the images of an index before the index, blobs before manifests, and then what refers
 * to each (bills of materials, provenance, signatures, and what refers to those). The digests stay.
 * Throws OCI_NOT_FOUND where neither registry has an image, and what transports throw.
 */
export async function copyImages(images: readonly ImagePlace[], options: CopyOptions): Promise<CopyReport> {
  const { from, to, log, signal, concurrency = 8, retryDeadlineMs = 30_000 } = options;
  const { credentials = dockerLogins(signal), chunkBytes = DEFAULT_CHUNK_BYTES } = options;
  const shared = { signal, retryDeadlineMs, maxConnections: concurrency, credentials };
  const source = openRegistry(from, shared);
  const target = openRegistry(to, shared);
  const reader = createBlobReader({ signal, credentials: () => credentialsOf(from, credentials) });
  const totals = { uploadedBytes: 0, uploadedBlobs: 0, mountedBlobs: 0 };
  using progress = startProgress({ log, what: `copying to ${to.endpoint}` });
  const registry = to.registry ?? to.endpoint;
  const limits = { signal, retryDeadlineMs, chunkBytes, concurrency };
  const context = { transport: target, registry, reader, progress, totals, mounts: { areRefused: false }, ...limits };
  let manifests = 0;
  try {
    for (const { repository, digest } of images) {
      const work: Work = {
        from: { transport: source, repository },
        to: { transport: target, repository },
        source: { registry: from.endpoint, repository, plainHttp: from.plainHttp },
        context,
        seen: new Set(),
        written: () => (manifests += 1),
      };
      await copyManifest(digest, work);
    }
    if (totals.uploadedBlobs > 0) log.info(`copied ${progress.summary()} from ${from.endpoint} to ${to.endpoint}`);
    return { manifests, uploadedBlobs: totals.uploadedBlobs, uploadedBytes: totals.uploadedBytes };
  } finally {
    reader.close();
    source.close();
    target.close();
  }
}

/** What of an image a registry lacks, for people; empty: it has all of it. */
export async function missingParts(place: Place, digest: Digest): Promise<string[]> {
  const manifest = await getManifest(place, digest);
  if (manifest === undefined) return [`manifest ${digest}`];
  const { children, blobs } = partsOf(manifest, place.repository);
  const [ofChildren, ofBlobs] = await Promise.all([
    Promise.all(children.map((child) => missingParts(place, child.digest))),
    mapLimited(blobs, 8, async (blob) => ((await headBlob(place, blob.digest)) ? [] : [`blob ${blob.digest}`])),
  ]);
  return [...new Set([...ofChildren.flat(), ...ofBlobs.flat()])];
}

interface Work {
  readonly from: Place;
  readonly to: Place;
  readonly source: { readonly registry: string; readonly repository: string; readonly plainHttp: boolean };
  readonly context: BringContext;
  /** Digests that were looked at: an artifact may refer to what refers to it. */
  readonly seen: Set<Digest>;
  readonly written: () => void;
}

async function copyManifest(digest: Digest, work: Work): Promise<void> {
  if (work.seen.has(digest)) return;
  work.seen.add(digest);
  const { from, to } = work;
  const there = await getManifest(to, digest);
  const manifest = there ?? (await getManifest(from, digest));
  if (manifest === undefined) {
    throw new ToolError(
      'OCI_NOT_FOUND',
      `Copying ${nameOf(from.repository, digest)}: ${from.transport.endpoint} has no such image`,
      { hint: 'Push the image again; whoever may not read an image is told the same.' },
    );
  }
  const { children } = partsOf(manifest, from.repository);
  for (const child of children) await copyManifest(child.digest, work);
  if (there === undefined) await write(manifest, digest, work);
  await copyReferrers(digest, work);
  for (const suffix of TAG_SUFFIXES) await copyTag(`${digest.replace(':', '-')}.${suffix}`, work);
}

async function copyReferrers(subject: Digest, work: Work): Promise<void> {
  const { from, to, seen } = work;
  const [wanted, known] = await Promise.all([listReferrers(from, subject), listReferrers(to, subject)]);
  for (const referrer of wanted) {
    if (seen.has(referrer.digest)) continue;
    seen.add(referrer.digest);
    if (!known.some(({ digest }) => digest === referrer.digest)) {
      const manifest = await getManifest(from, referrer.digest);
      // One that is listed and not there refers to nothing any more.
      if (manifest === undefined) continue;
      await bringParts(manifest, work);
      const mediaType = manifest.mediaType === '' ? referrer.mediaType : manifest.mediaType;
      await attachManifests(to, subject, [{ referrer: { ...referrer, mediaType }, bytes: manifest.bytes, blobs: [] }]);
      work.written();
    }
    await copyReferrers(referrer.digest, work);
  }
}

/** A manifest under a tag, in place of an older one. */
async function copyTag(tag: string, work: Work): Promise<void> {
  const [wanted, known] = await Promise.all([getManifest(work.from, tag), getManifest(work.to, tag)]);
  if (wanted === undefined || wanted.digest === known?.digest) return;
  await write(wanted, tag, work);
}

async function write(manifest: FetchedManifest, reference: string, work: Work): Promise<void> {
  await bringParts(manifest, work);
  const own = documentOf(manifest, work.from.repository)['mediaType'];
  await putManifest(work.to, { ...manifest, mediaType: manifest.mediaType || String(own ?? '') }, reference);
  work.written();
}

async function bringParts(manifest: FetchedManifest, { from, source, context }: Work): Promise<void> {
  const { blobs } = partsOf(manifest, from.repository);
  const distinct = new Map(blobs.map((blob) => [blob.digest, blob]));
  await mapLimited([...distinct.values()], context.concurrency, ({ mediaType, digest, size }) => {
    // Read from where it is: there is no file.
    const blob: PushBlob = { mediaType, digest, size, path: '', source };
    return bringBlob({ blob, repositories: [from.repository], source: undefined, isNew: false }, context);
  });
}

/** What must be there before a manifest: the images of an index, or configuration and layers. */
function partsOf(
  manifest: FetchedManifest,
  repository: string,
): { readonly children: readonly Descriptor[]; readonly blobs: readonly Descriptor[] } {
  const where = nameOf(repository, manifest.digest);
  const document = documentOf(manifest, repository);
  const list = (field: string) =>
    asArray(document[field], `${where}.${field}`).map((one, index) =>
      parseDescriptor(one, `${where}.${field}[${index}]`),
    );
  if (document['manifests'] !== undefined) return { children: list('manifests'), blobs: [] };
  return { children: [], blobs: [parseDescriptor(document['config'], `${where}.config`), ...list('layers')] };
}

function documentOf({ bytes, digest }: FetchedManifest, repository: string): JsonObject {
  const where = nameOf(repository, digest);
  try {
    return asObject(JSON.parse(bytes.toString('utf8')), where);
  } catch (error) {
    if (error instanceof ToolError) throw error;
    throw invalid(where, 'is not JSON');
  }
}
