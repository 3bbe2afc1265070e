// Handlers as functions of requests: what they return is the answer, what they throw is the status.
import {
  type handleBidiStreamingCall,
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type Metadata,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { CallContext, currentCall } from './call_context.ts';
import type { Logger } from './log.ts';
import { methodOf, type MethodShape } from './method.ts';
import { type Status, StatusError } from './status.ts';
import { type ResponseStream, sendAll } from './streams.ts';

/** Options of {@link createHandlers}. */
export interface HandlerOptions {
  /** Where defects are logged: the caller learns nothing of them. */
  readonly log: Logger;
  /** The status of an error of the service's own. Default: none, so that all but a StatusError is INTERNAL. */
  readonly statusOf?: (error: unknown) => Status | undefined;
}

/** Makes handlers of the four kinds for grpc-js. */
export interface Handlers {
  unary<Q, R>(work: (request: Q, call: CallContext) => R | Promise<R>): handleUnaryCall<Q, R>;
  clientStream<Q, R>(
    work: (requests: AsyncIterable<Q>, call: CallContext) => Promise<R>,
  ): handleClientStreamingCall<Q, R>;
  /** What `work` yields is sent no faster than the caller reads; it is closed when the caller goes or time is over. */
  serverStream<Q, R>(work: (request: Q, call: CallContext) => AsyncIterable<R>): handleServerStreamingCall<Q, R>;
  /** As serverStream; requests and answers go at the same time. */
  bidiStream<Q, R>(
    work: (requests: AsyncIterable<Q>, call: CallContext) => AsyncIterable<R>,
  ): handleBidiStreamingCall<Q, R>;
}

interface SurfaceCall {
  readonly metadata: Metadata;
  getPath(): string;
  on(event: 'cancelled', listener: () => void): unknown;
}

/** The call that is handled. On a server without the kit's interceptor, such as one of a test, one made up here. */
function contextOf(surface: SurfaceCall, shape: Omit<MethodShape, 'path'>): CallContext {
  const current = currentCall();
  if (current !== undefined) return current;
  const method = methodOf({ path: surface.getPath(), ...shape });
  const call = new CallContext({ method, metadata: surface.metadata, peer: {} });
  surface.on('cancelled', () => call.abort(status.CANCELLED));
  return call;
}

const UNARY = { requestStream: false, responseStream: false };
const DEFECT = 'an internal error, see the log of the server';

/** Handlers that share options. */
export function createHandlers({ log, statusOf }: HandlerOptions): Handlers {
  const statusFor = (error: unknown, call: CallContext): Status => {
    if (error instanceof StatusError)
      return { code: error.code, details: error.details, metadata: error.metadata ?? null };
    const own = statusOf?.(error);
    if (own !== undefined) return own;
    // Work that is given up because nobody waits for it is no defect, whatever it threw.
    if (call.isEnded) return { code: status.CANCELLED, details: 'The caller has gone' };
    log.error({ err: error, method: call.method.path }, 'call failed');
    return { code: status.INTERNAL, details: DEFECT };
  };
  const answer = <R>(work: () => R | Promise<R>, call: CallContext, reply: sendUnaryData<R>) => {
    const fail = (error: unknown) => {
      const { code, details, metadata } = statusFor(error, call);
      reply({ code, details }, null, metadata ?? undefined);
    };
    try {
      const answered = work();
      if (answered instanceof Promise) answered.then((value: R) => reply(null, value), fail);
      else reply(null, answered);
    } catch (error) {
      fail(error);
    }
  };
  const stream = <R>(surface: ResponseStream<R>, work: () => AsyncIterable<R>, call: CallContext) => {
    const run = async () => {
      if (await sendAll(surface, work(), call)) surface.end();
    };
    run().catch((error: unknown) => {
      const failed = statusFor(error, call);
      if (!surface.cancelled) surface.emit('error', failed);
    });
  };
  return {
    unary: (work) => (surface, callback) => {
      const call = contextOf(surface, UNARY);
      answer(() => work(surface.request, call), call, callback);
    },
    clientStream: (work) => (surface, callback) => {
      const call = contextOf(surface, { requestStream: true, responseStream: false });
      answer(() => work(surface.iterator({ destroyOnReturn: false }), call), call, callback);
    },
    serverStream: (work) => (surface) => {
      const call = contextOf(surface, { requestStream: false, responseStream: true });
      stream(surface, () => work(surface.request, call), call);
    },
    bidiStream: (work) => (surface) => {
      const call = contextOf(surface, { requestStream: true, responseStream: true });
      // A stream must outlive the reading of its requests: the answers and the status follow.
      stream(surface, () => work(surface.iterator({ destroyOnReturn: false }), call), call);
    },
  };
}
