import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Histogram, Registry } from 'prom-client';
import { CallHistogram } from './call_histogram.ts';

test('is to Prometheus what the histogram of prom-client is', async () => {
  const [ours, theirs] = [new Registry(), new Registry()];
  const configuration = { name: 'seconds', help: 'How long.', labelNames: ['method', 'code'], buckets: [0.1, 1, 10] };
  const histogram = new CallHistogram({ ...configuration, registers: [ours] });
  const expected = new Histogram({ ...configuration, registers: [theirs] });
  const values = [0, 0.05, 0.1, 0.100001, 1, 3, 10, 11, 1e9];
  for (const labels of [
    { method: 'Say', code: 'OK' },
    { method: 'Say "it"', code: 'NOT_FOUND' },
  ]) {
    const series = histogram.series(labels);
    for (const value of values) {
      series.observe(value);
      expected.observe(labels, value);
    }
  }
  const linesOf = async (metrics: Registry) => (await metrics.metrics()).trim().split('\n').toSorted();
  const lines = await linesOf(ours);
  assert.deepEqual(lines, await linesOf(theirs));
  assert.ok(lines.includes('seconds_bucket{le="1",method="Say",code="OK"} 5'), lines.join('\n'));
});
