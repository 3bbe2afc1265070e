// Slots that move off masters which are to go.
import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { look } from './keeper.ts';
import { makePlan } from './plan.ts';
import { eventually } from './testing/cluster.ts';
import { cluster, formed, promoted, removeAll, run, slotCounts } from './testing/resharding.ts';

afterEach(removeAll);

describe('reshard', { timeout: 850_000 }, () => {
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
    assert.deepEqual(
      counts.filter((count) => count > 0).toSorted((a, b) => a - b),
      [5461, 5461, 5462],
    );
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
    await Promise.all([6, 7].map(async (place) => cluster.nodes[place]?.start()));
    cluster.keepAll(4);
    await isWhole(8, 4);
    await run(4, { serversPerMaster: 2 });
    await isWhole(8, 4);
    assert.deepEqual(
      (await slotCounts()).filter((count) => count > 0),
      [4096, 4096, 4096, 4096],
    );
  });
});
