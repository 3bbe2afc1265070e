import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, beforeEach, describe, test } from 'node:test';
import { credentials, Metadata, status } from '@grpc/grpc-js';
import {
  type GetFeatureResponse,
  type Point,
  RouteGuideClient,
  RouteGuideService,
} from '../../../proto/routeguide/v1/route_guide.ts';
import { createLogger, type GrpcServer, startGrpcServer } from '../../kit/index.ts';
import { StoreUnavailableError } from './redis_store.ts';
import type { Store } from './routeguide.ts';
import { routeGuideService } from './server.ts';
import { createMemoryStore } from './testing/memory_store.ts';

const log = createLogger({ service: 'test', level: 'silent' });
const HOME = { name: 'Home', location: { latitudeE7: 400_000_000, longitudeE7: -740_000_000 } };
const NORTH = { name: 'North', location: { latitudeE7: 410_000_000, longitudeE7: -740_000_000 } };
const AREA = { low: { latitudeE7: 0, longitudeE7: -900_000_000 }, high: { latitudeE7: 900_000_000, longitudeE7: 0 } };
const OFF_GLOBE = { latitudeE7: 900_000_001, longitudeE7: 0 };

let failure: Error | undefined;
let store: Store;
let server: GrpcServer;
let client: RouteGuideClient;

before(async () => {
  server = await startGrpcServer({
    port: 0,
    host: '127.0.0.1',
    serviceNames: [],
    log,
    register: (grpc) =>
      grpc.addService(
        RouteGuideService,
        routeGuideService({
          log,
          store: {
            getFeature: (point) => store.getFeature(point),
            listFeatures: (area) => store.listFeatures(area),
            addNote: (note) => store.addNote(note),
          },
        }),
      ),
  });
  client = new RouteGuideClient(`127.0.0.1:${server.port}`, credentials.createInsecure());
});
beforeEach(() => {
  failure = undefined;
  store = createMemoryStore({ features: [HOME, NORTH], failure: () => failure });
});
after(async () => {
  client.close();
  await server.drain(0);
});

function getFeature(location: Point | undefined): Promise<GetFeatureResponse> {
  return new Promise((resolve, reject) => {
    client.getFeature({ location }, new Metadata(), { deadline: Date.now() + 5000 }, (error, response) =>
      error === null ? resolve(response) : reject(error),
    );
  });
}

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const messages: T[] = [];
  for await (const message of stream) messages.push(message);
  return messages;
}

describe('GetFeature', () => {
  test('answers with the feature at a point', async () =>
    assert.deepEqual(await getFeature(HOME.location), { feature: HOME }));
  test('answers without a feature where there is none', async () =>
    assert.deepEqual(await getFeature({ latitudeE7: 1, longitudeE7: 1 }), { feature: undefined }));
  test('refuses a point that is missing', () =>
    assert.rejects(getFeature(undefined), { code: status.INVALID_ARGUMENT, details: 'location must be set' }));
  test('refuses a point off the globe', () => assert.rejects(getFeature(OFF_GLOBE), { code: status.INVALID_ARGUMENT }));
  test('is UNAVAILABLE while the store is', async () => {
    failure = new StoreUnavailableError('the store cannot be reached');
    await assert.rejects(getFeature(HOME.location), {
      code: status.UNAVAILABLE,
      details: 'the store cannot be reached',
    });
  });
  test('hides the words of a defect', async () => {
    failure = new Error('password=hunter2');
    await assert.rejects(getFeature(HOME.location), (error: Error & { code: number }) => {
      assert.equal(error.code, status.INTERNAL);
      assert.doesNotMatch(error.message, /hunter2/);
      return true;
    });
  });
});

describe('ListFeatures', () => {
  test('streams what lies in the area', async () =>
    assert.deepEqual(await collect(client.listFeatures({ area: AREA })), [{ feature: HOME }, { feature: NORTH }]));
  test('refuses an area that is missing', () =>
    assert.rejects(collect(client.listFeatures({ area: undefined })), { code: status.INVALID_ARGUMENT }));
  test('ends with an error that comes after some features', async () => {
    const features = createMemoryStore({ features: [HOME, NORTH] });
    store = {
      ...features,
      async *listFeatures(area) {
        yield* features.listFeatures(area);
        throw new StoreUnavailableError('gone');
      },
    };
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const message of client.listFeatures({ area: AREA })) seen.push(message);
    })();
    await assert.rejects(reading, { code: status.UNAVAILABLE, details: 'gone' });
    assert.equal(seen.length, 2);
  });
  test('stops reading the store when the caller goes, and waits for a slow one', { timeout: 20_000 }, async () => {
    let yielded = 0;
    const { promise: stopped, resolve } = Promise.withResolvers<void>();
    store = {
      ...store,
      async *listFeatures() {
        try {
          for (;;) {
            yielded += 1;
            yield { ...HOME, name: 'x'.repeat(10_000) };
          }
        } finally {
          resolve();
        }
      },
    };
    const stream = client.listFeatures({ area: AREA });
    await once(stream, 'data');
    stream.pause();
    stream.on('error', () => undefined); // CANCELLED, asked for below.
    stream.cancel();
    await stopped;
    assert.ok(yielded < 1000, `${yielded} features were read for a caller that read one`);
  });
});

describe('RecordRoute', () => {
  const record = (points: readonly (Point | undefined)[]) =>
    new Promise((resolve, reject) => {
      const stream = client.recordRoute((error, response) =>
        error === null ? resolve(response.summary) : reject(error),
      );
      for (const location of points) stream.write({ location });
      stream.end();
    });
  test('sums up a route', async () =>
    assert.deepEqual(await record([HOME.location, NORTH.location, { latitudeE7: 410_000_000, longitudeE7: 0 }]), {
      pointCount: 3,
      featureCount: 2,
      distanceMeters: 6_118_654,
      elapsedSeconds: 0,
    }));
  test('sums up a route of no points', async () =>
    assert.deepEqual(await record([]), { pointCount: 0, featureCount: 0, distanceMeters: 0, elapsedSeconds: 0 }));
  test('refuses a bad point at once', () =>
    assert.rejects(record([HOME.location, OFF_GLOBE, HOME.location]), { code: status.INVALID_ARGUMENT }));
});

describe('RouteChat', () => {
  test('answers each note with the earlier ones of its point', { timeout: 20_000 }, async () => {
    const stream = client.routeChat();
    const note = (message: string, location = HOME.location) => ({ note: { location, message } });
    for (const message of ['a', 'b', 'c']) stream.write(note(message));
    stream.write(note('elsewhere', NORTH.location));
    stream.end();
    const answers = (await collect(stream)).map((response) => response.note?.message);
    assert.deepEqual(answers, ['a', 'a', 'b']);
  });
  test('answers while the caller still sends', { timeout: 20_000 }, async () => {
    const stream = client.routeChat();
    const note = { location: HOME.location, message: 'first' };
    stream.write({ note });
    stream.write({ note });
    assert.deepEqual(await once(stream, 'data'), [{ note }]);
    stream.end();
    await collect(stream);
  });
  test('refuses a long message', async () => {
    const stream = client.routeChat();
    stream.write({ note: { location: HOME.location, message: 'x'.repeat(1001) } });
    await assert.rejects(collect(stream), { code: status.INVALID_ARGUMENT });
  });
  test('leaves the server whole when callers go in the middle', { timeout: 20_000 }, async () => {
    for (let index = 0; index < 20; index++) {
      const stream = client.routeChat();
      stream.on('error', () => undefined); // CANCELLED, asked for below.
      stream.write({ note: { location: HOME.location, message: 'x' } });
      if (index % 2 === 0) stream.once('metadata', () => stream.cancel());
      else stream.cancel();
    }
    assert.deepEqual(await getFeature(HOME.location), { feature: HOME });
  });
});
