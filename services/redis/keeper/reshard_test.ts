// Slots that move between real servers while clients write.
import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Cluster } from 'ioredis';
import { survivePassingSlots } from '../client/connection.ts';
import { disagreement } from './agreement.ts';
import { look } from './keeper.ts';
import type { Link } from './link.ts';
import { moveSlot } from './move_slot.ts';
import { countSlots } from './nodes.ts';
import { makePlan } from './plan.ts';
import { type Progress, reshard } from './reshard.ts';
import { deployedAcl } from './testing/acl.ts';
import { createTestCluster, eventually, formOnce, type TestCluster } from './testing/cluster.ts';

const acl = deployedAcl();
let cluster: TestCluster;
let client: Cluster | undefined;
afterEach(async () => {
  client?.disconnect();
  await cluster.remove();
});

/** From which place to which other one a slot of a cluster of four goes in a test: between the first and the last. */
function wayOf(slot: number): readonly [number, number] | undefined {
  if (slot < 4096) return [0, 3];
  return slot >= 12_288 ? [3, 0] : undefined;
}

async function slotCounts(): Promise<number[]> {
  const places = await look(cluster.links);
  return places.map(({ view }) => countSlots(view?.nodes.find(({ isMyself }) => isMyself)?.slots ?? []));
}

/** The place of the server that has a slot. */
async function ownerOf(slot: number): Promise<number> {
  return (await look(cluster.links)).findIndex(({ view }) => {
    const slots = view?.nodes.find(({ isMyself }) => isMyself)?.slots ?? [];
    return slots.some(([first, last]) => first <= slot && slot <= last);
  });
}

/** `nodes` servers, of which `masters` have all slots, and a client of them. */
async function formed(
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

const run = (
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
async function promoted(place: number): Promise<void> {
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
function addUntilStopped(redis: Cluster): () => Promise<ReadonlyMap<string, number>> {
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

async function assertCounts(redis: Cluster, counts: ReadonlyMap<string, number>): Promise<void> {
  assert.ok(counts.size > 500, String(counts.size));
  const wrong = [];
  for (const [key, count] of counts) if (Number(await redis.get(key)) !== count) wrong.push(key);
  assert.deepEqual(wrong, []);
}

describe('reshard', { timeout: 850_000 }, () => {
  test('gives a new master its share while clients write, and goes on after it was ended in the middle', async () => {
    const redis = await formed(4, 4);
    const keepers = cluster.keepAll(4);
    // The fourth waits for slots, as a new pod does.
    await run(3);
    const values = Array.from({ length: 5000 }, (_, index) => `key:${index}`);
    await Promise.all(values.map((key) => redis.set(key, `value of ${key}`)));
    const stop = addUntilStopped(redis);

    const controller = new AbortController();
    let seen = 0;
    const first = run(4, {
      signal: controller.signal,
      onProgress: ({ movedSlots }) => {
        seen = movedSlots;
        if (movedSlots === 700) controller.abort(new Error('ended'));
      },
    });
    await assert.rejects(first, /ended/);
    const halfway = (await slotCounts())[3] ?? 0;
    assert.ok(halfway >= 690 && halfway <= seen, `${halfway} of ${seen}`);

    const { slots, movedKeys } = await run(4);
    assert.deepEqual(await slotCounts(), [4096, 4096, 4096, 4096]);
    assert.equal(slots, 4096 - halfway);
    assert.ok(movedKeys > 500);
    assert.equal((await run(4)).slots, 0);
    await keepers.stop();
    await assertCounts(redis, await stop());
    const lost = [];
    for (const key of values) if ((await redis.get(key)) !== `value of ${key}`) lost.push(key);
    assert.deepEqual(lost, []);
  });

  test('goes on with slots that were left open both ways between two masters', async () => {
    const redis = await formed(4, 4);
    // Slots of the first and the last master, with a key each.
    const names = new Map<number, string>();
    for (let index = 0; names.size < 200; index++) {
      const slot = Number(await cluster.links[0]?.call(['CLUSTER', 'KEYSLOT', `key:${index}`]));
      if (wayOf(slot) !== undefined) names.set(slot, `key:${index}`);
    }
    const open = [...names.keys()];
    await Promise.all(open.map((slot) => redis.set(names.get(slot) ?? '', slot)));
    const ids = await Promise.all(cluster.links.map((link) => link.text('CLUSTER', 'MYID')));
    for (const slot of open) {
      const [from = 0, to = 0] = wayOf(slot) ?? [];
      await cluster.links[to]?.call(['CLUSTER', 'SETSLOT', slot, 'IMPORTING', ids[from] ?? '']);
      await cluster.links[from]?.call(['CLUSTER', 'SETSLOT', slot, 'MIGRATING', ids[to] ?? '']);
    }
    await run(4);
    assert.deepEqual(await slotCounts(), [4096, 4096, 4096, 4096]);
    const values = await Promise.all(open.map((slot) => redis.get(names.get(slot) ?? '')));
    assert.deepEqual(values, open.map(String));
  });

  test('finishes slots however they were left, with the keys that are at either end', async () => {
    const redis = await formed(4, 4);
    const [a, d] = [cluster.links[0], cluster.links[3]];
    assert.ok(a && d);
    const [idA, idD] = [await a.text('CLUSTER', 'MYID'), await d.text('CLUSTER', 'MYID')];
    const set = (link: Link, slot: number, ...how: string[]) => link.call(['CLUSTER', 'SETSLOT', slot, ...how]);
    const give = (key: string, ...how: string[]) =>
      a.call(['MIGRATE', '127.0.0.1', d.endpoint.port, '', 0, 5000, ...how, 'AUTH2', ...user, 'KEYS', key]);
    const user = [acl.admin.username, acl.admin.password];
    const LEFT: Readonly<Record<string, (slot: number) => Promise<unknown>>> = {
      'nobody was told that all keys have gone': async () => undefined,
      'the new master was told': (slot) => set(d, slot, 'NODE', idD),
      'the former master was told': (slot) => set(a, slot, 'NODE', idD),
      'each takes the other one for the owner': async (slot) => {
        await set(a, slot, 'NODE', idD);
        await set(d, slot, 'STABLE');
      },
      'neither knows of the move, as votes were in between': async (slot) => {
        await set(a, slot, 'STABLE');
        await set(d, slot, 'STABLE');
      },
      'the former master knows nothing of it': (slot) => set(a, slot, 'STABLE'),
      'the new master knows nothing of it': (slot) => set(d, slot, 'STABLE'),
    };
    const wanted = new Map<string, string>();
    let number = 0;
    for (const [name, leave] of Object.entries(LEFT)) {
      let slot = -1;
      do slot = Number(await a.call(['CLUSTER', 'KEYSLOT', `{${++number}}`]));
      while (slot >= 4096);
      const [gone, staying, changed] = [`{${number}}gone`, `{${number}}staying`, `{${number}}changed`];
      for (const key of [gone, changed]) wanted.set(key, name);
      await Promise.all([gone, changed].map((key) => redis.set(key, name)));
      await set(d, slot, 'IMPORTING', idA);
      await set(a, slot, 'MIGRATING', idD);
      await give(gone);
      await give(changed);
      // Where its former master may still have keys: one of its own, and a newer value of one that has gone.
      if (/knows? /.test(name)) {
        await leave(slot);
        await set(a, slot, 'STABLE');
        for (const key of [staying, changed]) {
          await a.text('SET', key, `${name}, again`);
          wanted.set(key, `${name}, again`);
        }
      } else await leave(slot);
    }
    await d.call(['CLUSTER', 'SETSLOT', 100, 'IMPORTING', idA]);
    await run(4);
    for (const [key, value] of wanted) assert.equal(await redis.get(key), value, key);
    assert.deepEqual(await slotCounts(), [4096, 4096, 4096, 4096]);
    for (const { view } of await look(cluster.links)) {
      assert.deepEqual(view?.nodes.find(({ isMyself }) => isMyself)?.openSlots, []);
    }
  });

  test('goes on after a crash between any two steps of a move, with what clients have done in between', async () => {
    const redis = await formed(4, 4);
    const ids = await Promise.all(cluster.links.map((link) => link.text('CLUSTER', 'MYID')));
    const left = new Map<string, string | null>();
    // Expected, giving, what keys there are, giving keys, that there are none, and both ends told.
    for (let steps = 0; steps <= 7; steps++) {
      for (const key of ['old', 'changed', 'removed']) await redis.set(`{b}${key}${steps}`, 'before');
      // The slot of b.
      const from = await ownerOf(3300);
      const to = (from + 1) % 4;
      let done = 0;
      const crashing = (place: number): Link => {
        const link = cluster.links[place];
        assert.ok(link);
        const call: Link['call'] = async (command, timeoutMs) => {
          if (done++ >= steps) throw new Error('crashed');
          return link.call(command, timeoutMs);
        };
        return { ...link, call };
      };
      const moving = moveSlot({
        slot: 3300,
        source: crashing(from),
        target: crashing(to),
        from: ids[from] ?? '',
        to: ids[to] ?? '',
        credentials: () => acl.admin,
        signal: AbortSignal.timeout(10_000),
      });
      if (steps < 7) await assert.rejects(moving, /crashed/);
      else assert.equal(await moving, 3 + 3 * steps);
      await redis.set(`{b}changed${steps}`, 'after');
      await redis.del(`{b}removed${steps}`);
      await redis.set(`{b}new${steps}`, 'after');
      left.set(`{b}old${steps}`, 'before').set(`{b}changed${steps}`, 'after').set(`{b}removed${steps}`, null);
      left.set(`{b}new${steps}`, 'after');
      await run(4);
      for (const [key, value] of left) assert.equal(await redis.get(key), value, `${key} after ${steps} steps`);
      assert.deepEqual(await slotCounts(), [4096, 4096, 4096, 4096]);
    }
  });

  test('goes on while replicas take over for masters that give and get slots, and one of them is killed', async () => {
    const redis = await formed(8, 4);
    const keepers = cluster.keepAll(4);
    await Promise.all(Array.from({ length: 3000 }, (_, index) => redis.set(`key:${index}`, index)));
    let moved = 0;
    const running = run(3, { serversPerMaster: 2, onProgress: ({ movedSlots }) => void (moved = movedSlots) });
    const until = (slots: number) =>
      eventually(
        `${slots} slots have moved`,
        async () => {
          if (moved >= slots) return true;
          assert.equal(disagreement(await look(cluster.links)), undefined);
          return undefined;
        },
        120_000,
      );
    // The last master gives; the replica at place 7 is its own, that at place 4 of the first master, which gets.
    await until(200);
    await cluster.links[7]?.call(['CLUSTER', 'FAILOVER']);
    await until(800);
    await cluster.links[4]?.call(['CLUSTER', 'FAILOVER']);
    await until(1600);
    const giver = (await slotCounts()).findIndex((count, place) => count > 0 && (place === 3 || place === 7));
    await cluster.nodes[giver]?.kill();
    await delay(4000);
    await cluster.nodes[giver]?.start();
    await running;
    assert.deepEqual((await slotCounts()).filter((count) => count > 0).toSorted(), [5461, 5461, 5462]);
    for (let index = 0; index < 3000; index++) {
      const value = await eventually(`key:${index}`, async () => ({ value: await redis.get(`key:${index}`) }));
      assert.deepEqual(value, { value: String(index) });
    }
    await keepers.stop();
  });

  test('keepers open a slot again when the master at either end has changed, and have a slot of nobody taken', async () => {
    const redis = await formed(6, 3);
    const keepers = cluster.keepAll(3);
    const ids = await Promise.all(cluster.links.map((link) => link.text('CLUSTER', 'MYID')));
    const [a, c] = [cluster.links[0], cluster.links[2]];
    assert.ok(a && c);
    for (const key of ['gone', 'staying']) assert.equal(await redis.set(`{b}${key}`, key), 'OK');
    // Slot 3300 is that of b, and goes from the first to the third master.
    await c.call(['CLUSTER', 'SETSLOT', 3300, 'IMPORTING', ids[0] ?? '']);
    await a.call(['CLUSTER', 'SETSLOT', 3300, 'MIGRATING', ids[2] ?? '']);
    const user = ['AUTH2', acl.admin.username, acl.admin.password];
    await a.call(['MIGRATE', '127.0.0.1', c.endpoint.port, '{b}gone', 0, 5000, ...user]);
    const allFound = async (...keys: string[]) =>
      eventually('all keys are found', async () => {
        for (const key of keys) assert.equal(await redis.get(`{b}${key}`), key);
        return true;
      });
    await allFound('gone', 'staying');
    for (const replica of [3, 5]) {
      await promoted(replica);
      await allFound('gone', 'staying');
      const write = async () => (await redis.set(`{b}new${replica}`, `new${replica}`)) === 'OK' || undefined;
      await eventually('a key is written', write);
    }
    await allFound('gone', 'staying', 'new3', 'new5');
    await run(3, { serversPerMaster: 2 });
    await allFound('gone', 'staying', 'new3', 'new5');
    assert.deepEqual((await slotCounts()).filter((count) => count > 0).toSorted(), [5461, 5461, 5462]);

    const owner = await ownerOf(3300);
    // It has no key of the slot any more as far as it knows, and the one to which it gives it does not take it.
    const [giver, taker] = [cluster.links[owner], cluster.links[1]];
    await giver?.call(['CLUSTER', 'SETSLOT', 3300, 'MIGRATING', ids[1] ?? '']);
    const keys = ['gone', 'staying', 'new3', 'new5'].map((key) => `{b}${key}`);
    await taker?.call(['CLUSTER', 'SETSLOT', 3300, 'IMPORTING', ids[owner] ?? '']);
    await giver?.call(['MIGRATE', '127.0.0.1', taker?.endpoint.port ?? 0, '', 0, 5000, ...user, 'KEYS', ...keys]);
    await giver?.call(['CLUSTER', 'SETSLOT', 3300, 'NODE', ids[1] ?? '']);
    await taker?.call(['CLUSTER', 'SETSLOT', 3300, 'STABLE']);
    await allFound('gone', 'staying', 'new3', 'new5');
    await keepers.stop();
  });

  test('promotes replicas that stay before masters go', async () => {
    const redis = await formed(8, 4);
    await Promise.all(Array.from({ length: 500 }, (_, index) => redis.set(`key:${index}`, index)));
    // Places 6 and 7 go with the fourth master. Now they have the slots of two.
    await run(4, { serversPerMaster: 2 });
    const places = await look(cluster.links);
    const master = (place: number) => places[place]?.view?.nodes.find(({ isMyself }) => isMyself)?.masterId;
    for (const place of [6, 7]) if (master(place) !== undefined) await promoted(place);
    await run(3, { serversPerMaster: 2 });
    const counts = await slotCounts();
    assert.deepEqual([counts[6], counts[7]], [0, 0]);
    assert.deepEqual(counts.filter((count) => count > 0).toSorted(), [5461, 5461, 5462]);
    for (let index = 0; index < 500; index++) assert.equal(await redis.get(`key:${index}`), String(index));
  });

  test('leaves a whole cluster when servers go for good after that, and when they are there again', async () => {
    const redis = await formed(8, 4);
    await Promise.all(Array.from({ length: 500 }, (_, index) => redis.set(`key:${index}`, index)));
    await run(3, { serversPerMaster: 2 });
    const isWhole = async (nodes: number, masters: number) => {
      await eventually(
        `${nodes} servers are a cluster`,
        async () => {
          const places = await look(cluster.links.slice(0, nodes));
          assert.deepEqual(makePlan({ places, masters }), { actions: [], waiting: [] });
          for (const { view } of places) assert.equal(view?.nodes.length, nodes);
          return true;
        },
        // Whom Redis has forgotten it does not get to know again for a minute.
        150_000,
      );
      for (let index = 0; index < 500; index++) assert.equal(await redis.get(`key:${index}`), String(index));
    };
    for (const place of [7, 6]) {
      await cluster.handOver(place);
      await cluster.nodes[place]?.stop();
    }
    const few = [0, 1, 2, 3, 4, 5].map((own) => cluster.keeper(own, { masters: 3, nodes: 6 }));
    await isWhole(6, 3);
    await Promise.all(few.map((one) => one.stop()));
    // Their volumes were kept.
    await Promise.all([6, 7].map((place) => cluster.nodes[place]?.start()));
    cluster.keepAll(4);
    await isWhole(8, 4);
    await run(4, { serversPerMaster: 2 });
    await isWhole(8, 4);
    assert.deepEqual(
      (await slotCounts()).filter((count) => count > 0),
      [4096, 4096, 4096, 4096],
    );
  });

  const REFUSED = [
    { name: 'two masters', masters: 2, problem: /2 masters are wanted/ },
    { name: 'no master', masters: 0, problem: /0 masters are wanted/ },
    { name: 'more than there are servers for', masters: 5, problem: /5 masters need 5 servers, and there are 3/ },
    { name: 'fewer than the data needs', masters: 1, problem: /of data do not fit into 1 masters/ },
  ];
  test('refuses what would lose data or an outage', async () => {
    const redis = await formed(3, 3, { maxmemory: '12mb' });
    const value = 'x'.repeat(10_000);
    await Promise.all(Array.from({ length: 1500 }, (_, index) => redis.set(`key:${index}`, value)));
    const before = await slotCounts();
    for (const { masters, problem } of REFUSED) await assert.rejects(run(masters), problem);
    await cluster.nodes[2]?.kill();
    await assert.rejects(run(3), /no answer from localhost/);
    await cluster.nodes[2]?.start();
    assert.deepEqual(await slotCounts(), before);
  });
});
