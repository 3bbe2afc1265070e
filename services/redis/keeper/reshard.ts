// Moves slots between masters, with their keys, while clients go on. Whatever ends it, the next run goes on from there:
// what is on its way is written in the servers themselves.
import { setTimeout as delay } from 'node:timers/promises';
import { CommandError } from './errors.ts';
import { look } from './keeper.ts';
import { type Credentials, type Link, replyCode } from './link.ts';
import { parseInfo } from './nodes.ts';
import { type Move, planReshard, type ReshardPlan } from './reshard_plan.ts';

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
  /** By whom a server gives keys to another one; undefined: the servers know no users. */
  readonly credentials: Credentials | undefined;
  readonly signal: AbortSignal;
  /** Called after each slot. Default: nothing. */
  readonly onProgress?: (progress: Progress) => void;
}

const KEYS_AT_ONCE = 100;
/** Servers write down each step before they answer; of several at once they do it together. */
const SLOTS_AT_ONCE = 16;
const MIGRATE_TIMEOUT_MS = 10_000;
const SETTLE_MS = 30_000;
/** How full masters may be after a move, as Redis refuses writes when they are full. */
const FULLEST = 0.8;

/** Moves slots until `masters` masters have all of them. Throws CommandError, with nothing lost. */
export async function reshard(run: ReshardRun): Promise<Progress> {
  const { links, signal, onProgress } = run;
  let plan = await nextPlan(run);
  await requireRoom(run);
  await settle(run, async () => {
    plan = await nextPlan(run);
    // A replica that is behind refuses, or does not get there in time.
    for (const { place } of plan.promotions) await links[place]?.call(['CLUSTER', 'FAILOVER']).catch(() => undefined);
    return plan.promotions.length === 0;
  });
  for (const { place, slot } of plan.stable) await links[place]?.call(['CLUSTER', 'SETSLOT', slot, 'STABLE']);
  const slots = plan.moves.length;
  let progress: Progress = { movedSlots: 0, slots, movedKeys: 0 };
  const linkOf = await linksById(links);
  for (let index = 0; index < slots; index += SLOTS_AT_ONCE) {
    signal.throwIfAborted();
    const moving = plan.moves.slice(index, index + SLOTS_AT_ONCE).map(async (move) => {
      const keys = await moveSlot(move, linkOf, run);
      progress = { movedSlots: progress.movedSlots + 1, slots, movedKeys: progress.movedKeys + keys };
      onProgress?.(progress);
    });
    // Those beside one that failed come to an end of their own.
    const failed = (await Promise.allSettled(moving)).find((one) => one.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
  // Servers tell one another; until all know it, a client may be sent to and fro.
  await settle(run, async () => {
    const left = await planOf(run);
    // What has just changed hands may have no owner in the eyes of one of them.
    return !('problem' in left) && left.moves.length === 0 && left.promotions.length === 0;
  });
  return progress;
}

type Steps = Exclude<ReshardPlan, { problem: string }>;

async function planOf({ links, masters, serversPerMaster }: ReshardRun): Promise<ReshardPlan> {
  return planReshard({ places: await look(links), masters, serversPerMaster });
}

async function nextPlan(run: ReshardRun): Promise<Steps> {
  const plan = await planOf(run);
  if ('problem' in plan) throw new CommandError(`Moving slots: ${plan.problem}`, { hint: plan.hint });
  return plan;
}

/** Refuses what would fill the masters that are left: Redis would refuse writes, or a move end in the middle. */
async function requireRoom({ links, masters }: ReshardRun): Promise<void> {
  const infos = await Promise.all(links.map(async (link) => parseInfo(await link.text('INFO', 'everything'))));
  const data = infos
    .filter((info) => info.get('role') === 'master')
    .map((info) => bytesOf(info, 'used_memory_dataset'));
  const room = bytesOf(infos[0] ?? new Map(), 'maxmemory') * masters * FULLEST;
  const used = data.reduce((sum, bytes) => sum + bytes, 0);
  if (room === 0 || used <= room) return;
  const inMegabytes = (bytes: number) => `${Math.round(bytes / 1_000_000)} MB`;
  throw new CommandError(
    `Moving slots: ${inMegabytes(used)} of data do not fit into ${masters} masters, which may have ${inMegabytes(room)}`,
    { hint: 'Leave more masters, or give them more memory (maxmemory in redis.jsonnet).' },
  );
}

function bytesOf(info: ReadonlyMap<string, string>, field: string): number {
  return Number(info.get(field) ?? 0);
}

async function linksById(links: readonly Link[]): Promise<(id: string) => Link> {
  const byId = new Map(
    await Promise.all(links.map(async (link) => [await link.text('CLUSTER', 'MYID'), link] as const)),
  );
  return (id) => {
    const link = byId.get(id);
    if (link === undefined) throw new CommandError(`Moving slots: there is no server ${id}`);
    return link;
  };
}

/** Moves one slot; returns how many keys were in it. Every step may be repeated. */
async function moveSlot({ slot, from, to }: Move, linkOf: (id: string) => Link, run: ReshardRun): Promise<number> {
  const [source, target] = [linkOf(from), linkOf(to)];
  await target.call(['CLUSTER', 'SETSLOT', slot, 'IMPORTING', from]);
  await source.call(['CLUSTER', 'SETSLOT', slot, 'MIGRATING', to]);
  const address = target.address();
  if (address === undefined) throw new CommandError(`Moving slot ${slot}: its new master does not answer`);
  const auth = run.credentials === undefined ? [] : ['AUTH2', run.credentials.username, run.credentials.password];
  let moved = 0;
  for (;;) {
    run.signal.throwIfAborted();
    const keys = (await source.call(['CLUSTER', 'GETKEYSINSLOT', slot, KEYS_AT_ONCE])) as readonly string[];
    if (keys.length === 0) break;
    // The source has what is valid as long as it has the key: a copy of an earlier try gives way.
    const migrate = ['MIGRATE', address, target.endpoint.port, '', 0, MIGRATE_TIMEOUT_MS, 'REPLACE', ...auth, 'KEYS'];
    await source.call([...migrate, ...keys], MIGRATE_TIMEOUT_MS + 2000);
    moved += keys.length;
  }
  // The new master first: should this end in between, two have the slot, and the newer claim counts.
  await target.call(['CLUSTER', 'SETSLOT', slot, 'NODE', to]);
  await source.call(['CLUSTER', 'SETSLOT', slot, 'NODE', to]).catch((error: unknown) => {
    // It has heard of it already, and follows the new master.
    if (replyCode(error) === undefined) throw error;
  });
  return moved;
}

async function settle({ signal }: ReshardRun, isSettled: () => Promise<boolean>): Promise<void> {
  const untilMs = performance.now() + SETTLE_MS;
  while (performance.now() < untilMs) {
    if (await isSettled()) return;
    await delay(500, undefined, { signal });
  }
  throw new CommandError(`Moving slots: the servers do not agree after ${SETTLE_MS / 1000} s`, {
    hint: 'Run it again; `main.js cli CLUSTER NODES` in a keeper shows what they say.',
  });
}
