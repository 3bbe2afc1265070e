// Keeps leases by renewing them, and says when they can no longer be counted on: before anybody may take them over.
import { ToolError } from '../../lib/errors.ts';
import { mapLimited } from '../../lib/limit.ts';
import type { KubeClient } from '../kube/client.ts';
import type { KubeObject } from '../model/object.ts';
import { LEASE_SECONDS, renewLease } from './lease.ts';

const RENEW_EVERY_MS = 5000;
const RENEW_WITHIN_MS = 4000;
/** What is written last has this time to arrive before another run may begin. */
const ON_ITS_WAY_MS = 2000;
const STOP_WITHIN_MS = 5000;
const CONCURRENCY = 16;

/** Options of {@link startRenewal}. */
export interface RenewalOptions {
  readonly client: KubeClient;
  /** Called once when something was lost: nothing may be written any more. */
  readonly onLost: (error: ToolError) => void;
  /** How often all is renewed, in milliseconds. Default: 5000. */
  readonly renewEveryMs?: number;
  /** How long one renewal may take, in milliseconds. Default: 4000. */
  readonly renewWithinMs?: number;
  /** How long what is held is kept, from when its last renewal was sent, in milliseconds. Default: 13 000. */
  readonly keptForMs?: number;
}

/** Leases that are being renewed. */
export interface Renewal {
  /** Runs `work` while nothing is renewed: what gives some of them back. */
  between<T>(work: () => Promise<T>): Promise<T>;
  /** Ends it; what is held is then as the last renewal made it. */
  stop(): Promise<void>;
}

/** Renews what is in `held` by then, by place, until it is stopped or something is lost. */
export function startRenewal(held: Map<string, KubeObject>, options: RenewalOptions): Renewal {
  const { client, onLost, renewEveryMs = RENEW_EVERY_MS, renewWithinMs = RENEW_WITHIN_MS } = options;
  const { keptForMs = LEASE_SECONDS * 1000 - ON_ITS_WAY_MS } = options;
  const stopping = new AbortController();
  let running: Promise<unknown> = Promise.resolve();
  let failure: unknown;
  let isOver = false;
  let lapse: NodeJS.Timeout | undefined;
  const end = () => {
    isOver = true;
    clearInterval(timer);
    clearTimeout(lapse);
  };
  const lose = (error: ToolError) => {
    if (isOver) return;
    end();
    onLost(error);
  };
  // A clock of its own: a request that gets no answer, or waits for a connection, does not stop it.
  const keep = (sentMs: number) => {
    clearTimeout(lapse);
    if (isOver) return;
    const leftMs = Math.max(0, sentMs + keptForMs - performance.now());
    lapse = setTimeout(() => lose(lost([...held.keys()].join(', '), 'it could not be renewed', failure)), leftMs);
    lapse.unref();
  };
  const renewAll = async () => {
    const sentMs = performance.now();
    const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(renewWithinMs)]);
    try {
      await mapLimited([...held], CONCURRENCY, async ([key, lease]) => {
        const renewed = await renewLease(client, lease, signal);
        if (renewed === undefined) throw lost(key, 'another run took it');
        held.set(key, renewed);
      });
      failure = undefined;
      keep(sentMs);
    } catch (error) {
      if (error instanceof ToolError && error.code === 'K8S_LOCK_LOST') lose(error);
      else failure = error;
    }
  };
  const after = <T>(work: () => Promise<T>): Promise<T> => {
    const next = running.then(work);
    running = next.catch(() => {});
    return next;
  };
  let isDue = false;
  const timer = setInterval(() => {
    if (isDue || isOver) return;
    isDue = true;
    void after(async () => {
      isDue = false;
      if (!isOver) await renewAll();
    });
  }, renewEveryMs);
  timer.unref();
  keep(performance.now());
  return {
    between: after,
    async stop() {
      end();
      // What is given back must be the version that the last renewal made.
      const timeout = setTimeout(() => stopping.abort(new Error('the lock is given back')), STOP_WITHIN_MS);
      await running;
      clearTimeout(timeout);
    },
  };
}

function lost(key: string, why: string, cause?: unknown): ToolError {
  return new ToolError('K8S_LOCK_LOST', `Keeping the lock of ${key}: ${why}`, {
    cause,
    hint: 'See who else applies this stack, then run it again: it continues where it stopped.',
  });
}
