// A cluster of which slots are moved, with a client: what the tests of it share. One at a time.
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { Cluster } from 'ioredis';
import { survivePassingSlots } from '../../client/connection.ts';
import { look } from '../keeper.ts';
import { countSlots } from '../nodes.ts';
import { type Progress, reshard } from '../reshard.ts';
import { deployedAcl } from './acl.ts';
import { createTestCluster, eventually, formOnce, type TestCluster } from './cluster.ts';

export const acl = deployedAcl();
export let cluster: TestCluster;
let client: Cluster | undefined;

/** Ends both, after each test. */
export async function removeAll(): Promise<void> {
  client?.disconnect();
  await cluster.remove();
}

/** From which place to which other one a slot of a cluster of four goes in a test: between the first and the last. */
export function wayOf(slot: number): readonly [number, number] | undefined {
  if (slot < 4096) return [0, 3];
  return slot >= 12_288 ? [3, 0] : undefined;
}

export async function slotCounts(): Promise<number[]> {
  const places = await look(cluster.links);
  return places.map(({ view }) => countSlots(view?.nodes.find(({ isMyself }) => isMyself)?.slots ?? []));
}

/** The place of the server that has a slot. */
export async function ownerOf(slot: number): Promise<number> {
  return (await look(cluster.links)).findIndex(({ view }) => {
    const slots = view?.nodes.find(({ isMyself }) => isMyself)?.slots ?? [];
    return slots.some(([first, last]) => first <= slot && slot <= last);
  });
}

/** `nodes` servers, of which `masters` have all slots, and a client of them. */
export async function formed(
  nodes: number,
  masters: number,
  settings: Readonly<Record<string, string>> = {},
): Promise<Cluster> {
  cluster = await createTestCluster({ nodes, isLocalhost: true, acl, settings });
  await formOnce(cluster, masters);
  const redisOptions = { ...acl.admin, commandTimeout: 5000 };
  client = new Cluster([{ host: '127.0.0.1', port: cluster.nodes[0]?.port ?? 0 }], { redisOptions });
  survivePassingSlots(client);
  return client;
}

export const run = (
  masters: number,
  options: { serversPerMaster?: number; signal?: AbortSignal; onProgress?: (p: Progress) => void } = {},
) =>
  reshard({
    links: cluster.links,
    masters,
    serversPerMaster: 1,
    credentials: () => acl.admin,
    signal: AbortSignal.timeout(300_000),
    ...options,
  });

/** Has a replica take over. Of two votes at a time one is lost, and Redis gives handing over up after five seconds. */
export async function promoted(place: number): Promise<void> {
  let askedMs = -Infinity;
  await eventually('the replica is master', async () => {
    if (((await slotCounts())[place] ?? 0) > 0) return true;
    if (performance.now() - askedMs < 6000) return undefined;
    askedMs = performance.now();
    await cluster.links[place]?.call(['CLUSTER', 'FAILOVER']);
    return undefined;
  });
}

/** Adds to counters until told to stop, which tells how often each was added to. */
export function addUntilStopped(redis: Cluster): () => Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  let isDone = false;
  const work = Promise.all(
    [0, 1, 2, 3].map(async (writer) => {
      for (let number = 0; !isDone; number++) {
        const key = `counter:${(number * 4 + writer) % 5000}`;
        await redis.incr(key);
        counts.set(key, (counts.get(key) ?? 0) + 1);
        await delay(1);
      }
    }),
  );
  return async () => {
    isDone = true;
    await work;
    return counts;
  };
}

export async function assertCounts(redis: Cluster, counts: ReadonlyMap<string, number>): Promise<void> {
  assert.ok(counts.size > 500, String(counts.size));
  const wrong = [];
  for (const [key, count] of counts) if (Number(await redis.get(key)) !== count) wrong.push(key);
  assert.deepEqual(wrong, []);
}
