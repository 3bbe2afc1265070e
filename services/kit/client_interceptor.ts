// What the kit does around each call that a process makes: a deadline, the ids of the call that it is made for, metrics.
import { InterceptingCall, type Interceptor, type Metadata, type RequesterBuilder, status } from '@grpc/grpc-js';
import { type CallContext, CallEndedError, currentCall } from './call_context.ts';
import type { CallCounts } from './call_counts.ts';
import { type Method, methodOf } from './method.ts';
import { REQUEST_ID_KEY, requestIdOf } from './request_id.ts';
import { formatTraceparent, type TraceParent, TRACEPARENT_KEY, TRACESTATE_KEY } from './trace_context.ts';
import { beginClientSpan } from './trace_hooks.ts';

/** Options of {@link clientInterceptor}. */
export interface ClientInterceptorOptions {
  /** Of unary calls that have none, in milliseconds; 0 is none. */
  readonly deadlineMs: number;
  readonly metrics: CallCounts | undefined;
}

type Start = Parameters<RequesterBuilder['withStart']>[0];

/** When a call must be over: by its own deadline, the default one, and that of the call that it is made for. */
function deadlineOf(
  own: number | Date | undefined,
  method: Method,
  defaultMs: number,
  parent: CallContext | undefined,
) {
  const ownMs = own instanceof Date ? own.getTime() : own;
  const isDefault = ownMs === undefined && method.type === 'unary' && defaultMs > 0;
  return Math.min(
    ownMs ?? Number.POSITIVE_INFINITY,
    isDefault ? Date.now() + defaultMs : Number.POSITIVE_INFINITY,
    parent?.deadlineMs ?? Number.POSITIVE_INFINITY,
  );
}

/** Adds what is known of the call that this one is made for; `trace` is its place in a trace. */
function addContext(metadata: Metadata, parent: CallContext | undefined, trace: TraceParent | undefined): void {
  // What a caller says itself is taken as it is.
  if (metadata.get(REQUEST_ID_KEY).length === 0) {
    metadata.set(REQUEST_ID_KEY, parent?.requestId ?? requestIdOf(undefined));
  }
  if (trace !== undefined && metadata.get(TRACEPARENT_KEY).length === 0) {
    metadata.set(TRACEPARENT_KEY, formatTraceparent(trace));
    if (parent?.tracestate !== undefined) metadata.set(TRACESTATE_KEY, parent.tracestate);
  }
}

/** The interceptor of a channel. */
export function clientInterceptor({ deadlineMs, metrics }: ClientInterceptorOptions): Interceptor {
  return (options, nextCall) => {
    const method = methodOf(options.method_definition);
    const parent = currentCall();
    const startMs = performance.now();
    const deadline = deadlineOf(options.deadline, method, deadlineMs, parent);
    const signal = parent?.signal;
    let giveUp: (() => void) | undefined;
    const start: Start = (metadata, _listener, next) => {
      // The same metadata may be in use for other calls at the same time.
      const sent = metadata.clone();
      const span = beginClientSpan(method, parent?.trace);
      addContext(sent, parent, span?.trace ?? parent?.trace);
      metrics?.begin(method);
      next(sent, {
        onReceiveStatus(ended, tell) {
          if (giveUp !== undefined) signal?.removeEventListener('abort', giveUp);
          span?.end(ended.code);
          metrics?.end(method, ended.code, (performance.now() - startMs) / 1000);
          tell(ended);
        },
      });
    };
    const call = new InterceptingCall(nextCall({ ...options, deadline }), { start });
    if (signal !== undefined) {
      giveUp = () => {
        const reason: unknown = signal.reason;
        const code = reason instanceof CallEndedError ? reason.code : status.CANCELLED;
        call.cancelWithStatus(code, 'Nobody waits for the call that this one is made for');
      };
      if (signal.aborted) queueMicrotask(giveUp);
      else signal.addEventListener('abort', giveUp, { once: true });
    }
    return call;
  };
}
