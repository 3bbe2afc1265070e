// That one process at most moves slots: two would open and close the same ones.
import { randomUUID } from 'node:crypto';
import { CommandError } from './errors.ts';
import type { Link } from './link.ts';

const PREFIX = 'reshard-';

/** A name for all connections of one process that moves slots, by which others know of it. Servers forget it with it. */
export function reshardName(): string {
  return `${PREFIX}${randomUUID()}`;
}

/**
 * Throws CommandError where another process has such connections to any of the servers. Of two that start at once both
 * may be refused, and never neither: each has its name at a server before it asks who else is there.
 */
export async function requireAlone(links: readonly Link[], name: string): Promise<void> {
  const lists = await Promise.all(links.map((link) => link.text('CLIENT', 'LIST').catch(() => '')));
  const other = lists
    .flatMap((list) => list.split('\n'))
    .map((line) => ({ address: / addr=(\S+)/.exec(line)?.[1], name: / name=(\S+)/.exec(line)?.[1] }))
    .find((client) => client.name?.startsWith(PREFIX) === true && client.name !== name);
  if (other === undefined) return;
  throw new CommandError(`Moving slots: another process does it already, from ${other.address ?? 'elsewhere'}`, {
    hint: 'Wait until it is done, and run this again to see that nothing is left to do. Where its machine was lost, servers take five minutes to notice.',
  });
}
