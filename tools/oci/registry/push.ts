// The push of a whole stack: what the registry lacks, in parallel, each distinct blob once.
import { readFile } from 'node:fs/promises';
import type { Digest } from '../../lib/digest.ts';
import { mapLimited } from '../../lib/limit.ts';
import type { Log } from '../../lib/log.ts';
import type { Descriptor } from '../image/model.ts';
import { imageDigest } from '../image/oci_image.ts';
import { blobOfFile, createBlobReader } from './blob_source.ts';
import { bringBlob } from './bring.ts';
import { type Place, headManifest, putManifest } from './exchanges.ts';
import { type CredentialsFor, type RegistryAddress, dockerLogins, openRegistry } from './open.ts';
import { startProgress } from './progress.ts';
import { type BlobNeed, type PushItem, artifactsOf, planBlobs, referencesOf, uniqueItems } from './push_plan.ts';
import { type ArtifactManifest, EMPTY, artifactManifest, attachManifests, listReferrers } from './referrers.ts';

export type { PushItem } from './push_plan.ts';

/** Blobs that were pulled from the registry, by the name that references use, are mounted. */
export interface PushOptions extends RegistryAddress {
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Requests at once. Default: 8. */
  readonly concurrency?: number;
  /** How long failed requests are repeated, in milliseconds. Default: 30 000. */
  readonly retryDeadlineMs?: number;
  /** How long a connection may be silent, in milliseconds. Default: 30 000. */
  readonly idleMs?: number;
  /** Blobs above this go in chunks of this size, in bytes. Default: 64 MiB. */
  readonly chunkBytes?: number;
  /** How often a line says how far it is, in milliseconds. Default: 5000. */
  readonly progressMs?: number;
  /** Who we are at a registry. Default: what Docker's configuration says. */
  readonly credentials?: CredentialsFor;
  /** Called for each image that is in the registry, before its tags are written; true: it was signed. Default: nothing. */
  readonly sign?: (place: Place, image: Descriptor) => Promise<boolean>;
}

export interface PushReport {
  /** Requests sent, by method. */
  readonly requests: Readonly<Record<string, number>>;
  readonly uploadedBytes: number;
  readonly uploadedBlobs: number;
  readonly mountedBlobs: number;
  /** Artifacts that were attached. */
  readonly attached: number;
  /** Images that were signed. */
  readonly signed: number;
  /** In the order of the items. */
  readonly results: readonly { readonly repository: string; readonly digest: Digest }[];
}

/** An item and what the registry lacks of it. */
interface Shipment {
  readonly item: PushItem;
  readonly place: Place;
  /** Whether the registry has the image under any of its references. */
  readonly isComplete: boolean;
  /** Tags, or the digest, under which it is to be written. */
  readonly missing: readonly string[];
  readonly artifacts: readonly ArtifactManifest[];
}

const DEFAULT_CHUNK_BYTES = 64 * 1024 * 1024;

/**
 * Pushes images and their artifacts. Where the registry has an image's manifest (and each tag names it), nothing else
 * is asked for it but what refers to it, if anything should. A manifest is written after all its blobs, an index after
 * all its images, and a tag after the image's artifacts, so no tag ever names an incomplete image.
 * Throws OCI_* errors; what was uploaded before a failure is not uploaded again by the next push, but for small documents,
 * which are sent unasked.
 */
export async function pushImages(items: readonly PushItem[], options: PushOptions): Promise<PushReport> {
  const { log, signal, endpoint, concurrency = 8 } = options;
  const { registry = endpoint, credentials = dockerLogins(signal) } = options;
  const distinct = uniqueItems(items);
  const transport = openRegistry(options, { ...options, maxConnections: concurrency, credentials });
  const reader = createBlobReader({ signal, credentials });
  const totals = { uploadedBytes: 0, uploadedBlobs: 0, mountedBlobs: 0 };
  using progress = startProgress({ log, what: `pushing to ${endpoint}`, everyMs: options.progressMs ?? 5000 });
  try {
    const wanted = distinct.flatMap((item) => referencesOf(item).map((reference) => ({ item, reference })));
    const present = await mapLimited(wanted, concurrency, ({ item, reference }) =>
      headManifest({ transport, repository: item.repository }, reference),
    );
    const shipments = await mapLimited(distinct, concurrency, async (item): Promise<Shipment> => {
      const digest = imageDigest(item.image);
      const mine = wanted.flatMap(({ item: owner, reference }, index) =>
        owner === item ? [{ reference, found: present[index] }] : [],
      );
      const isComplete = mine.some(({ found }) => found === digest);
      const missing = mine.filter(({ found }) => found !== digest).map(({ reference }) => reference);
      const place = { transport, repository: item.repository };
      return { item, place, isComplete, missing, artifacts: await lackingArtifacts(item, place, isComplete) };
    });
    const needs = shipments.flatMap(needsOf);
    const complete = shipments.filter(({ isComplete }) => isComplete).map(({ item }) => item);
    const { retryDeadlineMs = 30_000, chunkBytes = DEFAULT_CHUNK_BYTES } = options;
    const limits = { signal, retryDeadlineMs, chunkBytes, concurrency };
    const context = { transport, registry, reader, progress, totals, mounts: { areRefused: false }, ...limits };
    await mapLimited(planBlobs(needs, complete), concurrency, (blob) => bringBlob(blob, context));
    const signed: boolean[] = [];
    // A registry refuses an index whose images it does not have.
    for (const isIndex of [false, true]) {
      const next = shipments.filter(({ item }) => 'images' in item.image === isIndex);
      signed.push(...(await mapLimited(next, concurrency, (shipment) => writeManifests(shipment, options.sign))));
    }
    if (totals.uploadedBlobs > 0) log.info(`pushed ${progress.summary()} to ${endpoint}`);
    const attached = shipments.reduce((sum, { artifacts }) => sum + artifacts.length, 0);
    const results = items.map(({ image, repository }) => ({ repository, digest: imageDigest(image) }));
    return { requests: transport.counts, ...totals, attached, signed: signed.filter(Boolean).length, results };
  } finally {
    reader.close();
    transport.close();
  }
}

/** The configuration of an image that is not there is new, and so is what refers to it. */
function needsOf({ item: { image, repository }, isComplete, artifacts }: Shipment): BlobNeed[] {
  const documents = artifacts.flatMap(({ blobs }) => blobs);
  const lacking = isComplete || 'images' in image ? undefined : image;
  return [
    { repository, blobs: [...(lacking?.layers ?? []), ...documents.filter((blob) => blob === EMPTY)] },
    {
      repository,
      blobs: [...(lacking === undefined ? [] : [lacking.config]), ...documents.filter((blob) => blob !== EMPTY)],
      areNew: true,
    },
  ];
}

/** The artifacts of an item that do not refer to its image yet. */
async function lackingArtifacts(item: PushItem, place: Place, isComplete: boolean): Promise<ArtifactManifest[]> {
  const { image } = item;
  const files = artifactsOf(item);
  if (files.length === 0) return [];
  const manifests = await Promise.all(
    files.map(async ({ artifactType, mediaType, path }) =>
      artifactManifest(image.manifest, { artifactType, blob: await blobOfFile(mediaType, path) }),
    ),
  );
  const known = isComplete ? await listReferrers(place, imageDigest(image)) : [];
  const distinct = new Map(manifests.map((manifest) => [manifest.referrer.digest, manifest]));
  for (const { digest } of known) distinct.delete(digest);
  return [...distinct.values()];
}

/** Writes an image's manifest, what refers to it, its signature, and then its tags. True: it was signed. */
async function writeManifests(shipment: Shipment, sign: PushOptions['sign']): Promise<boolean> {
  const { item, place, isComplete, missing, artifacts } = shipment;
  const { manifest } = item.image;
  const { mediaType, digest } = manifest;
  const bytes = missing.length === 0 ? Buffer.alloc(0) : await readFile(manifest.path);
  const write = (reference: string) => putManifest(place, { mediaType, bytes }, reference);
  // What refers to an image comes after it, and a tag after both.
  const isFirst = !isComplete && (artifacts.length > 0 || sign !== undefined);
  if (isFirst) await write(digest);
  if (artifacts.length > 0) await attachManifests(place, digest, artifacts);
  const isSigned = (await sign?.(place, manifest)) ?? false;
  for (const reference of missing) if (!isFirst || reference !== digest) await write(reference);
  return isSigned;
}
