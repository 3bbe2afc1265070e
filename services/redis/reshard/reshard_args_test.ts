import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseReshardArgs } from './reshard_args.ts';

test('reads environment and masters in any order', () => {
  const wanted = { environment: 'dev', masters: 4 };
  assert.deepEqual(parseReshardArgs(['--env=dev', '--masters=4']), wanted);
  assert.deepEqual(parseReshardArgs(['--masters=4', '--env=dev']), wanted);
});

for (const { argv, problem } of [
  { argv: [], problem: /--env must name/ },
  { argv: ['--env=dev'], problem: /--masters must be a number/ },
  { argv: ['--env=dev', '--masters=four'], problem: /--masters must be a number/ },
  { argv: ['--env=../x', '--masters=4'], problem: /--env must name/ },
  { argv: ['--env=dev', '--env=prod', '--masters=4'], problem: /'--env=prod' is not understood/ },
  { argv: ['4'], problem: /'4' is not understood/ },
]) {
  test(`refuses ${JSON.stringify(argv)}`, () => {
    assert.throws(() => parseReshardArgs(argv), problem);
  });
}
