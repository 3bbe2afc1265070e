// Slots that move while masters change, and between any two steps.
import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { disagreement } from './agreement.ts';
import { look } from './keeper.ts';
import type { Link } from './link.ts';
import { moveSlot } from './move_slot.ts';
import { eventually } from './testing/cluster.ts';
import { acl, cluster, formed, ownerOf, promoted, removeAll, run, slotCounts } from './testing/resharding.ts';

afterEach(removeAll);

describe('reshard', { timeout: 850_000 }, () => {
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
    assert.deepEqual(
      (await slotCounts()).filter((count) => count > 0).toSorted((a, b) => a - b),
      [5461, 5461, 5462],
    );
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
    assert.deepEqual(
      (await slotCounts()).filter((count) => count > 0).toSorted((a, b) => a - b),
      [5461, 5461, 5462],
    );

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
});
