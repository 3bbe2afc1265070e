// How often one caller may call, so that it does not take the server from the others.
import type { CallContext } from './call_context.ts';
import { Counter, type Metrics } from './metrics.ts';
import type { CallObserver } from './observed_call.ts';
import { exhausted } from './retry_info.ts';

/** Options of {@link quotas}. */
export interface QuotaOptions {
  /** Calls a second of one caller, on average. 0: no quotas. */
  readonly perSecond: number;
  /** Calls at once after a pause. */
  readonly burst: number;
  /**
   * The metadata key whose value says who calls. That is a caller's own word: it keeps friends from hurting one another,
   * and nobody else. Default: the identity of its certificate, or its address where it has none.
   */
  readonly metadataKey?: string | undefined;
  /** Default: none. */
  readonly metrics?: Metrics | undefined;
  /** A clock that never goes back, in milliseconds. */
  readonly nowMs?: () => number;
}

/** Callers that are remembered. Who has not called for longest is forgotten, and begins anew. */
export const MAX_CALLERS = 10_000;

interface Bucket {
  tokens: number;
  atMs: number;
}

/** Token buckets by caller. */
export class TokenBuckets {
  readonly #buckets = new Map<string, Bucket>();
  readonly #perMs: number;
  readonly #burst: number;
  readonly #nowMs: () => number;

  constructor(options: Pick<QuotaOptions, 'perSecond' | 'burst' | 'nowMs'>) {
    this.#perMs = options.perSecond / 1000;
    this.#burst = Math.max(1, options.burst);
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  /** How many callers are remembered. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Takes one token of `caller`: 0, or in how many milliseconds there will be one. */
  take(caller: string): number {
    const nowMs = this.#nowMs();
    const bucket = this.#buckets.get(caller) ?? { tokens: this.#burst, atMs: nowMs };
    // The order of a Map is that of insertion: who has called comes last.
    this.#buckets.delete(caller);
    this.#buckets.set(caller, bucket);
    if (this.#buckets.size > MAX_CALLERS) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    bucket.tokens = Math.min(this.#burst, bucket.tokens + (nowMs - bucket.atMs) * this.#perMs);
    bucket.atMs = nowMs;
    if (bucket.tokens < 1) return (1 - bucket.tokens) / this.#perMs;
    bucket.tokens -= 1;
    return 0;
  }
}

const MAX_KEY_LENGTH = 256;

/** Who calls. */
function callerOf(call: CallContext, metadataKey: string | undefined): string {
  if (metadataKey !== undefined) return String(call.metadata.get(metadataKey)[0] ?? '').slice(0, MAX_KEY_LENGTH);
  return call.identity?.slice(0, MAX_KEY_LENGTH) ?? call.address;
}

/** Refuses calls of callers that call too often. Those of machinery are free. */
export function quotas({ perSecond, burst, metadataKey, metrics, nowMs }: QuotaOptions): CallObserver {
  if (perSecond === 0) return {};
  const buckets = new TokenBuckets({ perSecond, burst, ...(nowMs === undefined ? {} : { nowMs }) });
  let refused = 0;
  if (metrics !== undefined) {
    new Counter({
      name: 'grpc_server_over_quota_total',
      help: 'Calls that were refused because their caller calls too often.',
      registers: [metrics],
      collect() {
        this.reset();
        this.inc(refused);
      },
    });
  }
  return {
    begin(call) {
      if (call.method.internal) return undefined;
      const waitMs = buckets.take(callerOf(call, metadataKey));
      if (waitMs === 0) return undefined;
      refused += 1;
      return exhausted(`more than ${perSecond} calls a second of one caller`, waitMs);
    },
  };
}
