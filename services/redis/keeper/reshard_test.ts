// Slots that move between real servers while clients write.
import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { look } from './keeper.ts';
import type { Link } from './link.ts';
import {
  acl,
  addUntilStopped,
  assertCounts,
  cluster,
  formed,
  removeAll,
  run,
  slotCounts,
  wayOf,
} from './testing/resharding.ts';

afterEach(removeAll);

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

  const REFUSED = [
    { name: 'two masters', masters: 2, problem: /2 masters are wanted/ },
    { name: 'no master', masters: 0, problem: /0 masters are wanted/ },
    { name: 'more than there are servers for', masters: 5, problem: /5 masters need 5 servers, and there are 3/ },
    { name: 'fewer than the data needs', masters: 1, problem: /of data do not fit into 1 masters/ },
  ];
  test('refuses what would lose data or an outage', async () => {
    const redis = await formed(3, 3, { maxmemory: '12mb' });
    // So small that what Redis needs for each key itself is most of what they take.
    const pairs = (tag: number) => Array.from({ length: 100 }, (_, index) => [`{${tag}}${index}`, 'x'] as const);
    await Promise.all(Array.from({ length: 1500 }, (_, tag) => redis.mset(new Map(pairs(tag)))));
    const before = await slotCounts();
    for (const { masters, problem } of REFUSED) await assert.rejects(run(masters), problem);
    await cluster.nodes[2]?.kill();
    await assert.rejects(run(3), /no answer from localhost/);
    await cluster.nodes[2]?.start();
    assert.deepEqual(await slotCounts(), before);
  });
});
