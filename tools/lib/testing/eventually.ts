// Waiting for what somebody else brings about.
import { setTimeout as delay } from 'node:timers/promises';

/** Resolves with what `check` returns, as soon as that is not undefined; rejects at the deadline with the last error. */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | undefined> | T | undefined,
  timeoutMs = 30_000,
  everyMs = 50,
): Promise<T> {
  const untilMs = performance.now() + timeoutMs;
  let last: unknown;
  while (performance.now() < untilMs) {
    try {
      const value = await check();
      if (value !== undefined) return value;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await delay(everyMs);
  }
  throw new Error(`${what}: not within ${timeoutMs} ms`, { cause: last });
}
