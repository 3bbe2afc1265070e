// Bringing one blob to all repositories that need it: it is there, or is mounted, or is sent once.
import { mapLimited } from '../../lib/limit.ts';
import type { BlobReader, PushBlob } from './blob_source.ts';
import { type Place, type UploadSession, headBlob, mountBlob } from './exchanges.ts';
import type { Progress } from './progress.ts';
import type { BlobPlan } from './push_plan.ts';
import type { Transport } from './transport.ts';
import { uploadBlob } from './upload.ts';

export interface BringContext {
  readonly transport: Transport;
  /** The registry's name, by which blobs say that they come from there. */
  readonly registry: string;
  readonly reader: BlobReader;
  readonly progress: Progress;
  readonly totals: { uploadedBytes: number; uploadedBlobs: number; mountedBlobs: number };
  /** Whether the registry has not mounted what it was asked to: then it is asked for a blob before. */
  readonly mounts: { areRefused: boolean };
  readonly signal: AbortSignal;
  readonly retryDeadlineMs: number;
  readonly chunkBytes: number;
  readonly concurrency: number;
}

/** A new blob that is no larger, in bytes, is sent as soon as it is asked for. */
const NOT_ASKED_BYTES = 65_536;

/** Brings a blob to its repositories. Throws what the transport throws. */
export async function bringBlob(plan: BlobPlan, context: BringContext): Promise<void> {
  const { blob, repositories, source } = plan;
  const { transport, concurrency, mounts, totals } = context;
  const places = repositories.map((repository): Place => ({ transport, repository }));
  const has = new Set(places.filter(({ repository }) => repository === source));
  const ask = (place: Place) => headBlob(place, blob.digest);
  const isUnasked = plan.isNew && blob.size <= NOT_ASKED_BYTES;
  // A mount from where the blob is for sure answers for what is there already as well.
  const isAsked = !isUnasked && (source === undefined || mounts.areRefused);
  if (isAsked) {
    await mapLimited(places, concurrency, async (place) => {
      if (place.repository !== source && (await ask(place))) has.add(place);
    });
  }
  const lacking = places.filter((place) => !has.has(place));
  let from = source ?? places.find((place) => has.has(place))?.repository ?? pulledFrom(blob, context.registry);
  if (from === undefined) {
    const first = lacking.shift();
    if (first === undefined) return;
    await upload(first, blob, context);
    from = first.repository;
  }
  const origin = from;
  await mapLimited(lacking, concurrency, async (place) => {
    const isDoubtful = !isAsked && !isUnasked;
    // Others have been refused since: it is asked after all.
    const isLate = isDoubtful && mounts.areRefused;
    if (isLate && (await ask(place))) return;
    const mounted = await mountBlob(place, blob.digest, origin);
    if (mounted === 'mounted') {
      totals.mountedBlobs += 1;
      return;
    }
    // A repository that a base was pulled from may be nobody's to read: that says nothing of others.
    if (source !== undefined) mounts.areRefused = true;
    // What the mount opened instead ends by itself.
    if (isDoubtful && !isLate && (await ask(place))) return;
    await upload(place, blob, context, mounted);
  });
}

/** The repository of this very registry that a pulled blob is of. */
function pulledFrom(blob: PushBlob, registry: string): string | undefined {
  const source = 'source' in blob ? blob.source : undefined;
  return source?.registry === registry ? source.repository : undefined;
}

async function upload(place: Place, blob: PushBlob, context: BringContext, session?: UploadSession): Promise<void> {
  const { reader, totals, signal, retryDeadlineMs, chunkBytes } = context;
  const transfer = context.progress.begin(blob.size);
  await uploadBlob(place, blob, {
    signal,
    retryDeadlineMs,
    chunkBytes,
    session,
    read: (offset, size) => reader.read(blob, offset, size),
    onPosition: transfer.moveTo,
  });
  transfer.end();
  totals.uploadedBytes += blob.size;
  totals.uploadedBlobs += 1;
}
