// Gaps are seen where a sample is missing, and nowhere else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gapsOf, secondsOf } from './gaps.ts';

for (const { name, times, gaps } of [
  { name: 'no sample', times: [], gaps: [] },
  { name: 'one sample', times: [30], gaps: [] },
  { name: 'a sample every half minute', times: [0, 30, 60, 90], gaps: [] },
  { name: 'a sample that came late', times: [0, 30, 72, 90], gaps: [] },
  { name: 'one that is missing', times: [0, 30, 90, 120], gaps: [{ from: 30, to: 90 }] },
  {
    name: 'several that are missing, twice',
    times: [0, 60, 90, 300],
    gaps: [
      { from: 0, to: 60 },
      { from: 90, to: 300 },
    ],
  },
]) {
  test(`finds the gaps of ${name}`, () => assert.deepEqual(gapsOf(times, 30), gaps));
}

test('reads durations of Prometheus', () => {
  assert.deepEqual(['30s', '1m', '1m30s', '1h'].map(secondsOf), [30, 60, 90, 3600]);
  for (const wrong of ['', '0s', '30', '15ms']) assert.throws(() => secondsOf(wrong), /no duration/);
});
