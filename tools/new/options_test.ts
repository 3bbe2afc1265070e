import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readOptions } from './options.ts';

describe('readOptions', () => {
  test('takes a name alone', () =>
    assert.deepEqual(readOptions(['--name=x']), { name: 'x', deps: [], dryRun: false, goldens: true }));
  test('takes services by comma, by several options, and with blanks', () => {
    const options = readOptions([
      '--name',
      'x',
      '--deps=redis, shop/cart,',
      '--deps',
      'web',
      '--dry-run',
      '--no-goldens',
    ]);
    assert.deepEqual(options, { name: 'x', deps: ['redis', 'shop/cart', 'web'], dryRun: true, goldens: false });
  });
  for (const [name, argv, says] of [
    ['no name', [], /required option '--name <path>' not specified$/],
    ['a name without a value', ['--name'], /argument missing/],
    ['an option that there is not', ['--name=x', '--dep=redis'], /unknown option '--dep=redis'/],
    ['a word too many', ['--name=x', 'redis'], /too many arguments/],
  ] as const) {
    test(`refuses ${name}`, () => assert.throws(() => readOptions(argv), { code: 'NEW_USAGE', message: says }));
  }
});
