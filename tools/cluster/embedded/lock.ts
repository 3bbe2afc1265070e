// Locks that vanish with their holder: an abstract unix socket, which leaves no file.
import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ToolError, systemErrorCode } from '../../lib/errors.ts';

/** Options of {@link withLock}. */
export interface LockOptions {
  /** Milliseconds to wait for another holder. Default: 0, fail at once. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
}

/** Runs `work` while no other process of this machine holds the lock `name`. Throws CLUSTER_BUSY. */
export async function withLock<T>(name: string, work: () => Promise<T>, options: LockOptions = {}): Promise<T> {
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
      throw new ToolError('CLUSTER_BUSY', `Locking ${name}: another command is at work on it`, {
        hint: 'Wait until it has ended, then run this again.',
      });
    }
    await sleep(50, undefined, options.signal === undefined ? {} : { signal: options.signal });
  }
}

function tryListen(path: string): Promise<(() => void) | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error) => (systemErrorCode(error) === 'EADDRINUSE' ? resolve(undefined) : reject(error)));
    server.listen({ path }, () => resolve(() => void server.close()));
  });
}
