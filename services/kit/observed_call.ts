// One interceptor for all that the kit does around a call: a chain of them would cost a layer of objects each.
import { type Metadata, ServerInterceptingCall, type ServerInterceptor, status } from '@grpc/grpc-js';
import { CallContext, runInCall } from './call_context.ts';
import { type Deadlines, deadlineOf } from './deadlines.ts';
import { type Method, methodOf } from './method.ts';
import { REQUEST_ID_KEY } from './request_id.ts';
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
}

type NextCall = ConstructorParameters<typeof ServerInterceptingCall>[0];
type Listener = Parameters<NextCall['start']>[0];
type Message = Parameters<Listener['onReceiveMessage']>[0];

// A caller that gives up at its deadline is told apart from one that cancels by the time, as both reset the stream.
const DEADLINE_TOLERANCE_MS = 20;

interface CallOptions extends ObserveOptions {
  /** The calls of machinery that run. */
  readonly internal: Set<ObservedCall>;
}

class ObservedCall extends ServerInterceptingCall {
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
    super(next);
    this.#method = method;
    this.#next = next;
    this.#options = options;
    this.#send = next.sendStatus;
    // grpc-js itself ends calls as well, over the size limit or the deadline, by the same method: it is the one place
    // where every status passes.
    next.sendStatus = (sent) => this.breakOff(sent);
  }

  override start(listener: Listener): void {
    this.#listener = listener;
    this.#next.start({
      onReceiveMetadata: (metadata) => this.#begin(metadata),
      onReceiveMessage: (message: Message) => this.#forward((to) => to.onReceiveMessage(message)),
      onReceiveHalfClose: () => this.#forward((to) => to.onReceiveHalfClose()),
      onCancel: () => this.#cancel(),
    });
  }

  override sendMetadata(metadata: Metadata): void {
    this.#next.sendMetadata(metadata);
  }

  override sendMessage(message: Message, callback: () => void): void {
    // A handler may not have noticed yet that nobody listens. As in grpc-js, its message then stays unsent for good.
    if (!this.#isOver) this.#next.sendMessage(message, callback);
  }

  override sendStatus(sent: Status): void {
    this.#end(sent);
  }

  #forward(work: (to: Listener) => void): void {
    const [call, listener] = [this.#call, this.#listener];
    if (call !== undefined && listener !== undefined && !this.#isOver) runInCall(call, () => work(listener));
  }

  #begin(metadata: Metadata): void {
    const call = new CallContext({ method: this.#method, metadata, peer: this.#next.getPeer() });
    this.#call = call;
    if (call.method.internal) this.#options.internal.add(this);
    const { deadlineMs, ours } = deadlineOf(call.method, this.#next.getDeadline(), this.#options.deadlines);
    call.deadlineMs = deadlineMs;
    if (ours) {
      const details = 'Deadline exceeded: the limit of the server';
      const remainingMs = deadlineMs - Date.now();
      this.#timer = setTimeout(() => this.breakOff({ code: status.DEADLINE_EXCEEDED, details }), remainingMs);
    }
    for (const observer of this.#options.observers) {
      const refusal = observer.begin?.(call);
      if (refusal !== undefined) {
        this.#end(refusal);
        return;
      }
      this.#toldCount += 1;
    }
    runInCall(call, () => this.#listener?.onReceiveMetadata(metadata));
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
    const sendable = sendableStatus(sent);
    sendable.metadata.set(REQUEST_ID_KEY, call.requestId);
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
  #cancel(): void {
    const call = this.#call;
    if (call !== undefined && !this.#isOver) {
      const isLate = Date.now() >= call.deadlineMs - DEADLINE_TOLERANCE_MS;
      const code = isLate ? status.DEADLINE_EXCEEDED : status.CANCELLED;
      this.#finish(call, { code, details: isLate ? 'Deadline exceeded' : 'The caller has gone' });
      call.abort(code);
    }
    const listener = this.#listener;
    if (call !== undefined && listener !== undefined) runInCall(call, () => listener.onCancel());
  }

  #finish(call: CallContext, ended: Status): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    if (call.method.internal) this.#options.internal.delete(this);
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
export function observeCalls({ observers, deadlines }: ObserveOptions): ObservedCalls {
  const internal = new Set<ObservedCall>();
  const options = { observers, deadlines, internal };
  return {
    interceptor: (definition, next) => new ObservedCall(methodOf(definition), next, options),
    endInternalCalls() {
      for (const call of internal) call.breakOff({ code: status.UNAVAILABLE, details: 'the server is ending' });
    },
  };
}
