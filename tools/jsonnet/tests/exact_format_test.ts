// canonicalize_golden = False: the golden file is compared as it is written.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { runfile } from '../../lib/runfiles.ts';

test('a golden file in another format differs, where it may not be in any', () => {
  const program = runfile('fathom/tools/jsonnet/tests/exact_format');
  const { status, stderr } = spawnSync(program, [], { encoding: 'utf8', timeout: 60_000 });
  assert.equal(status, 1, stderr);
  assert.match(stderr, /^error: JSONNET_GOLDEN_DIFFERS: Comparing \/\/tools\/jsonnet\/tests:exact_format: /m);
  assert.match(stderr, /^-\{"greeting": /m);
  assert.match(stderr, /^\+\{$/m);
});
