import assert from 'node:assert/strict';
import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { runfile } from '../../lib/runfiles.ts';
import { formattedFiles, unformatted } from './checkout.ts';
import { formatterOf } from './format.ts';

// The check is of the whole tree, which no target could declare: the README's link leads to the checkout.
const workspace = dirname(realpathSync(runfile('fathom/README.md')));

test('finds every source as its formatter would have it', async () => {
  const files = formattedFiles(workspace);
  for (const name of ['WORKSPACE', 'jsonnet/pod.libsonnet', 'tools/lib/errors.ts', 'tools/k8s/defs.bzl'])
    assert.ok(files.includes(name), `${name} is not among the ${files.length} files of ${workspace}`);
  const found = await unformatted(workspace, files);
  assert.deepEqual(
    found.map(({ path, problem }) => `${path} ${problem}`),
    [],
    'bazel run //tools/ci/format writes them',
  );
});

for (const [path, text, formatted] of [
  ['x.ts', 'export  const a = "b"', "export const a = 'b';\n"],
  ['x.bzl', 'a = [ 1,2 ]', 'a = [1, 2]\n'],
  ['x/BUILD.bazel', 'x(deps=["b","a"])', 'x(deps = [\n    "a",\n    "b",\n])\n'],
  ['x.jsonnet', '{ a: "b" , }', "{ a: 'b' }\n"],
  ['x.go', 'package x\nfunc f( ) {}', 'package x\n\nfunc f() {}\n'],
] as const) {
  test(`formats ${path}`, async () => {
    assert.equal(await formatterOf(path)?.(`${workspace}/${path}`, text), formatted);
  });
}

test('has no formatter for a lock file', () => {
  assert.equal(formatterOf('package-lock.json'), undefined);
});
