import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { address, addressText, decimal, flag, wholeNumber } from './settings.ts';

describe('wholeNumber', () => {
  for (const wrong of ['1.5', '1e3', ' 1', '0x10', 'NaN', '-1', '99999999999999999999']) {
    test(`refuses ${JSON.stringify(wrong)}`, () =>
      assert.equal(wholeNumber('N', { min: 0, max: 1e15 }).parse(wrong), undefined));
  }
});

describe('decimal', () => {
  const rate = decimal('R', { min: 0, max: 1 });
  for (const [given, expected] of [
    ['0', 0],
    ['0.25', 0.25],
    ['1', 1],
    ['1.1', undefined],
    ['.5', undefined],
    ['1e-1', undefined],
    ['Infinity', undefined],
  ] as const) {
    test(`${expected === undefined ? 'refuses' : 'takes'} ${given}`, () => assert.equal(rate.parse(given), expected));
  }
});

test('flag takes true and false alone', () =>
  assert.deepEqual(
    ['true', 'false', 'TRUE', '1', 'yes'].map((given) => flag('F').parse(given)),
    [true, false, undefined, undefined, undefined],
  ));

describe('address', () => {
  const rows = [
    { given: 'redis:6379', expected: { host: 'redis', port: 6379 } },
    { given: '10.0.0.1:1', expected: { host: '10.0.0.1', port: 1 } },
    { given: '[::1]:6379', expected: { host: '::1', port: 6379 } },
    { given: '::1:6379', expected: undefined },
    { given: 'redis', expected: undefined },
    { given: 'redis:0', expected: undefined },
    { given: 'redis:65536', expected: undefined },
    { given: 'redis://x:1', expected: undefined },
    { given: ':6379', expected: undefined },
  ];
  for (const { given, expected } of rows) {
    test(`${expected === undefined ? 'refuses' : 'takes'} ${given}`, () => {
      assert.deepEqual(address('A').parse(given), expected);
      if (expected !== undefined) assert.equal(addressText(expected), given);
    });
  }
});
