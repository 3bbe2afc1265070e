// Locks that vanish with their holder: an abstract unix socket, which leaves no file.
import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ToolError, systemErrorCode } from './errors.ts';

/** Options of {@link withLock}. */
export interface LockOptions {
  /** Milliseconds to wait for another holder. Default: 0, fail at once. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
  /** The code of the error when another one holds it. */
  readonly code: string;
}

/** Runs `work` while nothing else on this machine holds the lock `name`. Throws an error with `code`. */
export async function withLock<T>(name: string, work: () => Promise<T>, options: LockOptions): Promise<T> {
  const address = `\0fathom-${createHash('sha256').update(name).digest('hex')}`;
  const deadline = performance.now() + (options.waitMs ?? 0);
  for (;;) {
    const release = await tryListen(address);
    if (release !== undefined) {
      try {
        return await work();
      } finally {
        release();
      }
    }
    if (performance.now() >= deadline) {
      throw new ToolError(options.code, `Locking ${name}: another command is at work on it`, {
        hint: 'Wait until it has ended, then run this again.',
      });
    }
    const { signal } = options;
    // What the signal was aborted with says more than that a sleep was.
    await sleep(50, undefined, signal === undefined ? {} : { signal }).catch(() => signal?.throwIfAborted());
  }
}

function tryListen(path: string): Promise<(() => void) | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error) => (systemErrorCode(error) === 'EADDRINUSE' ? resolve(undefined) : reject(error)));
    server.listen({ path }, () => resolve(() => void server.close()));
  });
}
