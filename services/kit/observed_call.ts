// One interceptor for all that the kit does around a call: a chain of them would cost a layer of objects each.
import {
  type Deadline,
  type Metadata,
  type ServerInterceptingCall,
  type ServerInterceptor,
  status,
} from '@grpc/grpc-js';
import { CallContext, runInCall } from './call_context.ts';
import { type Deadlines, limitOf } from './deadlines.ts';
import { identityOf } from './identity.ts';
import { type Method, methodOf } from './method.ts';
import { type Status, sendableStatus } from './status.ts';

/** What wants to know of calls, or to refuse them. */
export interface CallObserver {
  /** Told of each call before its handler is. A status that is returned ends the call, and no handler runs. */
  readonly begin?: (call: CallContext) => Status | undefined;
  /** Told once how a call ended that its `begin` let pass, though a later observer may have refused it. */
  readonly end?: (call: CallContext, ended: Status) => void;
}

/** Options of {@link observeCalls}. */
export interface ObserveOptions {
  /** Asked in this order. */
  readonly observers: readonly CallObserver[];
  readonly deadlines: Deadlines;
  /** Whether callers have certificates. */
  readonly hasIdentities: boolean;
}

type NextCall = ConstructorParameters<typeof ServerInterceptingCall>[0];
type Listener = Parameters<NextCall['start']>[0];
type Message = Parameters<Listener['onReceiveMessage']>[0];

// A caller that gives up at its deadline is told apart from one that cancels by the time, as both reset the stream.
const DEADLINE_TOLERANCE_MS = 20;

const OVER_LIMIT: Status = { code: status.DEADLINE_EXCEEDED, details: 'Deadline exceeded: the limit of the server' };

// Functions that are there once: a closure for each message of each call would cost more than what it does.
const tellMetadata = (to: Listener, metadata: Metadata) => to.onReceiveMetadata(metadata);
const tellMessage = (to: Listener, message: Message) => to.onReceiveMessage(message);
const tellHalfClose = (to: Listener) => to.onReceiveHalfClose();
const tellCancel = (to: Listener) => to.onCancel();

interface CallOptions extends ObserveOptions {
  /** The calls of machinery that run. */
  readonly internal: Set<ObservedCall>;
}

class ObservedCall implements NextCall {
  readonly #next: NextCall;
  readonly #options: CallOptions;
  readonly #method: Method;
  readonly #send: (sent: Status) => void;
  #listener: Listener | undefined;
  #call: CallContext | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** How many observers know of the call. */
  #toldCount = 0;
  #isOver = false;

  constructor(method: Method, next: NextCall, options: CallOptions) {
    this.#method = method;
    this.#next = next;
    this.#options = options;
    this.#send = next.sendStatus;
    // grpc-js itself ends calls as well, over the size limit or the deadline, by the same method: it is the one place
    // where every status passes.
    next.sendStatus = (sent) => this.breakOff(sent);
  }

  start(listener: Listener): void {
    this.#listener = listener;
    this.#next.start(this);
  }

  onReceiveMessage(message: Message): void {
    const [call, listener] = [this.#call, this.#listener];
    if (call === undefined || listener === undefined || this.#isOver) return;
    // Of the other methods a message is but kept, until there are no more.
    if (this.#method.isRequestStream) runInCall(call, tellMessage, listener, message);
    else listener.onReceiveMessage(message);
  }

  onReceiveHalfClose(): void {
    const [call, listener] = [this.#call, this.#listener];
    if (call !== undefined && listener !== undefined && !this.#isOver) runInCall(call, tellHalfClose, listener);
  }

  sendMetadata(metadata: Metadata): void {
    this.#next.sendMetadata(metadata);
  }

  sendMessage(message: Message, callback: () => void): void {
    // A handler may not have noticed yet that nobody listens. As in grpc-js, its message then stays unsent for good.
    if (!this.#isOver) this.#next.sendMessage(message, callback);
  }

  sendStatus(sent: Status): void {
    this.#end(sent);
  }

  startRead(): void {
    this.#next.startRead();
  }

  getPeer(): string {
    return this.#next.getPeer();
  }

  getDeadline(): Deadline {
    return this.#next.getDeadline();
  }

  getHost(): string {
    return this.#next.getHost();
  }

  getAuthContext(): ReturnType<NextCall['getAuthContext']> {
    return this.#next.getAuthContext();
  }

  getConnectionInfo(): ReturnType<NextCall['getConnectionInfo']> {
    return this.#next.getConnectionInfo();
  }

  getMetricsRecorder(): ReturnType<NextCall['getMetricsRecorder']> {
    return this.#next.getMetricsRecorder();
  }

  onReceiveMetadata(metadata: Metadata): void {
    const listener = this.#listener;
    if (listener === undefined) return;
    const call = new CallContext({
      method: this.#method,
      metadata,
      peer: this.#next.getConnectionInfo(),
      identityOf: this.#options.hasIdentities ? () => identityOf(this.#next.getAuthContext()) : undefined,
    });
    this.#call = call;
    if (call.method.internal) this.#options.internal.add(this);
    const callersMs = Number(this.#next.getDeadline());
    const limitMs = limitOf(call.method, callersMs, this.#options.deadlines);
    call.deadlineMs = callersMs;
    if (limitMs !== 0) {
      const oursMs = Date.now() + limitMs;
      // grpc-js watches that of the caller.
      if (oursMs < callersMs) {
        call.deadlineMs = oursMs;
        this.#timer = setTimeout(() => this.breakOff(OVER_LIMIT), limitMs);
      }
    }
    for (const observer of this.#options.observers) {
      const refusal = observer.begin?.(call);
      if (refusal !== undefined) {
        this.#end(refusal);
        return;
      }
      this.#toldCount += 1;
    }
    // Of the other methods the handler begins when the request is complete.
    if (this.#method.isRequestStream) runInCall(call, tellMetadata, listener, metadata);
    else listener.onReceiveMetadata(metadata);
  }

  /** Ends the call with a status, once: a handler that answers after the deadline is not heard. */
  #end(sent: Status): void {
    if (this.#isOver) return;
    const call = this.#call;
    if (call === undefined) {
      // Before the metadata came through nobody has been told that there is a call.
      this.#isOver = true;
      this.#send.call(this.#next, sent);
      return;
    }
    const sendable = sendableStatus(sent, call.requestId);
    this.#finish(call, sendable);
    this.#send.call(this.#next, sendable);
  }

  /** Ends the call with a status that its handler knows nothing of. */
  breakOff(sent: Status): void {
    if (this.#isOver) return;
    this.#end(sent);
    this.#call?.abort(sent.code === status.DEADLINE_EXCEEDED ? status.DEADLINE_EXCEEDED : status.CANCELLED);
  }

  /** The stream is closed: after a status as well, which then says all there is to say. */
  onCancel(): void {
    const [call, listener] = [this.#call, this.#listener];
    if (call === undefined || listener === undefined) return;
    if (this.#isOver && !call.isEnded) {
      // Most calls: the handler has answered, and is not waiting for anything.
      listener.onCancel();
      return;
    }
    if (!this.#isOver) {
      const isLate = Date.now() >= call.deadlineMs - DEADLINE_TOLERANCE_MS;
      const code = isLate ? status.DEADLINE_EXCEEDED : status.CANCELLED;
      this.#finish(call, { code, details: isLate ? 'Deadline exceeded' : 'The caller has gone' });
      call.abort(code);
    }
    runInCall(call, tellCancel, listener);
  }

  #finish(call: CallContext, ended: Status): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    if (call.method.internal) this.#options.internal.delete(this);
    call.tookMs = performance.now() - call.startMs;
    const { observers } = this.#options;
    for (let index = 0; index < this.#toldCount; index++) observers[index]?.end?.(call, ended);
  }
}

/** What {@link observeCalls} makes. */
export interface ObservedCalls {
  /** It must be the first of a server, closest to the wire. */
  readonly interceptor: ServerInterceptor;
  /** Ends calls of machinery, which may last for good: a drain need not wait for who watches the health. */
  endInternalCalls(): void;
}

/** Observes the calls of a server. */
export function observeCalls(given: ObserveOptions): ObservedCalls {
  const internal = new Set<ObservedCall>();
  const options = { ...given, internal };
  return {
    // It has all that a ServerInterceptingCall has, without the layer of objects that one makes for each call.
    interceptor: (definition, next) =>
      new ObservedCall(methodOf(definition), next, options) as NextCall as ServerInterceptingCall,
    endInternalCalls() {
      for (const call of internal) call.breakOff({ code: status.UNAVAILABLE, details: 'the server is ending' });
    },
  };
}
