// The lock of a cluster: one command at a time.
import { type LockOptions, withLock as withNamedLock } from '../../lib/lock.ts';

/** Runs `work` while no other process of this machine holds the lock `name`. Throws CLUSTER_BUSY. */
export function withLock<T>(name: string, work: () => Promise<T>, options: Omit<LockOptions, 'code'> = {}): Promise<T> {
  return withNamedLock(name, work, { ...options, code: 'CLUSTER_BUSY' });
}
