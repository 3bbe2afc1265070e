import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { runfile } from '../../../tools/lib/runfiles.ts';

const read = (path: string) => readFileSync(runfile(`fathom/${path}`), 'utf8');

test('docs/testing.md shows the test of this package as it is', () => {
  const [target = ''] =
    /^k8s_test\(\n {4}name = "stack_test",\n(?: {4}.*\n)+\)\n/m.exec(read('services/routeguide/e2e/BUILD.bazel')) ?? [];
  assert.notEqual(target, '');
  assert.ok(read('docs/testing.md').includes(target.replaceAll(/^/gm, '    ').trimEnd()));
});

test('docs/testing.md has the variables of the load', () => {
  const [, section = ''] = read('docs/testing.md').split('## A load');
  const written = [...section.matchAll(/^\| `([A-Z_]+)` /gm)].map(([, name]) => name).sort();
  const known = [...read('services/routeguide/load/main.ts').matchAll(/(?:\(|variable: )'([A-Z_]+)'/g)].map(
    ([, name]) => name,
  );
  assert.ok(known.length > 8);
  assert.deepEqual(written, known.sort());
});
