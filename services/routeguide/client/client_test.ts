// The client's calls and its round, against the server's own handlers over a store in memory.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { credentials, status } from '@grpc/grpc-js';
import { RouteGuideClient, RouteGuideService } from '../../../proto/routeguide/v1/route_guide.ts';
import { createLogger, type GrpcServer, startGrpcServer } from '../../kit/index.ts';
import { readFeatures } from '../server/features.ts';
import { StoreUnavailableError } from '../server/redis_store.ts';
import { routeGuideService } from '../server/server.ts';
import { createMemoryStore } from '../server/testing/memory_store.ts';
import { type Calls, createCalls } from './calls.ts';
import { NEW_JERSEY, runRound } from './round.ts';

const silent = createLogger({ service: 'test', level: 'silent' });
let failure: Error | undefined;
let server: GrpcServer;
let client: RouteGuideClient;
let calls: Calls;

before(async () => {
  const { features } = await readFeatures();
  const store = createMemoryStore({ features, failure: () => failure });
  server = await startGrpcServer({
    port: 0,
    host: '127.0.0.1',
    serviceNames: [],
    log: silent,
    register: (grpc) => grpc.addService(RouteGuideService, routeGuideService({ store, log: silent })),
  });
  client = new RouteGuideClient(`127.0.0.1:${server.port}`, credentials.createInsecure());
  calls = createCalls(client, { deadlineMs: 5000 });
});
beforeEach(() => {
  failure = undefined;
});
after(async () => {
  client.close();
  await server.drain(0);
});

/** The lines that a round logs, by the call that they are about. */
async function round(number: number): Promise<Map<unknown, Record<string, unknown>[]>> {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>) };
  await runRound({ calls, log: createLogger({ service: 'test', destination }), round: number });
  return Map.groupBy(lines, (line) => line['call']);
}

test('a round makes all four kinds of call and logs what came', async () => {
  const lines = await round(1);
  const features = lines.get('GetFeature')?.map((line) => line['feature']);
  assert.equal(features?.length, NEW_JERSEY.places.length);
  assert.equal(features.at(-1), null);
  for (const name of features.slice(0, -1)) assert.equal(typeof name, 'string');
  assert.equal(lines.get('ListFeatures')?.[0]?.['count'], 100);
  assert.equal(lines.get('RecordRoute')?.[0]?.['pointCount'], NEW_JERSEY.places.length);
  assert.equal(lines.get('RecordRoute')?.[0]?.['featureCount'], NEW_JERSEY.places.length - 1);
  assert.equal(lines.get('RouteChat')?.[0]?.['received'], 0);
  assert.equal((await round(2)).get('RouteChat')?.[0]?.['latest'], 'note 3 of round 1');
});

describe('a call that fails', () => {
  const kinds = {
    GetFeature: () => calls.getFeature({ latitudeE7: 0, longitudeE7: 0 }),
    ListFeatures: () => calls.listFeatures(NEW_JERSEY.area),
    RecordRoute: () => calls.recordRoute(NEW_JERSEY.places),
    RouteChat: () => calls.routeChat([{ location: NEW_JERSEY.places[0], message: 'x' }]),
  };
  for (const [name, call] of Object.entries(kinds)) {
    test(`rejects ${name} with the status`, async () => {
      failure = new StoreUnavailableError('the store cannot be reached');
      await assert.rejects(call(), { code: status.UNAVAILABLE, details: 'the store cannot be reached' });
    });
  }
  test('rejects when nobody listens', async () => {
    const nowhere = new RouteGuideClient('127.0.0.1:1', credentials.createInsecure());
    await assert.rejects(createCalls(nowhere).recordRoute(NEW_JERSEY.places), { code: status.UNAVAILABLE });
    await assert.rejects(createCalls(nowhere).routeChat([]), { code: status.UNAVAILABLE });
    nowhere.close();
  });
});

test('a long route is written no faster than the server takes it', async () => {
  const [place] = NEW_JERSEY.places;
  assert.ok(place);
  const summary = await calls.recordRoute(Array.from({ length: 5000 }, () => place));
  assert.equal(summary.pointCount, 5000);
});
