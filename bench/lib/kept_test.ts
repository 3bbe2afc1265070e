import assert from 'node:assert/strict';
import { cpus } from 'node:os';
import { test } from 'node:test';
import { resultOf } from './bench.ts';
import { type RunOptions, requireKeepable } from './kept.ts';

const whole: RunOptions = { pairs: 7, env: {} };

for (const [what, change, message] of [
  ['a part of the cases', { only: 'no-op' }, /^Reading --write: --only /],
  ['too few pairs', { pairs: 6 }, /^Reading --write: of --pairs 6 /],
  [
    'what is timed with other arguments',
    { env: { BENCH_FATHOM_ARGUMENTS: '--output=json' } },
    /^Reading --write: BENCH_FATHOM_ARGUMENTS /,
  ],
] as const) {
  test(`refuses to keep ${what}, and says what to do instead`, () => {
    assert.throws(() => requireKeepable({ ...whole, ...change }), {
      code: 'BENCH_USAGE',
      message,
      hint: /--output FILE instead of --write\.$/,
    });
  });
}

test('keeps all cases of as many pairs as an interval needs', () => {
  requireKeepable(whole);
  requireKeepable({ pairs: 45, env: { BENCH_FATHOM_ARGUMENTS: ' ' } });
});

test('a result says what processor it is of', () => {
  assert.equal(resultOf('apply', 'abc', { versions: {} }).machine.cpu, cpus()[0]?.model);
});
