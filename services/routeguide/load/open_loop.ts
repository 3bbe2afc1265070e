// An open loop: calls begin when they are due, whatever became of those before, as callers that know nothing of one
// another do. A closed loop would go easy on a server that is slow, and so hide just what is looked for.
import { setTimeout as delay } from 'node:timers/promises';

/** Options of {@link runOpenLoop}. */
export interface OpenLoopOptions {
  /** Calls a second. */
  readonly rate: number;
  readonly durationMs: number;
  /** How long the rate rises from nothing before that, in milliseconds: a cold process is no measure. Default: 0. */
  readonly rampMs?: number;
  /** Ends the loop early. */
  readonly signal: AbortSignal;
  /** Begins a call that was due at `dueMs`, of the clock `nowMs`, on the ramp or after it. It may not throw. */
  readonly begin: (dueMs: number, isRamp: boolean) => void;
  /** A clock that never goes back. Default: performance.now. */
  readonly nowMs?: () => number;
  /** Default: a timer. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** The least time that a timer is asked to wait: calls that are due within it begin together. */
const TICK_MS = 2;

const wait = (ms: number, signal: AbortSignal) => delay(ms, undefined, { signal }).catch(() => undefined);

/** Begins all calls of ramp and duration, each no earlier than it is due. Resolves with their number when all have begun. */
export async function runOpenLoop(options: OpenLoopOptions): Promise<number> {
  const { rate, durationMs, rampMs = 0, signal, begin, nowMs = () => performance.now(), sleep = wait } = options;
  const perMs = rate / 1000;
  // The ramp is a triangle: half as many calls as there would be at the full rate.
  const rampCount = Math.floor((perMs * rampMs) / 2);
  const count = rampCount + Math.floor(perMs * durationMs);
  const startMs = nowMs();
  const dueMs = (index: number) =>
    startMs + (index < rampCount ? Math.sqrt((2 * rampMs * index) / perMs) : rampMs + (index - rampCount) / perMs);
  for (let index = 0; index < count; index++) {
    // Where the process was busy, all that is overdue begins at once: it counts from when it was due.
    while (dueMs(index) > nowMs()) {
      if (signal.aborted) return index;
      await sleep(Math.max(TICK_MS, dueMs(index) - nowMs()), signal);
    }
    if (signal.aborted) return index;
    begin(dueMs(index), index < rampCount);
  }
  return count;
}
