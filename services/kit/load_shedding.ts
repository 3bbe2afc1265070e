// A server that has too much to do refuses calls at once, rather than let all of them wait until nobody does any more.
import { status } from '@grpc/grpc-js';
import { AdaptiveLimit } from './adaptive_limit.ts';
import { Counter, Gauge, type Metrics } from './metrics.ts';
import type { CallObserver } from './observed_call.ts';
import { exhausted } from './retry_info.ts';

/** Options of {@link loadShedding}. */
export interface LoadSheddingOptions {
  /** The most unary calls at a time; how many it is at the moment the server finds out. 0: no limit. */
  readonly maxConcurrency: number;
  /** Default: none. */
  readonly metrics?: Metrics | undefined;
}

// Those who are refused come back at different times.
const RETRY_MS = 200;

/** Refuses unary calls over an adaptive limit. Streams, which may last, and those of machinery do not count. */
export function loadShedding({ maxConcurrency, metrics }: LoadSheddingOptions): CallObserver {
  if (maxConcurrency === 0) return {};
  const limit = new AdaptiveLimit({ max: maxConcurrency });
  let refused = 0;
  if (metrics !== undefined) {
    new Gauge({
      name: 'grpc_server_concurrency_limit',
      help: 'Unary calls that may run at a time, as the server finds out.',
      registers: [metrics],
      collect() {
        this.set(limit.limit);
      },
    });
    new Counter({
      name: 'grpc_server_shed_total',
      help: 'Calls that were refused because too many ran.',
      registers: [metrics],
      collect() {
        this.reset();
        this.inc(refused);
      },
    });
  }
  return {
    begin({ method }) {
      if (method.type !== 'unary' || method.internal || limit.acquire()) return undefined;
      refused += 1;
      return exhausted('the server has too much to do', RETRY_MS * (1 + Math.random()));
    },
    end({ method, tookMs }, { code }) {
      if (method.type !== 'unary' || method.internal) return;
      limit.release(code === status.CANCELLED ? undefined : tookMs);
    },
  };
}
