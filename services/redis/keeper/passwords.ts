// A changed Secret gets into a running Redis: it reads its users anew, and copies by the new password.
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../kit/index.ts';
import { type Link, replyCode } from './link.ts';

/** Options of {@link followPasswords}. */
export interface FollowOptions {
  /** A connection of the admin to the own Redis, which outlives a change of its password. */
  readonly link: Link;
  /** The same to the others, whose keepers may have lost theirs. Default: none. */
  readonly others?: readonly Link[];
  /** A folder with the files `users.acl` and `replication-password`. */
  readonly folder: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** How often the files are read. Default: 5000. */
  readonly intervalMs?: number;
  /** How long after the own Redis the others are told, when all pods have the files. Default: 180 000. */
  readonly othersAfterMs?: number;
}

/**
 * Has Redis read the files at the start, as they may have changed while nobody looked, and whenever they change, until
 * `signal` is aborted. Never throws: what fails is tried again.
 */
export async function followPasswords(options: FollowOptions): Promise<void> {
  const { link, others = [], folder, log, signal, intervalMs = 5000, othersAfterMs = 180_000 } = options;
  const read = () =>
    Promise.all(['users.acl', 'replication-password'].map((name) => readFile(`${folder}/${name}`, 'utf8')));
  /** What Redis has read. */
  let known: string | undefined;
  let othersAtMs = Number.POSITIVE_INFINITY;
  while (!signal.aborted) {
    await delay(intervalMs, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted && performance.now() >= othersAtMs) {
      othersAtMs = Number.POSITIVE_INFINITY;
      // A keeper that was started anew in between knows no password that its Redis takes, and who was in before does.
      // To all others it is nothing new.
      await Promise.all(others.map((other) => other.call(['ACL', 'LOAD']).catch(() => undefined)));
    }
    const now = await read().catch(() => undefined);
    if (now === undefined || signal.aborted || now.join('\n') === known) continue;
    try {
      // First the password of copying: the next command may end this connection, as its user has changed.
      await link.call(['CONFIG', 'SET', 'masterauth', (now[1] ?? '').trim()]);
      await link.call(['ACL', 'LOAD']);
      known = now.join('\n');
      othersAtMs = performance.now() + othersAfterMs;
      log.info('redis has read its users again');
    } catch (error) {
      // Not the command: it has the password.
      const problem = error instanceof Error ? (replyCode(error.cause) ?? error.name) : 'unknown';
      log.warn({ problem }, 'redis did not read its users again');
    }
  }
}
