// A changed Secret gets into a running Redis: it reads its users anew, and copies by the new password.
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../kit/index.ts';
import type { Link } from './link.ts';

/** Options of {@link followPasswords}. */
export interface FollowOptions {
  /** A connection of the admin to the own Redis, which outlives a change of its password. */
  readonly link: Link;
  /** A folder with the files `users.acl` and `replication-password`. */
  readonly folder: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** How often the files are read. Default: 5000. */
  readonly intervalMs?: number;
}

/** Looks whether the files have changed until `signal` is aborted. Never throws: what fails is tried again. */
export async function followPasswords({ link, folder, log, signal, intervalMs = 5000 }: FollowOptions): Promise<void> {
  const read = () =>
    Promise.all(['users.acl', 'replication-password'].map((name) => readFile(`${folder}/${name}`, 'utf8')));
  // Redis has read the same when it started.
  let known = await read().catch(() => undefined);
  while (!signal.aborted) {
    await delay(intervalMs, undefined, { signal }).catch(() => undefined);
    const now = await read().catch(() => undefined);
    if (now === undefined || signal.aborted) continue;
    known ??= now;
    if (known.join('\n') === now.join('\n')) continue;
    try {
      // First the password of copying: the next command may end this connection, as its user has changed.
      await link.call(['CONFIG', 'SET', 'masterauth', (now[1] ?? '').trim()]);
      await link.call(['ACL', 'LOAD']);
      known = now;
      log.info('redis has read its users again');
    } catch (error) {
      // Not the command: it has the password.
      log.warn({ problem: error instanceof Error ? error.name : 'unknown' }, 'redis did not read its users again');
    }
  }
}
