import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createRandom } from '../../../tools/lib/random.ts';
import { drawMethod, parseMix } from './mix.ts';
import { runOpenLoop } from './open_loop.ts';
import { Recorder } from './recorder.ts';

describe('an open loop', () => {
  /** A loop on a clock of the test's own; `stallMs` is how long the call of an index takes to begin. */
  async function run(rate: number, durationMs: number, stallMs: (index: number) => number = () => 0) {
    let nowMs = 1000;
    const begun: { readonly dueMs: number; readonly atMs: number }[] = [];
    const count = await runOpenLoop({
      ...{ rate, durationMs, signal: new AbortController().signal, nowMs: () => nowMs },
      sleep: async (ms) => void (nowMs += ms),
      begin: (dueMs) => {
        begun.push({ dueMs: dueMs - 1000, atMs: nowMs - 1000 });
        nowMs += stallMs(begun.length - 1);
      },
    });
    assert.equal(count, begun.length);
    return begun;
  }

  test('begins as many calls as rate and time say, each when it is due', async () => {
    const begun = await run(100, 200);
    assert.deepEqual(
      begun.map(({ dueMs }) => dueMs),
      Array.from({ length: 20 }, (_, index) => index * 10),
    );
    for (const { dueMs, atMs } of begun) assert.ok(atMs >= dueMs && atMs < dueMs + 10, `${atMs} for ${dueMs}`);
  });

  test('rises from nothing to the rate', async () => {
    const dues: number[] = [];
    const signal = new AbortController().signal;
    let nowMs = 0;
    const sleep = async (ms: number) => void (nowMs += ms);
    const begin = (dueMs: number) => void dues.push(dueMs);
    const count = await runOpenLoop({
      rate: 100,
      durationMs: 100,
      rampMs: 400,
      signal,
      begin,
      sleep,
      nowMs: () => nowMs,
    });
    assert.equal(count, 30);
    assert.deepEqual([dues[0], dues[5], dues[20], dues[29]], [0, 200, 400, 490]);
    const steps = dues.slice(1).map((due, index) => due - (dues[index] ?? 0));
    for (const [index, step] of steps.entries()) assert.ok(index === 0 || step <= (steps[index - 1] ?? 0) + 1e-9);
  });

  test('makes up for a stall at once, and counts from when calls were due', async () => {
    const begun = await run(100, 300, (index) => (index === 5 ? 95 : 0));
    assert.equal(begun.length, 30);
    const late = begun.filter(({ dueMs, atMs }) => atMs - dueMs >= 10);
    assert.deepEqual(
      late.map(({ dueMs }) => dueMs),
      [60, 70, 80, 90, 100, 110, 120, 130],
    );
    assert.equal(late[0]?.atMs, 145);
  });

  test('begins nothing when it is stopped before', async () => {
    const signal = AbortSignal.abort();
    assert.equal(await runOpenLoop({ rate: 10, durationMs: 1000, signal, begin: () => assert.fail() }), 0);
  });
});

describe('a recorder', () => {
  test('counts latency from when a call was due, and the gap to the end', () => {
    const recorder = new Recorder(0);
    for (let index = 1; index <= 100; index++) recorder.succeeded('GetFeature', index * 10, index * 10 + index);
    const problem = { status: 'UNAVAILABLE', details: 'x'.repeat(1000) };
    for (const dueMs of [1500, 1800, 1700]) recorder.failed('RouteChat', dueMs, problem);
    const { all, methods, failures } = recorder.summary(2100);
    assert.equal(all.calls, 103);
    assert.equal(all.ok, 100);
    assert.deepEqual(all.failed, { UNAVAILABLE: 3 });
    assert.equal(all.failingMs, 300);
    assert.equal(methods.GetFeature?.failingMs, 0);
    assert.ok(Math.abs(all.latencyMs.p50 - 50) < 0.5 && Math.abs(all.latencyMs.p99 - 99) < 0.5, JSON.stringify(all));
    assert.ok(Math.abs(all.latencyMs.max - 100) < 0.1);
    assert.equal(all.longestGapMs, 1000, 'from the last success to the end');
    assert.equal(methods.RouteChat?.longestGapMs, 2100, 'a method that never succeeded');
    assert.equal(methods.ListFeatures, undefined);
    assert.equal(failures[0]?.details.length, 200);
  });

  test('takes the order in which calls end, not that in which they began', () => {
    const recorder = new Recorder(0);
    recorder.succeeded('GetFeature', 20, 30);
    recorder.succeeded('GetFeature', 10, 130);
    assert.equal(recorder.summary(130).all.longestGapMs, 100);
  });
});

describe('a mix', () => {
  test('draws methods by their weights', () => {
    const random = createRandom(1);
    const mix = parseMix('GetFeature=90,RouteChat=10') ?? assert.fail();
    const drawn = Array.from({ length: 10_000 }, () => drawMethod(mix, random));
    const writes = drawn.filter((method) => method === 'RouteChat').length;
    assert.ok(writes > 850 && writes < 1150, `${writes}`);
    assert.equal(drawn.includes('ListFeatures'), false);
  });
  for (const wrong of [
    '',
    'GetFeature',
    'GetFeature=0',
    'GetFeature=-1',
    'Get=1',
    'GetFeature=1;RouteChat=2',
    'GetFeature=1.5',
  ]) {
    test(`is none: ${JSON.stringify(wrong)}`, () => assert.equal(parseMix(wrong), undefined));
  }
});
