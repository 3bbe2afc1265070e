// The upload of one blob: in one piece where it is small, else in chunks that are continued where they broke off.
import { setTimeout as sleepFor } from 'node:timers/promises';
import { ToolError, systemErrorCode } from '../../lib/errors.ts';
import { retry } from '../../lib/retry.ts';
import type { Descriptor } from '../image/model.ts';
import { isAnswer, retryReason } from './errors.ts';
import { type BlobRange, type Place, type UploadSession } from './exchanges.ts';
import { askUpload, completeUpload, headBlob, initiateUpload, sendChunk } from './exchanges.ts';

export interface UploadOptions {
  readonly signal: AbortSignal;
  /** How long is waited between tries in all, in milliseconds; sending itself takes as long as it takes. */
  readonly retryDeadlineMs: number;
  /** Blobs above this go in chunks of this size, in bytes. */
  readonly chunkBytes: number;
  /** `size` of the blob's bytes, from an offset on. */
  readonly read: (offset: number, size: number) => AsyncIterable<Buffer>;
  /** Called with the number of bytes of the blob that were sent; smaller again after a fault. Default: nothing. */
  readonly onPosition?: (bytes: number) => void;
  /** An upload that is open already. Default: one is opened. */
  readonly session?: UploadSession | undefined;
}

/** Tries of one upload, and of one chunk. */
const MAX_ATTEMPTS = 6;

/** How often a blob is looked for whose upload was closed without an answer in time. */
const LOOK_MS = 1000;

/** Answers to an upload's URL that mean that the registry has lost or closed it: a new one may do. */
const UPLOAD_LOST: readonly string[] = ['BLOB_UPLOAD_UNKNOWN', 'BLOB_UPLOAD_INVALID'];

/**
 * Uploads a blob. After a fault, a chunked upload goes on from what the registry says that it has; where the registry
 * can't say, and for blobs in one piece, it starts anew, unless the blob has arrived without an answer. A registry that
 * refuses chunks gets one piece.
 * Throws what {@link Place}'s transport throws.
 */
export async function uploadBlob(place: Place, blob: Descriptor, options: UploadOptions): Promise<void> {
  let inChunks = blob.size > options.chunkBytes;
  let { session } = options;
  const patience = waitLimit(options.retryDeadlineMs);
  // Why it is not known whether the last upload was closed.
  let doubt: unknown;
  const complete = async (current: UploadSession, range: BlobRange) => {
    try {
      await completeUpload(place, current, range);
    } catch (error) {
      doubt = retryReason(error) === undefined ? undefined : error;
      throw error;
    }
  };
  await retry(
    async () => {
      if (doubt !== undefined && (await hasArrived(place, blob, { ...options, doubt }))) return;
      doubt = undefined;
      // A session that a try has used is never used by another one.
      const current = session ?? (await initiateUpload(place));
      session = undefined;
      options.onPosition?.(0);
      if (!inChunks) return complete(current, rangeOf(blob, 0, blob.size, options));
      try {
        await uploadChunks(place, blob, current, { ...options, complete });
      } catch (error) {
        if (!(error instanceof ChunksRefused)) throw error;
        inChunks = false;
        throw new UploadRestart('the registry does not take chunks');
      }
    },
    {
      signal: options.signal,
      attempts: MAX_ATTEMPTS,
      deadlineMs: Infinity,
      reason: (error) => {
        if (error instanceof UploadRestart) return patience.reason({});
        if (isAnswer(error, [404, 416], UPLOAD_LOST)) return patience.reason({});
        return patience.reason(retryReason(error));
      },
      onRetry: patience.waited,
    },
  );
}

/** Sends a blob chunk by chunk, and closes the upload. Throws UploadRestart where only a new upload can help. */
async function uploadChunks(
  place: Place,
  blob: Descriptor,
  first: UploadSession,
  options: UploadOptions & { readonly complete: (session: UploadSession, range: BlobRange) => Promise<void> },
): Promise<void> {
  let session = first;
  let isContinued = false;
  const chunkBytes = Math.max(options.chunkBytes, session.minChunkBytes);
  while (session.offset < blob.size) {
    const patience = waitLimit(options.retryDeadlineMs);
    const before = session.offset;
    session = await retry(
      async (attempt) => {
        let current = session;
        if (attempt > 1) {
          const asked = await askUpload(place, session);
          if (asked === undefined || asked.offset === 0) throw new UploadRestart('the upload is lost');
          isContinued = true;
          current = asked;
          if (current.offset >= blob.size) return current;
        }
        const size = Math.min(chunkBytes, blob.size - current.offset);
        return sendChunk(place, current, rangeOf(blob, current.offset, size, options));
      },
      {
        signal: options.signal,
        attempts: MAX_ATTEMPTS,
        deadlineMs: Infinity,
        // 416: the registry has more or less than we think.
        reason: (error) => patience.reason(isAnswer(error, [416]) ? {} : retryReason(error)),
        onRetry: patience.waited,
      },
    ).catch((error: unknown) => {
      if (before === 0 && !isContinued && isAnswer(error, [400, 404, 405, 411, 415, 416, 501]))
        throw new ChunksRefused();
      throw error;
    });
    // A registry that counts backwards, or beyond the end, would keep us here for ever.
    if (session.offset <= before || session.offset > blob.size) throw new UploadRestart('the registry has lost count');
  }
  try {
    await options.complete(session, rangeOf(blob, blob.size, 0, options));
  } catch (error) {
    // What broke off may have been written after we had asked: then the bytes are not those of the blob.
    if (isContinued && isAnswer(error, [], ['DIGEST_INVALID'])) throw new UploadRestart('the parts do not fit');
    throw error;
  }
}

/**
 * Whether the registry has a blob although the answer to its last bytes was lost. One that took too long to be closed may
 * still be on its way: it is waited for, as long as for anything else.
 */
async function hasArrived(
  place: Place,
  { digest }: Descriptor,
  { doubt, signal, retryDeadlineMs }: UploadOptions & { readonly doubt: unknown },
): Promise<boolean> {
  const isLate = systemErrorCode(doubt) === 'ETIMEDOUT' || isAnswer(doubt, [504]);
  const deadlineMs = performance.now() + (isLate ? retryDeadlineMs : 0);
  for (;;) {
    if (await headBlob(place, digest)) return true;
    if (performance.now() + LOOK_MS > deadlineMs) return false;
    await sleepFor(LOOK_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

function rangeOf(blob: Descriptor, offset: number, size: number, options: UploadOptions): BlobRange {
  return {
    digest: blob.digest,
    offset,
    size,
    read: async function* () {
      let position = offset;
      options.onPosition?.(position);
      for await (const chunk of options.read(offset, size)) {
        yield chunk;
        position += chunk.length;
        options.onPosition?.(position);
      }
    },
  };
}

/** Counts the time that is spent waiting, not that of sending: a large blob may take longer than any deadline. */
function waitLimit(limitMs: number) {
  let waitedMs = 0;
  return {
    reason: <T extends { readonly afterMs?: number }>(reason: T | undefined): T | undefined =>
      reason !== undefined && waitedMs + (reason.afterMs ?? 0) <= limitMs ? reason : undefined,
    waited: (_error: unknown, waitMs: number) => {
      waitedMs += waitMs;
    },
  };
}

/** A new upload may succeed where this one can't go on. */
class UploadRestart extends ToolError {
  constructor(why: string) {
    super('OCI_UPLOAD_BROKEN', `Continuing an upload: ${why}`, {
      hint: 'Run it again; if it stays, look at the registry’s log.',
    });
  }
}

/** The first chunk was refused as such. */
class ChunksRefused extends Error {}
