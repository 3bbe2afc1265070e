// Moves slots between masters, with their keys, while clients go on. Whatever ends it, the next run goes on from there:
// what is on its way is written in the servers themselves.
import { setTimeout as delay } from 'node:timers/promises';
import { disagreement } from './agreement.ts';
import { CommandError } from './errors.ts';
import { look } from './keeper.ts';
import type { Credentials, Link } from './link.ts';
import { moveSlot } from './move_slot.ts';
import { parseInfo } from './nodes.ts';
import { type Claim, claimCommands } from './ownerless.ts';
import { type Move, phasesOf } from './phases.ts';
import type { Place } from './plan.ts';
import { planReshard, type ReshardSteps } from './reshard_plan.ts';
import { keyCountsOf } from './slot_keys.ts';

/** How far a run has come. */
export interface Progress {
  readonly movedSlots: number;
  readonly slots: number;
  readonly movedKeys: number;
}

/** Options of {@link reshard}. */
export interface ReshardRun {
  readonly links: readonly Link[];
  readonly masters: number;
  readonly serversPerMaster: number;
  /** By whom a server gives keys to another one, asked each time; undefined: the servers know no users. */
  readonly credentials: () => Credentials | undefined;
  readonly signal: AbortSignal;
  /** Called after each slot. Default: nothing. */
  readonly onProgress?: (progress: Progress) => void;
  /** How long nothing may move: votes, pods that start anew, passwords that change. Default: 120 000. */
  readonly patienceMs?: number;
}

/** Servers write down each step before they answer; of several at once they do it together. */
const SLOTS_AT_ONCE = 16;
const LOOK_EVERY_MS = 500;
/** Redis gives up handing over after five seconds. Asked again before, it would begin anew. */
const PROMOTE_EVERY_MS = 6000;
/** No slot is without an owner for so long while two servers settle whose it is. */
const CLAIM_AFTER_MS = 5000;
/** How full masters may be after a move, as Redis refuses writes when they are full. */
const FULLEST = 0.8;

/** `moved`: look again at once; else what is waited for. */
type Outcome = 'done' | 'moved' | { readonly waitingFor: string };

/** Moves slots until `masters` masters have all of them. Throws CommandError, with nothing lost. */
export async function reshard(run: ReshardRun): Promise<Progress> {
  const { signal, patienceMs = 120_000 } = run;
  const mover = createMover(run);
  let sinceMs = performance.now();
  for (;;) {
    signal.throwIfAborted();
    const before = mover.progress().movedSlots;
    const outcome = await mover.step().catch((error: unknown): Outcome => {
      signal.throwIfAborted();
      // What is refused at first is refused; later on it may pass, as a pod that starts anew.
      if (error instanceof CommandError && !mover.isBegun()) throw error;
      return { waitingFor: error instanceof Error ? error.message : String(error) };
    });
    if (outcome === 'done') return mover.progress();
    if (outcome === 'moved' || mover.progress().movedSlots > before) sinceMs = performance.now();
    if (outcome === 'moved') continue;
    if (performance.now() - sinceMs > patienceMs) {
      throw new CommandError(`Moving slots: nothing has moved for ${patienceMs / 1000} s: ${outcome.waitingFor}`, {
        hint: 'Run it again, it goes on from here; `main.js cli CLUSTER NODES` in a keeper shows what servers say.',
      });
    }
    await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

interface Mover {
  /** Whether nothing speaks against it, so that it may have done something. */
  isBegun(): boolean;
  progress(): Progress;
  /** Looks at all servers, and does what comes next. */
  step(): Promise<Outcome>;
}

function createMover(run: ReshardRun): Mover {
  const { links, signal } = run;
  let progress: Progress = { movedSlots: 0, slots: 0, movedKeys: 0 };
  let isBegun = false;
  const promotedMs = new Map<number, number>();
  let claims = { text: '', sinceMs: 0 };

  const movePhase = async (moves: readonly Move[], places: readonly Place[]) => {
    const byId = new Map(places.map(({ view }, place) => [view?.id, links[place]]));
    for (let index = 0; index < moves.length; index += SLOTS_AT_ONCE) {
      signal.throwIfAborted();
      const moving = moves.slice(index, index + SLOTS_AT_ONCE).map(async (move) => {
        const [source, target] = [byId.get(move.from), byId.get(move.to)];
        if (source === undefined || target === undefined) throw new Error(`a master of slot ${move.slot} is gone`);
        const keys = await moveSlot({ ...move, source, target, credentials: run.credentials, signal });
        progress = { ...progress, movedSlots: progress.movedSlots + 1, movedKeys: progress.movedKeys + keys };
        run.onProgress?.(progress);
      });
      // Those beside one that failed come to an end of their own.
      const failed = (await Promise.allSettled(moving)).find((one) => one.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    }
  };
  const promote = async (place: number) => {
    if (performance.now() - (promotedMs.get(place) ?? -Infinity) < PROMOTE_EVERY_MS) return;
    // One that has no link to its master refuses.
    const isAsked = await links[place]?.call(['CLUSTER', 'FAILOVER']).catch(() => undefined);
    if (isAsked !== undefined) promotedMs.set(place, performance.now());
  };
  const claim = async (wanted: readonly Claim[], places: readonly Place[]): Promise<Outcome> => {
    const text = JSON.stringify(wanted);
    if (text !== claims.text) claims = { text, sinceMs: performance.now() };
    if (performance.now() - claims.sinceMs < CLAIM_AFTER_MS) return { waitingFor: 'servers settle whose a slot is' };
    for (const place of new Set(wanted.map((one) => one.place))) {
      const slots = wanted.filter((one) => one.place === place).map(({ slot }) => slot);
      const id = places[place]?.view?.id ?? '';
      for (const command of claimCommands(id, slots)) await links[place]?.call(command);
    }
    claims = { text: '', sinceMs: 0 };
    return { waitingFor: 'servers hear whose a slot is' };
  };

  return {
    isBegun: () => isBegun,
    progress: () => progress,
    async step() {
      const { places, steps } = await nextSteps(run);
      if (!isBegun) await requireRoom(run);
      isBegun = true;
      const { promotions, stable, moves } = steps;
      if (steps.claims.length > 0) return claim(steps.claims, places);
      if (promotions.length > 0) {
        await Promise.all(promotions.map(({ place }) => promote(place)));
        return { waitingFor: 'replicas that stay take over' };
      }
      for (const { place, slot } of stable) await links[place]?.call(['CLUSTER', 'SETSLOT', slot, 'STABLE']);
      const waitingFor = disagreement(places);
      if (waitingFor !== undefined) return { waitingFor };
      progress = { ...progress, slots: progress.movedSlots + moves.length };
      const [phase] = phasesOf(moves);
      if (phase === undefined) return stable.length === 0 ? 'done' : { waitingFor: 'slots are closed' };
      await movePhase(phase, places);
      return 'moved';
    },
  };
}

/** What all servers say, and what follows from it. Throws CommandError where nothing can be done. */
async function nextSteps(run: ReshardRun): Promise<{ places: readonly Place[]; steps: ReshardSteps }> {
  const { links, masters, serversPerMaster } = run;
  const places = await look(links);
  const keys = await Promise.all(
    links.map(async (link, place) => (places[place]?.view === undefined ? new Map() : keyCountsOf(link))),
  );
  const plan = planReshard({ places, keys, masters, serversPerMaster });
  if ('problem' in plan) throw new CommandError(`Moving slots: ${plan.problem}`, { hint: plan.hint });
  return { places, steps: plan };
}

/** Refuses what would fill the masters that are left: Redis would refuse writes, or a move end in the middle. */
async function requireRoom({ links, masters }: ReshardRun): Promise<void> {
  const infos = await Promise.all(links.map(async (link) => parseInfo(await link.text('INFO', 'everything'))));
  const data = infos.filter((info) => info.get('role') === 'master').map(dataOf);
  const room = bytesOf(infos[0] ?? new Map(), 'maxmemory') * masters * FULLEST;
  const used = data.reduce((sum, bytes) => sum + bytes, 0);
  if (room === 0 || used <= room) return;
  const inMegabytes = (bytes: number) => `${Math.round(bytes / 1_000_000)} MB`;
  throw new CommandError(
    `Moving slots: ${inMegabytes(used)} of data do not fit into ${masters} masters, which may have ${inMegabytes(room)}`,
    { hint: 'Leave more masters, or give them more memory (maxmemory in redis.jsonnet).' },
  );
}

/** What its data takes of maxmemory. Not used_memory_dataset: what Redis needs for each key itself is not in that. */
function dataOf(info: ReadonlyMap<string, string>): number {
  const others = bytesOf(info, 'used_memory_startup') + bytesOf(info, 'mem_not_counted_for_evict');
  return bytesOf(info, 'used_memory') - others;
}

function bytesOf(info: ReadonlyMap<string, string>, field: string): number {
  return Number(info.get(field) ?? 0);
}
