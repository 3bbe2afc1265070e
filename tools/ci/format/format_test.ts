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
  for (const name of [
    'WORKSPACE',
    'docs/development.md',
    'examples/ci/github.yml',
    'jsonnet/pod.libsonnet',
    'package.json',
    'services/dashboards/client/main.tsx',
    'services/dashboards/client/styles.css',
    'tools/k8s/defs.bzl',
    'tools/lib/errors.ts',
  ])
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
  ['x.tsx', 'export  const a = <b c="d"/>', 'export const a = <b c="d" />;\n'],
  ['x.css', 'a{b:c}', 'a {\n  b: c;\n}\n'],
  ['x.md', '* a\n', '- a\n'],
  ['x.json', '{"a":1}', '{ "a": 1 }\n'],
  ['x.yml', 'a:   "b"', "a: 'b'\n"],
  ['x.bzl', 'a = [ 1,2 ]', 'a = [1, 2]\n'],
  ['x/BUILD.bazel', 'x(deps=["b","a"])', 'x(deps = [\n    "a",\n    "b",\n])\n'],
  ['x.jsonnet', '{ a: "b" , }', "{ a: 'b' }\n"],
  ['x.go', 'package x\nfunc f( ) {}', 'package x\n\nfunc f() {}\n'],
] as const) {
  test(`formats ${path}`, async () => {
    assert.equal(await formatterOf(path)?.(`${workspace}/${path}`, text), formatted);
  });
}

for (const path of [
  'package-lock.json',
  'third_party/maven/services.lock.json',
  'services/x/golden/myns.yaml',
  'examples/x/all_golden.json',
  'docs/rules.md',
  'bench/results/push.json',
  'tools/k8s/tests/secrets/secrets.yaml',
  'x.py',
  'X.java',
  'x.proto',
]) {
  test(`has no formatter for ${path}`, () => {
    assert.equal(formatterOf(path), undefined);
  });
}
