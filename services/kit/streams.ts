// Sending at the pace of whoever reads.
import type { CallContext } from './call_context.ts';
import type { Status } from './status.ts';

/** What the two kinds of streamed answers have in common. */
export interface ResponseStream<T> {
  readonly cancelled: boolean;
  write(message: T): boolean;
  end(): unknown;
  emit(event: 'error', error: Status): unknown;
  on(event: string, listener: () => void): unknown;
  off(event: string, listener: () => void): unknown;
}

/** What is asked of the call whose answers are sent. */
type Sending = Pick<CallContext, 'isEnded' | 'signal'>;

/** Writes `message` and waits while the caller reads slower than we write; false when nobody waits for it any more. */
async function send<T>(stream: ResponseStream<T>, message: T, call: Sending): Promise<boolean> {
  if (stream.cancelled || call.isEnded) return false;
  if (!stream.write(message) && !call.isEnded) {
    const { signal } = call;
    await new Promise<void>((resolve) => {
      const go = () => {
        stream.off('drain', go);
        stream.off('cancelled', go);
        signal.removeEventListener('abort', go);
        resolve();
      };
      stream.on('drain', go);
      stream.on('cancelled', go);
      // That the time is over grpc-js says once its stream is closed: where nobody reads that may be never.
      signal.addEventListener('abort', go);
    });
  }
  return !stream.cancelled && !call.isEnded;
}

/** Sends all of `messages`; false, with `messages` closed, when the call has ended before the last one. */
export async function sendAll<T>(
  stream: ResponseStream<T>,
  messages: AsyncIterable<T>,
  call: Sending,
): Promise<boolean> {
  for await (const message of messages) {
    if (!(await send(stream, message, call))) return false;
  }
  return !stream.cancelled && !call.isEnded;
}
