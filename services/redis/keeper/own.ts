// The own Redis of a keeper: whether it is ready, and how it ends.
import type { Logger } from '../../kit/index.ts';
import { handOver } from './handover.ts';
import type { Answer } from './http.ts';
import type { Link } from './link.ts';
import { parseInfo, parseNodes } from './nodes.ts';
import { unreadiness } from './readiness.ts';

/** Answers about the own Redis. */
export interface Own {
  /** 200 if clients may use it, else 503 and why not. */
  ready(): Promise<Answer>;
  /** Hands its slots over; from then on it is not ready, until it has been started anew or was not ended in time. */
  end(): Promise<Answer>;
}

/** Options of {@link createOwn}. */
export interface OwnOptions {
  readonly links: readonly Link[];
  readonly own: number;
  readonly log: Logger;
  /** After how long a replica is not waited for any more, in milliseconds. Default: 15 000. */
  readonly handOverMs?: number;
  /**
   * How long it may take until it has been started anew, in milliseconds: one that is still there then was not to end.
   * Default: 60 000, more than a pod has.
   */
  readonly endMs?: number;
}

export function createOwn({ links, own, log, handOverMs = 15_000, endMs = 60_000 }: OwnOptions): Own {
  const link = links[own];
  /** The run of Redis that is about to end, since when. */
  let endingRun: string | undefined;
  let endingSinceMs = 0;

  const runId = async () => parseInfo((await link?.text('INFO', 'server')) ?? '').get('run_id');
  return {
    async ready() {
      if (link === undefined) return { status: 503, text: 'it has no place among the servers' };
      try {
        const [nodes, cluster, info] = await Promise.all([
          link.text('CLUSTER', 'NODES'),
          link.text('CLUSTER', 'INFO'),
          link.text('INFO', 'everything'),
        ]);
        const fields = parseInfo(info);
        const problems = unreadiness({ nodes: parseNodes(nodes), cluster: parseInfo(cluster), info: fields });
        if (performance.now() - endingSinceMs > endMs) endingRun = undefined;
        if (endingRun !== undefined && fields.get('run_id') === endingRun) problems.push('it ends');
        return problems.length === 0 ? { status: 200, text: 'ready' } : { status: 503, text: problems.join('; ') };
      } catch (error) {
        return { status: 503, text: error instanceof Error ? error.message : String(error) };
      }
    },
    async end() {
      endingRun = await runId().catch(() => undefined);
      const startMs = performance.now();
      endingSinceMs = startMs;
      const outcome = await handOver({ links, own, signal: AbortSignal.timeout(handOverMs) });
      const tookMs = Math.round(performance.now() - startMs);
      if (outcome === 'given up')
        log.error({ tookMs }, 'no replica has taken the slots over: they are away until a vote');
      else log.info({ outcome, tookMs }, 'handed over');
      // Whatever came of it, Redis is told to end.
      return { status: 200, text: outcome };
    },
  };
}
