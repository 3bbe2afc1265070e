// The lock of a run: a Lease for each of its stacks, held until everything is written.
import { setTimeout as sleep } from 'node:timers/promises';
import { ToolError } from '../../lib/errors.ts';
import { mapLimited } from '../../lib/limit.ts';
import { type Log, formatDuration } from '../../lib/log.ts';
import type { KubeClient } from '../kube/client.ts';
import type { KubeObject } from '../model/object.ts';
import type { LoadedSet } from '../model/plan_input.ts';
import { parentName } from './applyset.ts';
import { type Holder, thisHolder } from './holder.ts';
import { type HeldBy, LEASE_SECONDS, type LeasePlace, LeaseTaker, dropLease } from './lease.ts';
import { type Renewal, type RenewalOptions, startRenewal } from './renewal.ts';

/** Options of {@link lockSets}. */
export interface LockOptions extends RenewalOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** How long to wait for others, in milliseconds. */
  readonly waitMs: number;
  /** Default: this process. */
  readonly holder?: Holder;
}

/** A lock that is held. */
export interface Lock {
  /**
   * Takes the leases whose namespace was missing; call it once they are there. Whether somebody else had one of them:
   * then what was read before is old.
   */
  complete(): Promise<boolean>;
  /** Gives everything back; does not fail. A second call does nothing. */
  release(): Promise<void>;
}

const LOOK_EVERY_MS = 300;
const SAY_EVERY_MS = 5000;
const RELEASE_WITHIN_MS = 5000;
const CONCURRENCY = 16;

/** Locks stacks. Throws K8S_LOCKED, with who holds which and since when. */
export async function lockSets(sets: readonly LoadedSet[], options: LockOptions): Promise<Lock> {
  const holder = options.holder ?? thisHolder(options.env);
  const places = placesOf(sets);
  const held = new Map<string, KubeObject>();
  // From the first one on: it may take minutes until the last is free.
  const renewal = startRenewal(held, options);
  const taking = { ...options, holder, held, renewal };
  let homeless: readonly LeasePlace[];
  try {
    ({ homeless } = await takeAll(places, taking));
  } catch (error) {
    await renewal.stop();
    await dropAll(held, options.client);
    throw error;
  }
  let isReleased = false;
  return {
    async complete() {
      const { homeless: still, hasWaited } = await takeAll(homeless, taking);
      homeless = still;
      return hasWaited;
    },
    async release() {
      if (isReleased) return;
      isReleased = true;
      await renewal.stop();
      await dropAll(held, options.client);
    },
  };
}

/** In one order, so that two runs never wait for each other in a circle. */
function placesOf(sets: readonly LoadedSet[]): LeasePlace[] {
  return sets
    .filter(({ stack }) => stack !== '')
    .map(({ namespace, stack }) => ({ namespace, name: parentName(stack) }))
    .sort((a, b) => keyOf(a).localeCompare(keyOf(b)));
}

function keyOf({ namespace, name }: LeasePlace): string {
  return `${namespace}/${name}`;
}

interface TakeOptions extends LockOptions {
  readonly holder: Holder;
  /** What is held, by place. */
  readonly held: Map<string, KubeObject>;
  readonly renewal: Renewal;
}

interface Taken {
  readonly homeless: readonly LeasePlace[];
  readonly hasWaited: boolean;
}

/** All at once where they are free; else what was taken is given back, and they are taken one after the other. */
async function takeAll(places: readonly LeasePlace[], options: TakeOptions): Promise<Taken> {
  const { client, holder, held, renewal, signal } = options;
  const attempts = await mapLimited(places, CONCURRENCY, async (place) => {
    const attempt = await new LeaseTaker(client, place, holder, signal).attempt();
    if (attempt.kind === 'taken') held.set(keyOf(place), attempt.lease);
    return { place, attempt };
  });
  const homeless = attempts.filter(({ attempt }) => attempt.kind === 'homeless').map(({ place }) => place);
  if (attempts.every(({ attempt }) => attempt.kind !== 'held')) return { homeless, hasWaited: false };
  await renewal.between(async () => {
    const mine = places.map(keyOf).filter((key) => held.has(key));
    const given = new Map(mine.map((key) => [key, held.get(key) as KubeObject]));
    for (const key of mine) held.delete(key);
    await dropAll(given, client);
  });
  const startMs = performance.now();
  const still: LeasePlace[] = [];
  for (const place of places) {
    const lease = await waitFor(place, startMs, options);
    if (lease === undefined) still.push(place);
    else held.set(keyOf(place), lease);
  }
  return { homeless: still, hasWaited: true };
}

/** Waits for one lease; undefined where its namespace is missing. */
async function waitFor(place: LeasePlace, startMs: number, options: TakeOptions): Promise<KubeObject | undefined> {
  const { client, holder, signal, log, waitMs } = options;
  const taker = new LeaseTaker(client, place, holder, signal);
  let saidMs = Number.NEGATIVE_INFINITY;
  for (;;) {
    const attempt = await taker.attempt();
    if (attempt.kind === 'taken') return attempt.lease;
    if (attempt.kind === 'homeless') return undefined;
    const nowMs = performance.now();
    if (nowMs - startMs >= waitMs) throw lockedError(place, attempt.by, waitMs);
    if (nowMs - saidMs >= SAY_EVERY_MS) {
      saidMs = nowMs;
      log.info(`waiting   lock of ${keyOf(place)}: ${heldText(attempt.by)}`);
    }
    const pauseMs = Math.min(LOOK_EVERY_MS, waitMs - (nowMs - startMs));
    await sleep(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

function heldText({ identity, since }: HeldBy): string {
  const sinceMs = Date.parse(since);
  const ago = Number.isNaN(sinceMs) ? '' : ` since ${since} (${formatDuration(Math.max(0, Date.now() - sinceMs))})`;
  return `held by ${identity}${ago}`;
}

function lockedError(place: LeasePlace, by: HeldBy, waitMs: number): ToolError {
  const waited = waitMs === 0 ? '' : `, still after ${formatDuration(waitMs)}`;
  return new ToolError('K8S_LOCKED', `Locking ${keyOf(place)}: ${heldText(by)}${waited}`, {
    hint: `Wait until that run has ended; \`-- --wait-lock 10m\` waits longer. A holder that died is replaced after ${LEASE_SECONDS} s.`,
  });
}

/** Also after an interruption, within a deadline of its own; a lease that stays ends by itself. */
async function dropAll(held: ReadonlyMap<string, KubeObject>, client: KubeClient): Promise<void> {
  const signal = AbortSignal.timeout(RELEASE_WITHIN_MS);
  await Promise.allSettled([...held.values()].map((lease) => dropLease(client, lease, signal)));
}
