import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Cluster } from 'ioredis';
import { createLogger } from '../../kit/index.ts';
import { deployedAcl } from '../../redis/keeper/testing/acl.ts';
import { createTestCluster, eventually, type TestCluster, untilWhole } from '../../redis/keeper/testing/cluster.ts';
import { readFeatures } from './features.ts';
import { connectRedis, createRedis } from '../../redis/client/connection.ts';
import { featureKey, notesKey, partOf, PARTS } from './redis_keys.ts';
import { RedisStore, StoreUnavailableError } from './redis_store.ts';
import { areaBetween, type Feature } from './routeguide.ts';

const log = createLogger({ service: 'test', level: 'silent' });
const acl = deployedAcl();
const EVERYWHERE = areaBetween(
  { latitudeE7: -900_000_000, longitudeE7: -1_800_000_000 },
  { latitudeE7: 900_000_000, longitudeE7: 1_800_000_000 },
);

function client(cluster: TestCluster, commandTimeoutMs = 1000): Cluster {
  const address = { host: '127.0.0.1', port: cluster.nodes[0]?.port ?? 0 };
  return createRedis({ address, ...acl.user('routeguide'), commandTimeoutMs });
}

/** A connected client, and promises of the next changes of its readiness. */
function connect(redis: Cluster, prepare: () => Promise<void> = async () => undefined) {
  let waiting: { wanted: boolean; resolve: () => void }[] = [];
  let now = false;
  connectRedis(redis, {
    log,
    prepare,
    onReady: (ready) => {
      now = ready;
      for (const { wanted, resolve } of waiting) if (wanted === ready) resolve();
      waiting = waiting.filter(({ wanted }) => wanted !== ready);
    },
  });
  const becomes = (wanted: boolean) =>
    now === wanted ? Promise.resolve() : new Promise<void>((resolve) => waiting.push({ wanted, resolve }));
  return { redis, becomes };
}

async function all(store: RedisStore, area = EVERYWHERE): Promise<Feature[]> {
  const found: Feature[] = [];
  for await (const feature of store.listFeatures(area)) found.push(feature);
  return found;
}

/** Runs keepers until every server says that all slots have a master that answers. */
async function form(cluster: TestCluster, masters: number): Promise<void> {
  cluster.keepAll(masters);
  await untilWhole(cluster);
}

/** The place of the master of `key`. */
async function masterOf(cluster: TestCluster, key: string): Promise<number> {
  const answers = await Promise.all(
    cluster.links.map((link) =>
      link.text('EXISTS', key).then(
        () => true,
        () => false,
      ),
    ),
  );
  return answers.indexOf(true);
}

const place = (name: string, latitudeE7: number) => ({ name, location: { latitudeE7, longitudeE7: 5 } });

describe('RedisStore', { timeout: 60_000 }, () => {
  let cluster: TestCluster;
  let redis: Cluster;
  let store: RedisStore;
  before(async () => {
    cluster = await createTestCluster({ nodes: 3, isLocalhost: true, acl });
    await cluster.startAll();
    await form(cluster, 3);
    const connection = connect(client(cluster));
    await connection.becomes(true);
    redis = connection.redis;
    store = new RedisStore({ redis });
  });
  beforeEach(() => Promise.all(cluster.links.map((link) => link.text('FLUSHALL'))));
  after(async () => {
    redis.disconnect();
    await cluster.remove();
  });

  test('is filled once, also when several servers fill it at the same time, over all masters', async () => {
    const set = await readFeatures();
    const filled = await Promise.all([store.fill(set), store.fill(set), store.fill(set)]);
    // Each part is filled by one of them.
    assert.ok(filled.includes(true));
    assert.equal(await store.fill(set), false);
    assert.equal((await all(store)).length, 100);
    const sizes = await Promise.all(cluster.links.map(async (link) => Number(await link.call(['DBSIZE']))));
    assert.equal(
      sizes.reduce((sum, size) => sum + size),
      100 + 2 * PARTS,
    );
    assert.ok(
      sizes.every((size) => size > 10),
      sizes.join(),
    );
  });

  test('fills what another server left half done', async () => {
    const set = await readFeatures();
    await store.fill(set);
    const key = featureKey(set.features[0]?.location ?? { latitudeE7: 0, longitudeE7: 0 });
    await redis.del(key.replace(/feature:.*/, 'data-set'), key);
    assert.equal(await store.fill(set), true);
    assert.equal((await all(store)).length, 100);
  });

  test('answers without a feature whose key was deleted, and a second fill does not bring it back', async () => {
    const set = await readFeatures();
    await store.fill(set);
    const [feature] = set.features;
    assert.ok(feature);
    assert.deepEqual(await store.getFeature(feature.location), feature);
    await redis.del(featureKey(feature.location));
    await store.fill(set);
    assert.equal(await store.getFeature(feature.location), undefined);
    assert.equal((await all(store)).length, 99);
  });

  test('holds only the newest data set', async () => {
    await store.fill({ digest: 'one', features: [place('a', 1), place('b', 2)] });
    await store.fill({ digest: 'two', features: [place('b', 2), place('c', 3)] });
    assert.deepEqual(
      (await all(store)).map((feature) => feature.name),
      ['b', 'c'],
    );
    assert.equal(await store.getFeature({ latitudeE7: 1, longitudeE7: 5 }), undefined);
  });

  test('lists an area from south to north, edges included, over several pages of a part', async () => {
    const features = Array.from({ length: 5000 }, (_, index) => ({
      name: `feature ${index}`,
      location: { latitudeE7: 5000 - index, longitudeE7: index % 2 },
    }));
    await store.fill({ digest: 'many', features });
    const found = await all(store, { south: 1001, north: 5000, west: 0, east: 0 });
    assert.equal(found.length, 2000);
    assert.deepEqual(found.at(-1), features[0]);
    assert.deepEqual(
      found.map((f) => f.location.latitudeE7),
      found.map((f) => f.location.latitudeE7).toSorted((a, b) => a - b),
    );
  });

  test('returns the earlier notes of a point, oldest first, and keeps the latest ten', async () => {
    const location = { latitudeE7: 1, longitudeE7: 2 };
    assert.deepEqual(await store.addNote({ location, message: 'note 0' }), []);
    for (let index = 1; index < 12; index++) await store.addNote({ location, message: `note ${index}` });
    const earlier = await store.addNote({ location, message: 'last' });
    assert.deepEqual(
      earlier.map((note) => note.message),
      Array.from({ length: 10 }, (_, index) => `note ${index + 2}`),
    );
    assert.deepEqual(await store.addNote({ location: { latitudeE7: 1, longitudeE7: 3 }, message: 'x' }), []);
  });

  test('passes on an error reply that is a defect', async () => {
    const location = { latitudeE7: 1, longitudeE7: 1 };
    await redis.rpush(featureKey(location), 'not a string');
    await assert.rejects(store.getFeature(location), { name: 'ReplyError' });
  });

  test('reaches keys of its own only', async () => {
    await assert.rejects(redis.get('other:{1}:key'), /NOPERM/);
    await assert.rejects(redis.set('other:{1}:key', 'x'), /NOPERM/);
    await assert.rejects(redis.eval("return redis.call('GET', 'other:{1}:key')", 1, 'routeguide:{1}:x'), /NOPERM|ACL/);
    await assert.rejects(redis.flushall(), /NOPERM/);
    await assert.rejects(redis.config('GET', 'masterauth'), /NOPERM/);
    await assert.rejects(redis.keys('*'), /NOPERM/);
  });

  test('says that a note is on too few replicas, once its caller waits no longer', async () => {
    const waiting = connect(client(cluster, 3000));
    await waiting.becomes(true);
    const careful = new RedisStore({ redis, waitReplicas: 1, waiting: waiting.redis });
    const location = { latitudeE7: 3, longitudeE7: 4 };
    const note = careful.addNote({ location, message: 'x' }, { deadlineMs: Date.now() + 1500 });
    await assert.rejects(note, (error: unknown) => {
      assert.ok(error instanceof StoreUnavailableError);
      assert.match(error.message, /on 0 of 1 replicas/);
      return true;
    });
    // However often it was tried.
    assert.equal(await redis.llen(notesKey(location)).catch(() => 1), 1);
    waiting.redis.disconnect();
  });
});

describe('RedisStore and its replicas', { timeout: 60_000 }, () => {
  test('loses no note that is acknowledged when a master ends softly, and when one is killed', async () => {
    const cluster = await createTestCluster({
      nodes: 6,
      isLocalhost: true,
      acl,
      settings: { 'min-replicas-to-write': '1' },
    });
    await cluster.startAll();
    await form(cluster, 3);
    const connection = connect(client(cluster));
    const waiting = connect(client(cluster, 3000));
    await Promise.all([connection.becomes(true), waiting.becomes(true)]);
    const store = new RedisStore({ redis: connection.redis, waitReplicas: 1, waiting: waiting.redis });
    const acknowledged: { latitudeE7: number; longitudeE7: number }[] = [];
    let failed = 0;
    let longestMs = 0;
    let isDone = false;
    const write = async (writer: number) => {
      for (let number = 0; !isDone; number++) {
        const location = { latitudeE7: writer, longitudeE7: number };
        const startMs = performance.now();
        await store.addNote({ location, message: `note ${number}` }).then(
          () => acknowledged.push(location),
          () => (failed += 1),
        );
        longestMs = Math.max(longestMs, performance.now() - startMs);
      }
    };
    const writers = Promise.all([1, 2, 3, 4].map(write));
    const written = (count: number) =>
      eventually(`${count} notes`, () => (acknowledged.length >= count ? true : undefined));
    try {
      await written(50);
      const soft = await masterOf(cluster, 'routeguide:{0}:features');
      assert.equal(await cluster.handOver(soft), 'done');
      await cluster.nodes[soft]?.stop();
      await cluster.nodes[soft]?.start();
      await written(acknowledged.length + 300);
      const hard = await masterOf(cluster, 'routeguide:{1}:features');
      await cluster.nodes[hard]?.kill();
      // Its replica is master after a vote, and takes writes when it has a replica again.
      await eventually('another master', async () =>
        (await masterOf(cluster, 'routeguide:{1}:features')) >= 0 ? true : undefined,
      );
      await cluster.nodes[hard]?.start();
      await written(acknowledged.length + 300);
      // The last of them may be waiting for a vote.
      isDone = true;
      await writers;
      const lost = [];
      for (const location of acknowledged) {
        const before = await store.addNote({ location, message: 'again' });
        if (before.length !== 1) lost.push([location, before]);
      }
      assert.deepEqual(lost, []);
      assert.equal(failed, 0, `longest wait ${longestMs} ms`);
      assert.equal(new Set(acknowledged.map(partOf)).size, PARTS);
    } finally {
      isDone = true;
      for (const { redis } of [connection, waiting]) redis.disconnect();
      await cluster.remove();
    }
  });
});

describe('connectRedis', { timeout: 60_000 }, () => {
  test('waits for a Redis that is not there yet, prepares at each connection, and tells callers in time in between', async () => {
    const cluster = await createTestCluster({ nodes: 1, isLocalhost: true, acl });
    const [node] = cluster.nodes;
    let prepared = 0;
    const { redis, becomes } = connect(client(cluster), async () => {
      prepared += 1;
      if (prepared === 1) throw new Error('the first try fails');
    });
    const store = new RedisStore({ redis });
    const location = { latitudeE7: 1, longitudeE7: 1 };
    const soon = () => ({ deadlineMs: Date.now() + 500 });
    try {
      await assert.rejects(store.getFeature(location, soon()), StoreUnavailableError);
      await node?.start();
      await form(cluster, 1);
      await becomes(true);
      assert.equal(prepared, 2);
      assert.equal(await store.getFeature(location), undefined);
      await node?.stop();
      await becomes(false);
      const startMs = performance.now();
      await assert.rejects(store.addNote({ location, message: 'x' }, soon()), StoreUnavailableError);
      assert.ok(performance.now() - startMs < 1000);
      const waited = store.getFeature(location, { deadlineMs: Date.now() + 20_000 });
      await node?.start();
      assert.equal(await waited, undefined);
      await becomes(true);
      assert.equal(prepared, 3);
    } finally {
      redis.disconnect();
      await cluster.remove();
    }
  });

  test('does not wait for whoever has gone', async () => {
    const redis = createRedis({ address: { host: '127.0.0.1', port: 1 } });
    const store = new RedisStore({ redis });
    const controller = new AbortController();
    const waited = store.getFeature({ latitudeE7: 1, longitudeE7: 1 }, { signal: controller.signal });
    controller.abort();
    await assert.rejects(waited, StoreUnavailableError);
    redis.disconnect();
  });
});
