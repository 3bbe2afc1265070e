// A load against the server's own handlers over a store in memory: what it counts, and what it finds lost.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { credentials, status } from '@grpc/grpc-js';
import { RouteGuideClient, RouteGuideService, type RouteNote } from '../../../proto/routeguide/v1/route_guide.ts';
import { createLogger, type GrpcServer, startGrpcServer } from '../../kit/index.ts';
import { type Calls, createCalls } from '../client/calls.ts';
import { readFeatures } from '../server/features.ts';
import { StoreUnavailableError } from '../server/redis_store.ts';
import type { Note, Store } from '../server/routeguide.ts';
import { routeGuideService } from '../server/server.ts';
import { createMemoryStore } from '../server/testing/memory_store.ts';
import { findPlaces, type LoadOptions, runLoad } from './load.ts';
import { DEFAULT_MIX } from './mix.ts';

const silent = createLogger({ service: 'test', level: 'silent' });
const { features } = await readFeatures();
let failure: Error | undefined;
let runs = 0;
let isForgetting: (note: Note) => boolean;
let server: GrpcServer;
let client: RouteGuideClient;

before(async () => {
  const memory = createMemoryStore({ features, failure: () => failure });
  const store: Store = {
    getFeature: (point) => memory.getFeature(point),
    listFeatures: (area) => memory.listFeatures(area),
    addNote: async (note) => (isForgetting(note) ? [] : memory.addNote(note)),
  };
  server = await startGrpcServer({
    port: 0,
    host: '127.0.0.1',
    serviceNames: [],
    log: silent,
    register: (grpc) => grpc.addService(RouteGuideService, routeGuideService({ store, log: silent })),
  });
  client = new RouteGuideClient(`127.0.0.1:${server.port}`, credentials.createInsecure());
});
beforeEach(() => {
  failure = undefined;
  isForgetting = () => false;
});
after(async () => {
  client.close();
  await server.drain(0);
});

const load = (rest: Partial<LoadOptions> = {}) =>
  runLoad({
    calls: createCalls(client, { deadlineMs: 5000 }),
    places: features.map(({ location }) => location),
    rate: 200,
    durationMs: 1000,
    rampMs: 0,
    mix: DEFAULT_MIX,
    seed: 7,
    // Notes of other runs are in the same store.
    run: `test ${runs++}`,
    maxInFlight: 1000,
    verifyWithinMs: 10_000,
    signal: new AbortController().signal,
    ...rest,
  });

test('makes all four kinds of call at the rate, and finds every acknowledged write again', async () => {
  const result = await load();
  assert.equal(result.calls, 200);
  assert.equal(result.ok, 200, JSON.stringify(result.failures));
  assert.deepEqual(result.failed, {});
  assert.deepEqual(Object.keys(result.methods), ['GetFeature', 'ListFeatures', 'RecordRoute', 'RouteChat']);
  const { writes } = result;
  assert.equal(writes.acknowledged, result.methods.RouteChat?.ok);
  assert.ok(writes.acknowledged > 20);
  assert.deepEqual(writes, { ...writes, found: writes.acknowledged, lost: 0, unread: 0, lostNotes: [] });
  assert.ok(result.latencyMs.p50 > 0 && result.latencyMs.p50 <= result.latencyMs.p99);
  assert.ok(result.begunPerSecond > 20 && result.begunPerSecond < 210, `${result.begunPerSecond}`);
});

test('makes the same calls for the same seed', async () => {
  const counts = async (seed: number) => {
    const { methods } = await load({ seed, durationMs: 300 });
    return Object.entries(methods).map(([name, { calls }]) => `${name} ${calls}`);
  };
  assert.deepEqual(await counts(3), await counts(3));
  assert.notDeepEqual(await counts(3), await counts(4));
});

/** The calls, of which some are refused before they reach the server. */
function refusing(isRefused: (call: number, notes: readonly RouteNote[]) => boolean): Calls {
  const real = createCalls(client, { deadlineMs: 5000 });
  const refusal = Object.assign(new Error('refused'), { code: status.UNAVAILABLE, details: 'refused on the way' });
  let count = 0;
  const guarded =
    <A, T>(call: (argument: A) => Promise<T>) =>
    (argument: A): Promise<T> =>
      isRefused(count++, Array.isArray(argument) ? (argument as readonly RouteNote[]) : [])
        ? Promise.reject(refusal)
        : call(argument);
  return {
    getFeature: guarded(real.getFeature),
    listFeatures: guarded(real.listFeatures),
    recordRoute: guarded(real.recordRoute),
    routeChat: guarded(real.routeChat),
  };
}

const isReading = (notes: readonly RouteNote[]) => notes[0]?.message === 'read again';

test('counts failures by status, and from when to when calls failed', async () => {
  const result = await load({ calls: refusing((call, notes) => !isReading(notes) && call >= 60 && call < 140) });
  assert.equal(result.ok, 120);
  assert.deepEqual(result.failed, { UNAVAILABLE: 80 });
  assert.ok(result.failingMs > 200 && result.failingMs < 2000, `${result.failingMs}`);
  assert.equal(result.failures.length, 5, 'not one by one for ever');
  const [first] = result.failures;
  assert.ok((first?.atMs ?? 0) > 200, `${first?.atMs}`);
  assert.equal(first?.details, 'refused on the way');
  assert.equal(result.writes.lost, 0, 'what was not acknowledged is not lost');
});

test('has the status that the server says', async () => {
  failure = new StoreUnavailableError('the store cannot be reached');
  const result = await load({ durationMs: 100, verifyWithinMs: 0 });
  assert.deepEqual(result.failed, { UNAVAILABLE: 20 });
  assert.equal(result.failures[0]?.details, 'the store cannot be reached');
  assert.deepEqual(result.writes, { ...result.writes, acknowledged: 0, found: 0, lost: 0, unread: 0 });
});

test('names acknowledged writes that are lost', async () => {
  isForgetting = ({ message }) => /^write [05] of/.test(message);
  const { writes } = await load();
  const lost = writes.lostNotes.map((note) => note.replace(/ of .*/, '')).sort();
  assert.deepEqual(lost, ['write 0', 'write 5']);
  assert.equal(writes.lost, 2);
  assert.equal(writes.found, writes.acknowledged - 2);
});

test('counts as unread, and not as lost, what nobody could read again', async () => {
  const calls = refusing((_call, notes) => isReading(notes));
  const { writes } = await load({ calls, durationMs: 300, verifyWithinMs: 700 });
  assert.equal(writes.lost, 0);
  assert.equal(writes.unread, writes.acknowledged);
  assert.ok(writes.unread > 0);
});

test('reads again until the store is back', async () => {
  let refusals = 0;
  const calls = refusing((_call, notes) => isReading(notes) && refusals++ < 2);
  const { writes } = await load({ calls, durationMs: 300, verifyWithinMs: 30_000 });
  assert.ok(refusals > 2);
  assert.equal(writes.found, writes.acknowledged);
  assert.ok(writes.found > 0);
});

test('does not wait for answers, and says where its own machine is the limit', async () => {
  const never = () => new Promise<never>((_resolve, reject) => setTimeout(reject, 900, new Error('too late')));
  const calls = { getFeature: never, listFeatures: never, recordRoute: never, routeChat: never };
  const result = await load({ calls, maxInFlight: 50, durationMs: 500, verifyWithinMs: 0 });
  assert.equal(result.calls, 100);
  assert.deepEqual(result.failed, { CLIENT_ERROR: 50, CLIENT_OVERLOADED: 50 });
  assert.ok(result.longestGapMs >= 900);
});

test('counts no call of the ramp, but its writes', async () => {
  const result = await load({ rampMs: 500, durationMs: 500 });
  assert.equal(result.calls, 100);
  assert.ok(result.writes.found > (result.methods.RouteChat?.ok ?? 0));
});

test('ends early when it is told to, and still reads its writes again', async () => {
  const stopping = new AbortController();
  setTimeout(() => stopping.abort(), 400);
  const result = await load({ durationMs: 60_000, signal: stopping.signal });
  assert.ok(result.calls > 0 && result.calls < 6000, `${result.calls}`);
  assert.equal(result.writes.found, result.writes.acknowledged);
});

test('asks the server for its places until it answers', async () => {
  failure = new StoreUnavailableError('not yet');
  setTimeout(() => (failure = undefined), 400);
  const calls = createCalls(client, { deadlineMs: 5000 });
  assert.equal((await findPlaces(calls, AbortSignal.timeout(10_000))).length, features.length);
  failure = new StoreUnavailableError('never');
  await assert.rejects(findPlaces(calls, AbortSignal.timeout(300)), /UNAVAILABLE: never/);
});
