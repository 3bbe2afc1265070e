import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LoadResult } from '../../services/routeguide/load/load.ts';
import { figuresOf, measurementsOf, missed } from './report.ts';

const LATENCIES = { p50: 1, p90: 2, p99: 3, p999: 4, max: 5 };
const method = (longestGapMs: number, failingMs: number) => ({
  ...{ calls: 100, ok: 98, failed: { UNAVAILABLE: 2 }, failingMs, latencyMs: LATENCIES, longestGapMs },
});
const load = (writes: Partial<LoadResult['writes']> = {}): LoadResult => ({
  ...method(100, 300),
  ...{ run: 'x', seed: 1, rate: 10, begunPerSecond: 10, seconds: 10, startedAt: '', failures: [] },
  methods: { GetFeature: method(120, 300), RouteChat: method(700, 4000) },
  writes: { written: 20, acknowledged: 19, found: 19, lost: 0, unread: 0, lostNotes: [], ...writes },
});

test('a gap is that of the method for which it is longest', () => {
  const figures = figuresOf('event', load());
  assert.equal(figures.longestGapMs, 700);
  assert.equal(figures.failingMs, 4000);
  assert.equal(figures.failedCalls, 2);
  assert.equal(figures.errorPercent, 2);
  assert.equal('lostNotes' in figures.writes, false);
});

test('says what is missed of an aim, and nothing where it is met', () => {
  const figures = figuresOf('event', load({ lost: 3, unread: 1 }));
  assert.deepEqual(missed({ failedCalls: 2, gapMs: 4000 }, figures), []);
  assert.deepEqual(missed({ failedCalls: 0, gapMs: 3999, lostWrites: 0 }, figures), [
    '2 calls failed, and 0 may',
    'calls failed for 4000 ms, and 3999 is the limit',
    '3 acknowledged writes are lost, and 0 may be',
    '1 acknowledged writes could not be read',
  ]);
});

test('a load that wrote nothing proves nothing', () => {
  assert.deepEqual(missed({}, figuresOf('event', load({ acknowledged: 0, found: 0 }))), ['no write was acknowledged']);
});

test('what is kept of a scenario has the aims, and counts writes of which nothing is known as lost', () => {
  const figures = figuresOf('event', load({ lost: 3, unread: 1 }));
  assert.deepEqual(
    measurementsOf('kill', { failedCalls: 0, gapMs: 10_000, lostWrites: 0 }, figures).map(({ values, unit, aim }) => [
      values[0],
      unit,
      aim,
    ]),
    [
      [2, 'count', 0],
      [4, 's', 10],
      [0.003, 's', undefined],
      [4, 'count', 0],
    ],
  );
});
