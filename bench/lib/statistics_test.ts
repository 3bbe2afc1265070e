import assert from 'node:assert/strict';
import { test } from 'node:test';
import { intervalOf, medianOf } from './statistics.ts';

test('the median of an odd and of an even count', () => {
  assert.equal(medianOf([3, 1, 2]), 2);
  assert.equal(medianOf([4, 1, 3, 2]), 2.5);
});

// From a table of order statistics: Conover, Practical Nonparametric Statistics, table of the binomial distribution.
for (const { count, low, high, confidence } of [
  { count: 7, low: 1, high: 7, confidence: 0.984 },
  { count: 9, low: 2, high: 8, confidence: 0.961 },
  { count: 15, low: 4, high: 12, confidence: 0.965 },
  { count: 4, low: 1, high: 4, confidence: 0.875 },
]) {
  test(`the interval of ${count} numbers`, () => {
    const numbers = Array.from({ length: count }, (_, index) => count - index);
    const found = intervalOf(numbers);
    assert.deepEqual([found.low, found.high], [low, high]);
    assert.ok(Math.abs(found.confidence - confidence) < 0.001, `${found.confidence}`);
  });
}
