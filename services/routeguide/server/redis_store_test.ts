import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Redis } from 'ioredis';
import { createLogger } from '../../kit/index.ts';
import { readFeatures } from './features.ts';
import { connectRedis, createRedis } from './redis_connection.ts';
import { featureKey, RedisStore, StoreUnavailableError } from './redis_store.ts';
import { areaBetween, type Feature } from './routeguide.ts';
import { createTestRedis, type TestRedis } from './testing/redis_server.ts';

const log = createLogger({ service: 'test', level: 'silent' });
const EVERYWHERE = areaBetween(
  { latitudeE7: -900_000_000, longitudeE7: -1_800_000_000 },
  { latitudeE7: 900_000_000, longitudeE7: 1_800_000_000 },
);

/** A connected client, and promises of the next changes of its readiness. */
function connect(port: number, prepare: (redis: Redis) => Promise<void> = async () => undefined) {
  const redis = createRedis({ host: '127.0.0.1', port });
  let waiting: { wanted: boolean; resolve: () => void }[] = [];
  let now = false;
  connectRedis(redis, {
    log,
    prepare: () => prepare(redis),
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

describe('RedisStore', { timeout: 60_000 }, () => {
  let server: TestRedis;
  let redis: Redis;
  let store: RedisStore;
  before(async () => {
    server = await createTestRedis();
    await server.start();
    const connection = connect(server.port);
    await connection.becomes(true);
    redis = connection.redis;
    store = new RedisStore(redis);
  });
  beforeEach(() => redis.flushall());
  after(async () => {
    redis.disconnect();
    await server.remove();
  });

  test('is filled once, also when several servers fill it at the same time', async () => {
    const set = await readFeatures();
    const filled = await Promise.all([store.fill(set), store.fill(set), store.fill(set)]);
    assert.deepEqual(filled.toSorted(), [false, false, true]);
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
    const place = (name: string, latitudeE7: number) => ({ name, location: { latitudeE7, longitudeE7: 5 } });
    await store.fill({ digest: 'one', features: [place('a', 1), place('b', 2)] });
    await store.fill({ digest: 'two', features: [place('b', 2), place('c', 3)] });
    assert.deepEqual(
      (await all(store)).map((feature) => feature.name),
      ['b', 'c'],
    );
    assert.equal(await store.getFeature({ latitudeE7: 1, longitudeE7: 5 }), undefined);
  });

  test('lists an area from south to north, edges included, over several pages', async () => {
    const features = Array.from({ length: 250 }, (_, index) => ({
      name: `feature ${index}`,
      location: { latitudeE7: 1000 - index, longitudeE7: index % 2 },
    }));
    await store.fill({ digest: 'many', features });
    const found = await all(store, { south: 751, north: 1000, west: 0, east: 0 });
    assert.equal(found.length, 125);
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
    await redis.lpush(featureKey({ latitudeE7: 1, longitudeE7: 1 }), 'not a string');
    await assert.rejects(store.getFeature({ latitudeE7: 1, longitudeE7: 1 }), { name: 'ReplyError' });
  });
});

describe('connectRedis', { timeout: 60_000 }, () => {
  test('waits for a Redis that is not there yet, prepares at each connection, and fails calls at once in between', async () => {
    const server = await createTestRedis();
    let prepared = 0;
    const { redis, becomes } = connect(server.port, async () => {
      prepared += 1;
      if (prepared === 1) throw new Error('the first try fails');
    });
    const store = new RedisStore(redis);
    const location = { latitudeE7: 1, longitudeE7: 1 };
    try {
      await assert.rejects(store.getFeature(location), StoreUnavailableError);
      await server.start();
      await becomes(true);
      assert.equal(prepared, 2);
      assert.equal(await store.getFeature(location), undefined);
      await server.stop();
      await becomes(false);
      await assert.rejects(store.addNote({ location, message: 'x' }), StoreUnavailableError);
      await server.start();
      await becomes(true);
      assert.equal(prepared, 3);
    } finally {
      redis.disconnect();
      await server.remove();
    }
  });
});
