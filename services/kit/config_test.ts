import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { address, addressText, ConfigError, oneOf, readConfig, text, wholeNumber } from './config.ts';

describe('readConfig', () => {
  test('reads values, and falls back where a variable is unset or empty', () => {
    const settings = {
      port: wholeNumber('PORT', { min: 0, max: 65_535, fallback: 80 }),
      name: text('NAME', 'nobody'),
      mode: oneOf('MODE', ['fast', 'safe'], 'safe'),
      peer: address('PEER'),
    };
    const config = readConfig(settings, { PORT: '0', NAME: '', PEER: 'redis.prod.svc:6379' });
    assert.deepEqual(config, { port: 0, name: 'nobody', mode: 'safe', peer: { host: 'redis.prod.svc', port: 6379 } });
  });
  test('names every problem at once', () => {
    const settings = { a: address('A'), b: wholeNumber('B', { min: 1, max: 9 }), c: oneOf('C', ['x', 'y']) };
    assert.throws(
      () => readConfig(settings, { B: '10', C: 'z' }),
      (error: unknown) => {
        assert.ok(error instanceof ConfigError);
        assert.deepEqual(error.problems, [
          'A must be host:port, and is not set',
          'B must be a whole number from 1 to 9, got "10"',
          'C must be one of x, y, got "z"',
        ]);
        return true;
      },
    );
  });
});

describe('wholeNumber', () => {
  for (const wrong of ['1.5', '1e3', ' 1', '0x10', 'NaN', '-1', '99999999999999999999']) {
    test(`refuses ${JSON.stringify(wrong)}`, () =>
      assert.equal(wholeNumber('N', { min: 0, max: 1e15 }).parse(wrong), undefined));
  }
});

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
