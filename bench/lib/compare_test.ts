import assert from 'node:assert/strict';
import { test } from 'node:test';
import { comparePairs, isMet, isWithin, ratioOf } from './compare.ts';

const signal = new AbortController().signal;

test('each side runs once a pair, and who begins changes', async () => {
  const order: string[] = [];
  const side = (name: string, value: number) => (round: number) => {
    order.push(`${name}${round}`);
    return Promise.resolve(value);
  };
  const found = await comparePairs({
    ...{ name: 'x', peer: 'y', pairs: 3, signal, aim: 2, note: 'z' },
    run: { ours: side('o', 2), peer: side('p', 5) },
  });
  assert.deepEqual(order, ['o0', 'p0', 'p1', 'o1', 'o2', 'p2']);
  assert.deepEqual(found, {
    ...{ name: 'x', peer: 'y', unit: 's', aim: 2, note: 'z' },
    pairs: [0, 1, 2].map(() => ({ ours: 2, peer: 5 })),
    ratio: { median: 2.5, low: 2.5, high: 2.5, confidence: 0.75 },
  });
});

test('the ratio is the median of ratios, not the ratio of medians', () => {
  const { median } = ratioOf([
    { ours: 1, peer: 10 },
    { ours: 10, peer: 20 },
    { ours: 5, peer: 15 },
  ]);
  assert.equal(median, 3);
});

test('no further run begins once it is interrupted', async () => {
  const controller = new AbortController();
  let runs = 0;
  const run = () => {
    runs += 1;
    controller.abort(new Error('interrupted'));
    return Promise.resolve(1);
  };
  const options = { name: 'x', peer: 'y', pairs: 9, run: { ours: run, peer: run }, signal: controller.signal };
  await assert.rejects(comparePairs(options), /interrupted/);
  assert.equal(runs, 1);
});

test('an aim is met by the worse end of the interval alone', () => {
  const ratio = { median: 4, low: 2.9, high: 6, confidence: 0.96 };
  assert.deepEqual(
    [2.9, 3, undefined].map((aim) => isMet({ ratio, ...(aim === undefined ? {} : { aim }) })),
    [true, false, undefined],
  );
  const values = [1, 1, 1, 1, 1, 1, 2];
  assert.deepEqual(
    [2, 1.9].map((aim) => isWithin({ values, aim })),
    [true, false],
  );
});

test('no aim is met by runs that are too few for an interval of 95 %', () => {
  assert.equal(isMet({ ratio: { median: 9, low: 9, high: 9, confidence: 0.938 }, aim: 3 }), false);
  assert.equal(isWithin({ values: [1, 1, 1, 1, 1], aim: 3 }), false);
  assert.equal(isWithin({ values: [1, 1, 1, 1, 1, 1], aim: 3 }), true);
});
