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
  readonly signal: AbortSignal;
  readonly retryDeadlineMs: number;
  readonly chunkBytes: number;
  readonly concurrency: number;
}

/** Brings a blob to its repositories. Throws what the transport throws. */
export async function bringBlob({ blob, repositories, source }: BlobPlan, context: BringContext): Promise<void> {
  const { transport } = context;
  const places = repositories.map((repository): Place => ({ transport, repository }));
  const has = await mapLimited(places, context.concurrency, async (place) =>
    place.repository === source ? true : headBlob(place, blob.digest),
  );
  const lacking = places.filter((_, index) => has[index] !== true);
  let from = source ?? places.find((_, index) => has[index] === true)?.repository ?? pulledFrom(blob, context.registry);
  if (from === undefined) {
    const first = lacking.shift();
    if (first === undefined) return;
    await upload(first, blob, context);
    from = first.repository;
  }
  const origin = from;
  await mapLimited(lacking, context.concurrency, async (place) => {
    const mounted = await mountBlob(place, blob.digest, origin);
    if (mounted === 'mounted') context.totals.mountedBlobs += 1;
    else await upload(place, blob, context, mounted);
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
