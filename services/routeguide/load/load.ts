// A load as a whole: calls by an open loop, then every acknowledged write read again.
import { status, type ServiceError } from '@grpc/grpc-js';
import { setTimeout as delay } from 'node:timers/promises';
import type { Point, Rectangle } from '../../../proto/routeguide/v1/route_guide.ts';
import type { Calls } from '../client/calls.ts';
import { Ledger, type LedgerResult } from './ledger.ts';
import { createRandom } from '../../../tools/lib/random.ts';
import { drawMethod, type Method, type Mix } from './mix.ts';
import { runOpenLoop } from './open_loop.ts';
import { type Failure, Recorder, type Summary } from './recorder.ts';

/** Options of {@link runLoad}. */
export interface LoadOptions {
  readonly calls: Calls;
  /** Places to ask for. */
  readonly places: readonly Point[];
  /** Calls a second. */
  readonly rate: number;
  readonly durationMs: number;
  /** How long the rate rises from nothing before that; calls of that time are not counted, their writes are. */
  readonly rampMs: number;
  readonly mix: Mix;
  /** Decides which calls come in which order. */
  readonly seed: number;
  /** Names the run: notes carry it. */
  readonly run: string;
  /** Calls that may be under way at once; more fail as CLIENT_OVERLOADED, which is a failure of the load's own machine. */
  readonly maxInFlight: number;
  /** How long acknowledged writes are read again, at most. */
  readonly verifyWithinMs: number;
  /** Ends the calls early; what was acknowledged is read again all the same. */
  readonly signal: AbortSignal;
  /** Called each second with what has come until then. Default: nothing. */
  readonly onProgress?: (progress: Progress) => void;
}

/** How far a load is. */
export interface Progress {
  readonly seconds: number;
  readonly calls: number;
  readonly ok: number;
  readonly inFlight: number;
}

/** The one line that a load is about. */
export interface LoadResult extends Summary {
  readonly run: string;
  readonly seed: number;
  readonly rate: number;
  /** Calls that have begun a second: less than `rate` where this process could not keep up. */
  readonly begunPerSecond: number;
  readonly seconds: number;
  /** RFC 3339: when the first call that counts was due. */
  readonly startedAt: string;
  readonly methods: Readonly<Partial<Record<Method, Summary>>>;
  readonly writes: LedgerResult;
  readonly failures: readonly Failure[];
}

const ROUTE_LENGTH = 5;
/** Half the side of an area that is listed, in degrees E7. */
const AREA_E7 = 1_000_000;
const MAX_LATITUDE_E7 = 900_000_000;
const MAX_LONGITUDE_E7 = 1_800_000_000;

/** Runs a load to its end. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const {
    calls,
    rate,
    durationMs,
    rampMs,
    mix,
    seed,
    run,
    maxInFlight,
    signal,
    onProgress = () => undefined,
  } = options;
  const random = createRandom(seed);
  const ledger = new Ledger(run, random);
  const startedAt = new Date(Date.now() + rampMs).toISOString();
  const startMs = performance.now() + rampMs;
  const recorder = new Recorder(startMs);
  const running = new Set<Promise<void>>();
  const counts = { calls: 0, ok: 0 };

  const begin = (dueMs: number, isRamp: boolean) => {
    const method = drawMethod(mix, random);
    counts.calls += 1;
    if (running.size >= maxInFlight) {
      const details = `${maxInFlight} calls are under way`;
      if (isRamp) return;
      return recorder.failed(method, dueMs, { status: 'CLIENT_OVERLOADED', details });
    }
    const call = workOf(method, { ...options, random, ledger })().then(
      () => {
        counts.ok += 1;
        if (!isRamp) recorder.succeeded(method, dueMs, performance.now());
      },
      (error: unknown) => {
        if (!isRamp) recorder.failed(method, dueMs, problemOf(error));
      },
    );
    const settled = call.finally(() => running.delete(settled));
    running.add(settled);
  };
  const timer = setInterval(() => {
    const seconds = Math.round((performance.now() - startMs) / 1000);
    onProgress({ seconds, ...counts, inFlight: running.size });
  }, 1000);
  try {
    await runOpenLoop({ rate, durationMs, rampMs, signal, begin });
    const loopSeconds = Math.max(0.001, (performance.now() - startMs) / 1000);
    // Each has a deadline of its own.
    await Promise.all(running);
    const endMs = performance.now();
    const { all, methods, failures } = recorder.summary(endMs);
    const sleep = (ms: number) => delay(ms);
    const writes = await ledger.verify({ calls, signal: AbortSignal.timeout(options.verifyWithinMs), sleep });
    return {
      ...{ run, seed, rate, begunPerSecond: Math.round((all.calls / loopSeconds) * 10) / 10 },
      ...{ seconds: Math.round((endMs - startMs) / 100) / 10, startedAt },
      ...all,
      ...{ methods, writes, failures },
    };
  } finally {
    clearInterval(timer);
  }
}

const GLOBE: Rectangle = {
  low: { latitudeE7: -MAX_LATITUDE_E7, longitudeE7: -MAX_LONGITUDE_E7 },
  high: { latitudeE7: MAX_LATITUDE_E7, longitudeE7: MAX_LONGITUDE_E7 },
};
const ASK_EVERY_MS = 250;

/** The places of the server's features, as soon as it answers and has some; rejects when the signal is aborted first. */
export async function findPlaces(calls: Pick<Calls, 'listFeatures'>, signal: AbortSignal): Promise<readonly Point[]> {
  let last = 'it has no features';
  for (;;) {
    try {
      const places = (await calls.listFeatures(GLOBE)).flatMap(({ location }) => location ?? []);
      if (places.length > 0) return places;
    } catch (error) {
      const { status: name, details } = problemOf(error);
      last = `${name}: ${details}`;
    }
    if (signal.aborted)
      throw new Error(`the server could not be asked for its features: ${last}`, { cause: signal.reason });
    await delay(ASK_EVERY_MS);
  }
}

interface WorkContext extends LoadOptions {
  readonly random: () => number;
  readonly ledger: Ledger;
}

/** A call of a method. Everything random is drawn before it begins, so that a seed decides it. */
function workOf(method: Method, { calls, places, random, ledger }: WorkContext): () => Promise<void> {
  const place = (): Point => places[Math.floor(random() * places.length)] ?? { latitudeE7: 0, longitudeE7: 0 };
  switch (method) {
    case 'GetFeature': {
      const location = place();
      return async () => void (await calls.getFeature(location));
    }
    case 'ListFeatures': {
      const area = areaAround(place());
      return async () => void (await calls.listFeatures(area));
    }
    case 'RecordRoute': {
      const route = Array.from({ length: ROUTE_LENGTH }, place);
      return async () => void (await calls.recordRoute(route));
    }
    case 'RouteChat': {
      const note = ledger.next();
      return async () => {
        await calls.routeChat([note]);
        ledger.acknowledge(note);
      };
    }
  }
}

function areaAround({ latitudeE7, longitudeE7 }: Point): Rectangle {
  const within = (value: number, limit: number) => Math.max(-limit, Math.min(limit, value));
  const corner = (sign: 1 | -1): Point => ({
    latitudeE7: within(latitudeE7 + sign * AREA_E7, MAX_LATITUDE_E7),
    longitudeE7: within(longitudeE7 + sign * AREA_E7, MAX_LONGITUDE_E7),
  });
  return { low: corner(-1), high: corner(1) };
}

function problemOf(error: unknown): { readonly status: string; readonly details: string } {
  const { code, details } = error as Partial<ServiceError>;
  if (code === undefined)
    return { status: 'CLIENT_ERROR', details: error instanceof Error ? error.message : String(error) };
  return { status: status[code] ?? `status ${code}`, details: details ?? '' };
}
