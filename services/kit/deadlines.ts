// How long a call may take where the caller did not say so, and at most.
import type { Method } from './method.ts';

/** Limits of the time of calls, in milliseconds; 0 is none. */
export interface Deadlines {
  /** Of unary calls without a deadline. */
  readonly unaryDefaultMs: number;
  /** Of unary calls, whatever their deadline. */
  readonly unaryMaxMs: number;
  /** Of calls that stream, whatever their deadline. */
  readonly streamMaxMs: number;
}

/** Default: 30 s for unary calls without a deadline, 5 min for those with one, no limit for streams. */
export const DEFAULT_DEADLINES: Deadlines = { unaryDefaultMs: 30_000, unaryMaxMs: 300_000, streamMaxMs: 0 };

/** How long a call may take at most, in milliseconds, where its caller's deadline is `callersMs`; 0 is no limit. */
export function limitOf(method: Method, callersMs: number, deadlines: Deadlines): number {
  if (method.internal) return 0;
  const { unaryDefaultMs, unaryMaxMs, streamMaxMs } = deadlines;
  if (method.type !== 'unary') return streamMaxMs;
  return Number.isFinite(callersMs) || unaryDefaultMs === 0 ? unaryMaxMs : unaryDefaultMs;
}
