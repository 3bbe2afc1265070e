// How long a call may take where the caller did not say so, and at most.
import type { Deadline } from '@grpc/grpc-js';
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

/** When a call must be over, of `Date.now()`, and whether that is `ours` to watch: grpc-js watches the caller's. */
export function deadlineOf(
  method: Method,
  callers: Deadline,
  deadlines: Deadlines,
): { readonly deadlineMs: number; readonly ours: boolean } {
  const callersMs = callers instanceof Date ? callers.getTime() : callers;
  const hasOne = Number.isFinite(callersMs);
  const isUnary = method.type === 'unary';
  const { unaryDefaultMs, unaryMaxMs, streamMaxMs } = deadlines;
  const limitMs = !isUnary ? streamMaxMs : hasOne || unaryDefaultMs === 0 ? unaryMaxMs : unaryDefaultMs;
  const oursMs = limitMs === 0 || method.internal ? Number.POSITIVE_INFINITY : Date.now() + limitMs;
  return oursMs < callersMs ? { deadlineMs: oursMs, ours: true } : { deadlineMs: callersMs, ours: false };
}
