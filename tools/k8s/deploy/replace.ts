// Puts an object in place of the live one as a whole, while controllers go on writing it.
import { retry } from '../../lib/retry.ts';
import type { KubeClient } from '../kube/client.ts';
import { isStale, retryReason } from '../kube/errors.ts';
import { type Target, applyObject, dropUpdateManager, getObject, replaceObject } from '../kube/objects.ts';
import type { KubeObject } from '../model/object.ts';

// A controller that writes a status does so a few times in a moment, not without end.
const PATIENCE = { deadlineMs: 20_000, attempts: 100, baseMs: 10, maxMs: 500 } as const;

/** Options of {@link putInPlace}. */
export interface PutOptions {
  /** The object as it was seen last. */
  readonly live: KubeObject;
  readonly signal: AbortSignal;
  /** Whether the server only says what it would do. */
  readonly isDryRun: boolean;
}

/** An object before and after it was replaced. */
export interface Put {
  readonly before: KubeObject;
  readonly after: KubeObject;
}

/** Replaces the live object, in whatever version it is by then. */
export async function putInPlace(client: KubeClient, target: Target, options: PutOptions): Promise<Put> {
  const { live, signal, isDryRun } = options;
  return retryStale({ client, target, seen: live, signal }, async (before) => ({
    before,
    after: await replaceObject(client, target, { live: before, isDryRun }),
  }));
}

/** Replaces an object, and makes it one that Fathom has applied. The result is the object as applied. */
export async function replaceAsApplied(
  client: KubeClient,
  target: Target,
  { live, signal }: Omit<PutOptions, 'isDryRun'>,
): Promise<KubeObject> {
  await putInPlace(client, target, { live, signal, isDryRun: false });
  // With the manager of the replacement left behind, the next apply would be in conflict with it: to be cut off here
  // would be worse than to end a moment later.
  const own = AbortSignal.timeout(PATIENCE.deadlineMs);
  const applied = await applyObject(client, target, { isDryRun: false, isForced: true, signal: own });
  await retryStale({ client, target, seen: applied, signal: own }, (seen) =>
    dropUpdateManager(client, target, { live: seen, signal: own }),
  );
  return applied;
}

interface Stale {
  readonly client: KubeClient;
  readonly target: Target;
  readonly seen: KubeObject;
  readonly signal: AbortSignal;
}

/** Runs `work` with the object as it was seen, and again with the object as it is where that has changed since. */
async function retryStale<T>({ client, target, seen, signal }: Stale, work: (seen: KubeObject) => Promise<T>) {
  return retry(
    async (attempt) => work(attempt === 1 ? seen : ((await getObject(client, target, { signal })) ?? seen)),
    { ...PATIENCE, signal, reason: (error) => (isStale(error) ? {} : retryReason(error)) },
  );
}
