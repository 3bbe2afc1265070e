// What is known of the call that is being handled: wherever the code is, however many awaits later.
import { AsyncLocalStorage } from 'node:async_hooks';
import { Metadata, status } from '@grpc/grpc-js';
import type { Method } from './method.ts';
import { REQUEST_ID_KEY, requestIdOf } from './request_id.ts';
import { parseTraceparent, type TraceParent, TRACEPARENT_KEY, TRACESTATE_KEY } from './trace_context.ts';

/** Why the signal of a call is aborted: the caller has gone, or the time is over. */
export class CallEndedError extends Error {
  override readonly name = 'CallEndedError';
  readonly code: status.CANCELLED | status.DEADLINE_EXCEEDED;

  constructor(code: status.CANCELLED | status.DEADLINE_EXCEEDED) {
    super(code === status.CANCELLED ? 'the caller has cancelled the call' : 'the deadline of the call is over');
    this.code = code;
  }
}

/** The other end of a connection. */
export interface Peer {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** What a {@link CallContext} is made of. */
export interface CallContextOptions {
  readonly method: Method;
  readonly metadata: Metadata;
  readonly peer: Peer;
  /** Default: nobody knows who it is. */
  readonly identityOf?: (() => string | undefined) | undefined;
}

/** A call that this process answers. */
export class CallContext {
  readonly method: Method;
  /** What the caller sent beside its messages. */
  readonly metadata: Metadata;
  /** From the caller, or made here: in logs and trailers, and sent along with calls that are made meanwhile. */
  readonly requestId: string;
  /** When it began, of `performance.now()`. */
  readonly startMs: number = performance.now();
  /** How long it took; 0 while it runs. */
  tookMs = 0;
  /** Where it is in a trace: of the caller, or of the span that tracing has begun for it. */
  trace: TraceParent | undefined;
  /** The caller's `tracestate`, sent along as it is. */
  readonly tracestate: string | undefined;
  /** When it must be over, of `Date.now()`: Infinity where neither caller nor server set a limit. */
  deadlineMs = Number.POSITIVE_INFINITY;
  readonly #peer: Peer;
  readonly #identityOf: (() => string | undefined) | undefined;
  #controller: AbortController | undefined;
  #ended: CallEndedError | undefined;

  constructor(options: CallContextOptions) {
    const { method, metadata, peer } = options;
    this.method = method;
    this.metadata = metadata;
    this.#peer = peer;
    this.#identityOf = options.identityOf;
    this.requestId = requestIdOf(metadata.get(REQUEST_ID_KEY)[0]);
    this.trace = parseTraceparent(metadata.get(TRACEPARENT_KEY)[0]);
    const [tracestate] = this.trace === undefined ? [] : metadata.get(TRACESTATE_KEY);
    this.tracestate = typeof tracestate === 'string' ? tracestate : undefined;
  }

  /** Address and port of the caller, or `unknown`. */
  get peer(): string {
    const { remoteAddress, remotePort } = this.#peer;
    return remoteAddress === undefined ? 'unknown' : `${remoteAddress}:${remotePort ?? 0}`;
  }

  /** The address of the caller, without its port, or `unknown`. */
  get address(): string {
    return this.#peer.remoteAddress ?? 'unknown';
  }

  /** Who the caller is, by its certificate, where TLS is mutual. */
  get identity(): string | undefined {
    return this.#identityOf?.();
  }

  /** Aborted with a {@link CallEndedError} when nobody waits for the answer any more. */
  get signal(): AbortSignal {
    // Made when asked for: most handlers are over before anybody cancels.
    this.#controller ??= new AbortController();
    if (this.#ended !== undefined && !this.#controller.signal.aborted) this.#controller.abort(this.#ended);
    return this.#controller.signal;
  }

  /** Whether nobody waits for the answer any more. */
  get isEnded(): boolean {
    return this.#ended !== undefined;
  }

  /** Aborts the signal. The kit calls it. */
  abort(code: CallEndedError['code']): void {
    if (this.#ended !== undefined) return;
    this.#ended = new CallEndedError(code);
    this.#controller?.abort(this.#ended);
  }
}

const storage = new AsyncLocalStorage<CallContext>();

/** The call that is being handled, or undefined outside of one. */
export function currentCall(): CallContext | undefined {
  return storage.getStore();
}

/** Runs `work` with `given` as a part of handling `call`. */
export function runInCall<A extends unknown[], T>(call: CallContext, work: (...given: A) => T, ...given: A): T {
  return storage.run(call, work, ...given);
}
