// Calls of a test's own, few and for a while: what a service answers is what its dashboard shows.
import { setTimeout as delay } from 'node:timers/promises';
import { credentials } from '@grpc/grpc-js';
import { RouteGuideClient } from '../../../proto/routeguide/v1/route_guide.ts';
import { createCalls } from '../../../services/routeguide/client/calls.ts';
import { findPlaces, runLoad } from '../../../services/routeguide/load/load.ts';
import { DEFAULT_MIX } from '../../../services/routeguide/load/mix.ts';

/** Calls that go on. */
export interface Load {
  /** How many were answered as they should be. */
  readonly ok: number;
  readonly calls: number;
  stop(): Promise<void>;
}

const RATE = 20;
const DEADLINE_MS = 2000;
const PLACES_WITHIN_MS = 120_000;
/** Whatever becomes of the test. */
const LONGEST_MS = 1_200_000;

/** Begins to call the route guide at `address`, once it has features. */
export async function startLoad(address: string): Promise<Load> {
  const client = new RouteGuideClient(address, credentials.createInsecure());
  const calls = createCalls(client, { deadlineMs: DEADLINE_MS });
  const ending = new AbortController();
  const counts = { ok: 0, calls: 0 };
  try {
    const places = await findPlaces(calls, AbortSignal.timeout(PLACES_WITHIN_MS));
    const running = runLoad({
      ...{ calls, places, rate: RATE, durationMs: LONGEST_MS, rampMs: 0, mix: DEFAULT_MIX, seed: 1 },
      ...{ run: `watching-${process.pid}`, maxInFlight: 1000, verifyWithinMs: 1 },
      signal: ending.signal,
      onProgress: ({ ok, calls: all }) => Object.assign(counts, { ok, calls: all }),
    });
    return {
      get ok() {
        return counts.ok;
      },
      get calls() {
        return counts.calls;
      },
      stop: async () => {
        ending.abort(new Error('the test ends'));
        await Promise.race([running.catch(() => undefined), delay(10_000, undefined, { ref: false })]);
        client.close();
      },
    };
  } catch (error) {
    client.close();
    throw error;
  }
}
