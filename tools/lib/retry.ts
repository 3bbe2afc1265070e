// Trying again: by typed reason, with backoff, jitter and a deadline.
import { setTimeout as sleepFor } from 'node:timers/promises';

/** Why another try may help, and how long the other side asked to wait. */
export interface RetryReason {
  /** The least time to wait, in milliseconds (an answer's Retry-After). Default: none. */
  readonly afterMs?: number;
}

/** Options of {@link retry}. */
export interface RetryOptions {
  readonly signal: AbortSignal;
  /** Why `error` may pass, or undefined when another try cannot help. Decide by type and code, not by message text. */
  readonly reason: (error: unknown) => RetryReason | undefined;
  /** No try begins later than this after the first, in milliseconds. Default: 30 000. */
  readonly deadlineMs?: number;
  /** Tries in all. Default: 6. */
  readonly attempts?: number;
  /** The first wait is between half of this and this, in milliseconds; each further one doubles. Default: 200. */
  readonly baseMs?: number;
  /** The longest wait of our own choice, in milliseconds. Default: 5000. */
  readonly maxMs?: number;
  /** Called before each wait. Default: nothing. */
  readonly onRetry?: (error: unknown, waitMs: number) => void;
  /** For tests. Default: Math.random. */
  readonly random?: () => number;
}

/** Runs `work` until it succeeds, cannot be helped, or time is up; then rejects with its last error. */
export async function retry<T>(work: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const { signal, reason } = options;
  const { deadlineMs = 30_000, attempts = 6, baseMs = 200, maxMs = 5000, random = Math.random } = options;
  const startMs = performance.now();
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await work(attempt);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const why = reason(error);
      const backoffMs = Math.min(maxMs, baseMs * 2 ** (attempt - 1)) * (0.5 + random() / 2);
      const waitMs = Math.max(backoffMs, why?.afterMs ?? 0);
      const isTooLate = performance.now() - startMs + waitMs > deadlineMs;
      if (why === undefined || attempt >= attempts || isTooLate) throw error;
      options.onRetry?.(error, waitMs);
      await sleepFor(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}
