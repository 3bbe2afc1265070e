// Before a master ends, a replica takes its slots: nobody waits for a vote, and nothing that was written is lost.
import { setTimeout as delay } from 'node:timers/promises';
import type { Link } from './link.ts';
import { parseInfo, parseNodes } from './nodes.ts';

/** Options of {@link handOver}. */
export interface HandOverOptions {
  readonly links: readonly Link[];
  readonly own: number;
  /** Ends the attempt. */
  readonly signal: AbortSignal;
  /** Default: 50. */
  readonly pollMs?: number;
  /** How long one replica gets before the next is asked, in milliseconds. Default: 3000. */
  readonly attemptMs?: number;
}

/** What came of it. `no replica`: it is the only one with its data, so its end is an outage of its slots. */
export type HandOver = 'no master' | 'no replica' | 'done' | 'given up';

interface Replica {
  readonly link: Link;
  readonly offset: number;
}

/** Makes the replica that has most of the data the master in the place of the own server. Never throws. */
export async function handOver(options: HandOverOptions): Promise<HandOver> {
  const { links, own, signal, pollMs = 50, attemptMs = 3000 } = options;
  const link = links[own];
  if (link === undefined) return 'given up';
  let outcome: HandOver = 'given up';
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      const self = parseNodes(await link.text('CLUSTER', 'NODES')).find(({ isMyself }) => isMyself);
      if (self?.role === 'replica') return attempt === 0 ? 'no master' : 'done';
      if (self === undefined || self.slots.length === 0) return 'no master';
      const replicas = await replicasOf(self.id, links);
      const chosen = replicas[attempt % Math.max(1, replicas.length)];
      if (chosen === undefined) {
        outcome = 'no replica';
        // One that starts just now may be one soon.
        if (attempt >= 10) return outcome;
        await delay(pollMs * 4, undefined, { signal });
        continue;
      }
      outcome = 'given up';
      await chosen.link.call(['CLUSTER', 'FAILOVER']);
      const untilMs = performance.now() + attemptMs;
      while (performance.now() < untilMs && !signal.aborted) {
        if (parseInfo(await link.text('INFO', 'replication')).get('role') === 'slave') return 'done';
        await delay(pollMs, undefined, { signal });
      }
    } catch {
      // Who doesn't answer now may do so in a moment; the signal ends it.
      await delay(pollMs * 4, undefined, { signal }).catch(() => undefined);
    }
  }
  return outcome;
}

/** The replicas of a master whose link to it is up, the one with most of its data first. */
async function replicasOf(masterId: string, links: readonly Link[]): Promise<Replica[]> {
  const found = await Promise.all(
    links.map(async (link): Promise<Replica[]> => {
      try {
        const self = parseNodes(await link.text('CLUSTER', 'NODES')).find(({ isMyself }) => isMyself);
        if (self?.masterId !== masterId) return [];
        const info = parseInfo(await link.text('INFO', 'replication'));
        return info.get('master_link_status') === 'up' ? [{ link, offset: Number(info.get('slave_repl_offset')) }] : [];
      } catch {
        return [];
      }
    }),
  );
  return found.flat().sort((a, b) => b.offset - a.offset);
}
