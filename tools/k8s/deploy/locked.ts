// The frame of every verb that changes a cluster: connect, guard, lock, do, unlock.
import { type Connected, type Session, connect } from './session.ts';
import { requireBound } from './guard.ts';
import { type Lock, lockSets } from './lock.ts';
import { explainMissingRight, findPersonal } from './personal_namespace.ts';
import type { Progress } from './progress.ts';

/** A session that may write. */
export interface LockedRun {
  readonly connected: Connected;
  readonly lock: Lock;
}

/** Connects and locks, runs `work`, and gives everything back. Throws K8S_UNBOUND, K8S_LOCKED, and what `work` throws. */
export async function withLock<T>(
  session: Session,
  progress: Progress,
  work: (run: LockedRun) => Promise<T>,
): Promise<T> {
  const connected = await progress.phase('connect', () => connect(session));
  const { client, binding, cancel } = connected;
  try {
    requireBound(binding);
    // Not even a lease is written into the namespace of somebody else.
    const personal = await findPersonal(session, client);
    const { env, log, signal, options } = session;
    const lockOptions = { client, env, log, signal, waitMs: options.lockWaitMs, onLost: cancel };
    const lock = await lockSets(session.sets, lockOptions).catch((error: unknown) => {
      throw personal === undefined ? explainMissingRight(error, session) : error;
    });
    try {
      return await work({ connected, lock });
    } finally {
      await lock.release();
    }
  } finally {
    client.close();
  }
}
