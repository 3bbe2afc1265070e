// What tracing does with calls that a process makes, where it is on: clients know these hooks, and not the SDK.
import type { Method } from './method.ts';
import type { Status } from './status.ts';
import type { TraceParent } from './trace_context.ts';

/** A span that has begun. */
export interface CallSpan {
  /** What is sent along. */
  readonly trace: TraceParent;
  end(code: Status['code']): void;
}

/** Begins a span for a call that is made while `parent` is handled. */
export type BeginClientSpan = (method: Method, parent: TraceParent | undefined) => CallSpan;

let begin: BeginClientSpan | undefined;

/** Sets what begins spans; undefined turns them off. */
export function setClientSpans(beginSpan: BeginClientSpan | undefined): void {
  begin = beginSpan;
}

/** Begins a span if tracing is on. */
export function beginClientSpan(method: Method, parent: TraceParent | undefined): CallSpan | undefined {
  return begin?.(method, parent);
}
