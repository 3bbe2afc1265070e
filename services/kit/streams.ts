// Sending at the pace of whoever reads.
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

/** Writes `message` and waits while the caller reads slower than we write; false when the caller has gone. */
async function send<T>(stream: ResponseStream<T>, message: T): Promise<boolean> {
  if (stream.cancelled) return false;
  if (!stream.write(message)) {
    await new Promise<void>((resolve) => {
      const go = () => {
        stream.off('drain', go);
        stream.off('cancelled', go);
        resolve();
      };
      stream.on('drain', go);
      stream.on('cancelled', go);
    });
  }
  return !stream.cancelled;
}

/** Sends all of `messages`; false, with `messages` closed, when the caller has gone before the last one. */
export async function sendAll<T>(stream: ResponseStream<T>, messages: AsyncIterable<T>): Promise<boolean> {
  for await (const message of messages) {
    if (!(await send(stream, message))) return false;
  }
  return !stream.cancelled;
}
