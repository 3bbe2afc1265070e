// Asks a registry that was started just now until it says what is wanted.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ToolError } from '../../lib/errors.ts';
import { RegistryConnectionError, RegistryStatusError } from '../../oci/index.ts';

const LOOK_EVERY_MS = 300;

/** Resolves once `look` says true; a registry that does not answer yet is asked again. Throws what `late` makes. */
export async function until(
  look: () => Promise<boolean>,
  within: { readonly timeoutMs: number; readonly signal: AbortSignal },
  late: () => ToolError,
): Promise<void> {
  const deadlineMs = performance.now() + within.timeoutMs;
  for (;;) {
    try {
      if (await look()) return;
    } catch (error) {
      const isStarting =
        error instanceof RegistryConnectionError || (error instanceof RegistryStatusError && error.status >= 500);
      if (!isStarting || performance.now() >= deadlineMs) throw error;
    }
    if (performance.now() >= deadlineMs) throw late();
    await sleep(LOOK_EVERY_MS, undefined, { signal: within.signal }).catch(() => within.signal.throwIfAborted());
  }
}
