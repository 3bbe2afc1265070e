// `bazel run //tools/ci/migration`: what Bazel says of BUILD files of the old rule sets that do not move over.
// It runs Bazel itself, so it is started outside of the sandbox.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { createWorkspace } from '../services/workspace.ts';
import { ORIGINAL_LOADS } from './original_loads.ts';
import { LOADS, NOT_TAKEN, REFUSED, TARGET } from './refused.ts';

const fathom = process.env['BUILD_WORKSPACE_DIRECTORY'] ?? '';
const { root, write, bazel, end } = await createWorkspace(fathom, process.env);
after(end);

const workspace = await readFile(join(root, 'WORKSPACE'), 'utf8');
await write({
  WORKSPACE: `${workspace}
load("@fathom//tools/k8s:repositories.bzl", "k8s_defaults")

k8s_defaults(
    name = "shop_object",
    cluster = "shop",
    namespace = "shop",
)
`,
  'shop/x.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n',
  'shop/x.jsonnet': '{}\n',
});

async function refuse(build: string, says: readonly string[]): Promise<void> {
  await write({ 'shop/BUILD.bazel': `${LOADS}\n${build}` });
  const { succeeded, output } = await bazel('build', TARGET);
  assert.ok(!succeeded, `it was built:\n${output}`);
  for (const text of says) assert.ok(output.includes(text), `'${text}' is not in\n${output}`);
  assert.ok(!/\bat .*\.(mjs|ts):\d+/.test(output), `there is a stack trace in\n${output}`);
}

test('loads.sed moves the load lines of the old rule sets to files that have what they name', async () => {
  const script = await readFile(join(fathom, 'examples/from_rules_k8s/loads.sed'), 'utf8');
  await write({ 'moved/BUILD.bazel': ORIGINAL_LOADS });
  const sed = async (text: string) =>
    (await promisify(execFile)('sed', [text, join(root, 'moved/BUILD.bazel')], { timeout: 10_000 })).stdout;
  const moved = await sed(script);
  for (const line of script.split('\n').filter((text) => text.startsWith('s|')))
    assert.notEqual(await sed(script.replace(line, '')), moved, `nothing here needs ${line}`);
  await write({ 'moved/BUILD.bazel': moved });
  const { succeeded, output } = await bazel('query', '//moved:all');
  assert.ok(succeeded, output);
});

for (const [what, { build, says, others = [], otherSays = NOT_TAKEN }] of Object.entries(REFUSED)) {
  test(`refused: ${what}`, async () => {
    await refuse(build, says);
    for (const other of others) await refuse(other, [otherSays]);
  });
}
