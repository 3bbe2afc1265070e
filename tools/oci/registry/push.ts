// The push of a whole stack: what the registry lacks, in parallel, each distinct blob once.
import type { Digest } from '../../lib/digest.ts';
import { ToolError } from '../../lib/errors.ts';
import { mapLimited } from '../../lib/limit.ts';
import { type Log, formatBytes } from '../../lib/log.ts';
import { retry } from '../../lib/retry.ts';
import { type BlobFile, type OciImage, imageBlobs, imageDigest } from '../image/oci_image.ts';
import { retryReason } from './errors.ts';
import { type Place, headBlob, headManifest, initiateUpload, mountBlob, putManifest, streamBlob } from './exchanges.ts';
import { checkRepository, checkTag } from './reference.ts';
import { type Transport, createTransport } from './transport.ts';

/** One image and where it goes. */
export interface PushItem {
  readonly image: OciImage;
  /** In the registry: `services/routeguide/server`. */
  readonly repository: string;
  /** Default: none; the image is reached by its digest. */
  readonly tags?: readonly string[];
}

export interface PushOptions {
  /** `host:port` of the registry as this machine reaches it. */
  readonly endpoint: string;
  readonly plainHttp: boolean;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Requests at once. Default: 8. */
  readonly concurrency?: number;
  /** How long failed requests are repeated, in milliseconds. Default: 30 000. */
  readonly retryDeadlineMs?: number;
}

export interface PushReport {
  /** Requests sent, by method. */
  readonly requests: Readonly<Record<string, number>>;
  readonly uploadedBytes: number;
  readonly uploadedBlobs: number;
  readonly mountedBlobs: number;
  /** In the order of the items. */
  readonly results: readonly { readonly repository: string; readonly digest: Digest }[];
}

/**
 * Pushes images. Where the registry has an image's manifest (and each tag names it), nothing else is asked for it; a
 * manifest is written after all its blobs, so no tag ever names an incomplete image.
 * Throws OCI_* errors; what was uploaded before a failure is not uploaded again by the next push.
 */
export async function pushImages(items: readonly PushItem[], options: PushOptions): Promise<PushReport> {
  const { log, concurrency = 8 } = options;
  const distinct = uniqueItems(items);
  const transport = createTransport({ ...options, maxConnections: concurrency });
  const progress = { uploadedBytes: 0, uploadedBlobs: 0, mountedBlobs: 0 };
  try {
    const wanted = distinct.flatMap((item) => referencesOf(item).map((reference) => ({ item, reference })));
    const present = await mapLimited(wanted, concurrency, ({ item, reference }) =>
      headManifest(placeOf(transport, item), reference),
    );
    const missing = wanted.filter(({ item }, index) => present[index] !== imageDigest(item.image));
    const incomplete = [...new Set(missing.map(({ item }) => item))].filter(
      (item) => !wanted.some((other, index) => other.item === item && present[index] === imageDigest(item.image)),
    );
    const complete = distinct.filter((item) => !incomplete.includes(item));
    const blobs = blobPlan(incomplete, complete);
    await mapLimited(blobs, concurrency, (blob) => bring(blob, { transport, options, progress }));
    await mapLimited(missing, concurrency, ({ item, reference }) =>
      putManifest(placeOf(transport, item), item.image.manifest, reference),
    );
    if (progress.uploadedBlobs > 0) {
      log.info(
        `pushed ${progress.uploadedBlobs} blobs, ${formatBytes(progress.uploadedBytes)}, to ${options.endpoint}`,
      );
    }
    const results = items.map(({ image, repository }) => ({ repository, digest: imageDigest(image) }));
    return { requests: transport.counts, ...progress, results };
  } finally {
    transport.close();
  }
}

/** A blob, the repositories that need it, and one that has it for sure. */
interface BlobPlan {
  readonly blob: BlobFile;
  readonly repositories: readonly string[];
  readonly source: string | undefined;
}

interface Work {
  readonly transport: Transport;
  readonly options: PushOptions;
  readonly progress: { uploadedBytes: number; uploadedBlobs: number; mountedBlobs: number };
}

function blobPlan(incomplete: readonly PushItem[], complete: readonly PushItem[]): BlobPlan[] {
  const sources = new Map<Digest, string>();
  for (const { image, repository } of complete)
    for (const { digest } of imageBlobs(image)) sources.set(digest, repository);
  const plans = new Map<Digest, { blob: BlobFile; repositories: Set<string> }>();
  for (const { image, repository } of incomplete) {
    for (const blob of imageBlobs(image)) {
      const plan = plans.get(blob.digest) ?? { blob, repositories: new Set() };
      plan.repositories.add(repository);
      plans.set(blob.digest, plan);
    }
  }
  // The largest first: the last upload to end is then not the longest.
  return [...plans.values()]
    .sort((a, b) => b.blob.size - a.blob.size)
    .map(({ blob, repositories }) => ({ blob, repositories: [...repositories], source: sources.get(blob.digest) }));
}

/** Brings one blob to every repository that needs it: present, mounted from another repository, or uploaded once. */
async function bring({ blob, repositories, source }: BlobPlan, work: Work): Promise<void> {
  const places = repositories.map((repository) => ({ transport: work.transport, repository }));
  const has = await Promise.all(
    places.map(({ repository }) =>
      repository === source ? true : headBlob({ transport: work.transport, repository }, blob.digest),
    ),
  );
  let from = source ?? places.find((_, index) => has[index] === true)?.repository;
  for (const [index, place] of places.entries()) {
    if (has[index] === true) continue;
    if (from !== undefined && (await mountBlob(place, blob.digest, from))) {
      work.progress.mountedBlobs += 1;
    } else {
      await upload(place, blob, work);
    }
    from ??= place.repository;
  }
}

/** Uploads a blob; every try opens an upload of its own, as a broken one may have kept some of the bytes. */
async function upload(place: Place, blob: BlobFile, { options, progress }: Work): Promise<void> {
  await retry(
    async () => {
      let sent = 0;
      await streamBlob(place, await initiateUpload(place), blob, (bytes) => (sent += bytes));
      progress.uploadedBytes += sent;
      progress.uploadedBlobs += 1;
    },
    { signal: options.signal, reason: retryReason, deadlineMs: options.retryDeadlineMs ?? 30_000 },
  );
}

function placeOf(transport: Transport, item: PushItem): Place {
  return { transport, repository: item.repository };
}

/** Under what a manifest must be found: its tags, else its digest. */
function referencesOf({ image, tags = [] }: PushItem): readonly string[] {
  return tags.length === 0 ? [imageDigest(image)] : tags;
}

function uniqueItems(items: readonly PushItem[]): PushItem[] {
  const unique = new Map<string, PushItem>();
  const owners = new Map<string, Digest>();
  for (const item of items) {
    checkRepository(item.repository);
    const digest = imageDigest(item.image);
    for (const tag of item.tags ?? []) {
      const name = `${item.repository}:${checkTag(tag)}`;
      const other = owners.get(name) ?? digest;
      if (other !== digest) {
        throw new ToolError('OCI_TAG_CONFLICT', `Pushing ${name}: two images want this tag`, {
          hint: 'Give one of them another repository or tag.',
        });
      }
      owners.set(name, digest);
    }
    unique.set(`${item.repository}@${digest} ${(item.tags ?? []).join(' ')}`, item);
  }
  return [...unique.values()];
}
