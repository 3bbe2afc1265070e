// Waiting with a deadline, a signal, and an error that says what was missing to the end.
import { setTimeout as sleep } from 'node:timers/promises';
import { ToolError, errorText } from '../lib/errors.ts';

const POLL_MS = 50;

/** Options of {@link until}. */
export interface UntilOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** The sentence of the error when time is up: `Waiting for node-1 to be Ready`. */
  readonly what: string;
  readonly hint: string;
  /** Words for what the probe threw. Default: the error's own. */
  readonly textOf?: (error: unknown) => string;
}

/** Repeats `probe` until it returns undefined (done); what it last returned or threw becomes part of the error. */
export async function until(probe: () => Promise<string | undefined>, options: UntilOptions): Promise<void> {
  const deadline = performance.now() + options.timeoutMs;
  for (;;) {
    let last: string | undefined;
    let cause: unknown;
    try {
      last = await probe();
    } catch (error) {
      if (error instanceof ToolError) throw error;
      cause = error;
      last = options.textOf?.(error) ?? errorText(error);
    }
    if (last === undefined) return;
    if (performance.now() > deadline) {
      const seconds = Math.round(options.timeoutMs / 1000);
      throw new ToolError('CLUSTER_NOT_READY', `${options.what}: not after ${seconds} s: ${last}`, {
        cause,
        hint: options.hint,
      });
    }
    await sleep(POLL_MS, undefined, { signal: options.signal }).catch(() => options.signal.throwIfAborted());
  }
}
