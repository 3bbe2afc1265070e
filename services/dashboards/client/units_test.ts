import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scaleOf } from './plot_data.ts';
import { rangeLabel, resolveRange, shifted, zoomed } from './time.ts';
import { format } from './units.ts';
import { whileVisible } from './visible.ts';

for (const [value, unit, expected] of [
  [0, 'seconds', '0 s'],
  [0.000_012, 'seconds', '12 µs'],
  [0.1234, 'seconds', '123 ms'],
  [1.5, 'seconds', '1.5 s'],
  [600, 'seconds', '10 min'],
  [86_400 * 3, 'seconds', '3 d'],
  [0, 'bytes', '0 B'],
  [1536, 'bytes', '1.5 KiB'],
  [1024 ** 3, 'bytes', '1 GiB'],
  [0.9995, 'ratio', '100%'],
  [0.999, 'ratio', '99.9%'],
  [0.0004, 'ratio', '0.04%'],
  [1234.5, 'requests_per_second', '1.23k req/s'],
  [0.25, 'cores', '250 mCPU'],
  [2, 'cores', '2 CPU'],
  [1_000_000, 'count', '1M'],
  [999.9, 'count', '1k'],
  [12, 'per_second', '12/s'],
  [-0.5, 'count', '-0.5'],
  [null, 'count', '–'],
] as const) {
  test(`shows ${value} in ${unit} as ${expected}`, () => assert.equal(format(value, unit), expected));
}

test('resolves times, and falls back where they are none', () => {
  assert.deepEqual(resolveRange({ from: 'now-1h', to: 'now' }, 10_000), { from: 6400, to: 10_000 });
  assert.deepEqual(resolveRange({ from: 'now', to: 'now-1h' }, 10_000), { from: 6400, to: 10_000 });
  assert.deepEqual(resolveRange({ from: '1000000000', to: '1000000060' }, 0), { from: 1e9, to: 1e9 + 60 });
});

test('moves and zooms, and never beyond now', () => {
  const now = 1_800_000_000;
  assert.deepEqual(shifted({ from: 'now-1h', to: 'now' }, 0.5, now), { from: String(now - 3600), to: String(now) });
  assert.deepEqual(shifted({ from: 'now-1h', to: 'now' }, -0.5, now), {
    from: String(now - 5400),
    to: String(now - 1800),
  });
  assert.deepEqual(zoomed({ from: 'now-1h', to: 'now' }, 2, now), { from: String(now - 7200), to: String(now) });
});

test('names ranges', () => {
  assert.equal(rangeLabel({ from: 'now-1h', to: 'now' }, 0), 'Last hour');
  assert.equal(rangeLabel({ from: 'now-15m', to: 'now' }, 0), 'Last 15 minutes');
});

test('begins a scale at nought where that is near, and takes thresholds in that are near', () => {
  const panel = {
    title: '',
    kind: 'timeseries',
    unit: 'count',
    queries: [],
    thresholds: [],
    width: 6,
    stack: false,
  } as const;
  assert.equal(scaleOf(panel, 1, 10)[0], 0);
  assert.ok(scaleOf(panel, 95, 100)[0] > 90);
  assert.ok(scaleOf({ ...panel, thresholds: [{ value: 15, severity: 'warning' }] }, 1, 10)[1] > 15);
  assert.ok(scaleOf({ ...panel, thresholds: [{ value: 500, severity: 'warning' }] }, 1, 10)[1] < 15);
  assert.deepEqual(scaleOf({ ...panel, min: 0, max: 1 }, 0.4, 0.5), [0, 1]);
});

test('what goes on while the page is seen ends when it is hidden, and begins anew when it is seen again', () => {
  const page = Object.assign(new EventTarget(), { visibilityState: 'hidden' });
  const said: string[] = [];
  const turn = (state: string) => {
    page.visibilityState = state;
    page.dispatchEvent(new Event('visibilitychange'));
    said.push(state);
  };
  whileVisible(page, () => {
    said.push('begin');
    return () => void said.push('end');
  });
  for (const state of ['visible', 'visible', 'hidden', 'hidden', 'visible']) turn(state);
  assert.deepEqual(said, ['begin', 'visible', 'visible', 'end', 'hidden', 'hidden', 'begin', 'visible']);
});
