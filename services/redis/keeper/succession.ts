// When the server of a master is gone and its machine is not, its replica stands for election at once.
//
// A vote of Redis itself begins when nobody has heard of the master for the node timeout and more. A kubelet starts a
// container sooner than that: then the master is back before anybody has voted, with what its log had on disk, and its
// replicas throw away what they have beyond that (Redis puts the writing of its log off, for up to two seconds, while
// the disk is busy: https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/).
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../kit/index.ts';
import { type CopySource, copySourceOf } from './copying.ts';
import type { Link } from './link.ts';
import { parseInfo, parseNodes } from './nodes.ts';

/** Options of {@link standForElection}. */
export interface SuccessionOptions {
  readonly links: readonly Link[];
  /** The place whose server may become master. */
  readonly own: number;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

const LOOK_EVERY_MS = 100;
/** What it copied before that may be too old: that is a matter for people, or for the master when it is back. */
const FRESH_SECONDS = 5;

/** Looks until `signal` is aborted. Never throws: what fails is tried again as long as there is a reason for it. */
export async function standForElection({ links, own, log, signal }: SuccessionOptions): Promise<void> {
  while (!signal.aborted) {
    await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    // Connections tell by themselves who is gone: nobody is asked before that.
    if (!links.some((link) => link.isRefused())) continue;
    try {
      const masterId = await masterToSucceed(links, own);
      if (masterId === undefined || signal.aborted) continue;
      // Masters vote as ever; only the wait for a master that doesn't answer is left out.
      await links[own]?.call(['CLUSTER', 'FAILOVER', 'FORCE']);
      log.warn({ masterId }, 'its master is gone: it stands for election');
      // The vote takes a moment, and begins anew when it is asked for again.
      await delay(1000, undefined, { signal }).catch(() => undefined);
    } catch (error) {
      log.debug({ err: error }, 'not known yet whether its master is gone');
    }
  }
}

/** The id of the own server's master, if that is gone and no other replica has more of its data. */
async function masterToSucceed(links: readonly Link[], own: number): Promise<string | undefined> {
  const link = links[own];
  if (link === undefined) return undefined;
  const nodes = parseNodes(await link.text('CLUSTER', 'NODES'));
  const self = nodes.find(({ isMyself }) => isMyself);
  const master = nodes.find(({ id }) => id === self?.masterId);
  if (self?.role !== 'replica' || master === undefined || master.slots.length === 0) return undefined;
  const isAt = ({ endpoint }: Link) => endpoint.host === master.host && endpoint.port === master.port;
  if (links.find(isAt)?.isRefused() !== true) return undefined;
  const sources = await Promise.all(
    links
      .map(async (other): Promise<CopySource | undefined> => {
        const node = nodes.find(({ host, port }) => host === other.endpoint.host && port === other.endpoint.port);
        if (node?.masterId !== master.id) return undefined;
        return copySourceOf(parseInfo(await other.text('INFO', 'replication')));
      })
      .map((source) => source.catch(() => undefined)),
  );
  return heirOf(sources) === own ? master.id : undefined;
}

/** The place that has most of the data, of those that have just had all; undefined: none. Pure. */
export function heirOf(sources: readonly (CopySource | undefined)[]): number | undefined {
  let heir: number | undefined;
  let most = -1;
  for (const [place, source] of sources.entries()) {
    if (source === undefined || !isFresh(source) || source.offset <= most) continue;
    heir = place;
    most = source.offset;
  }
  return heir;
}

/** Whether it has just had all that its master had: a server that was started without its master has not. */
function isFresh({ downSeconds, isSyncing }: CopySource): boolean {
  return downSeconds !== undefined && downSeconds >= 0 && downSeconds <= FRESH_SECONDS && !isSyncing;
}
