// `bazel run //tools/ci/migration`: what Bazel says of BUILD files of the old rule sets that do not move over.
// It runs Bazel itself, so it is started outside of the sandbox.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createWorkspace } from '../services/workspace.ts';
import { LOADS, NOT_TAKEN, REFUSED, TARGET } from './refused.ts';

const { root, write, bazel, end } = await createWorkspace(process.env['BUILD_WORKSPACE_DIRECTORY'] ?? '', process.env);
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

for (const [what, { build, says, others = [], otherSays = NOT_TAKEN }] of Object.entries(REFUSED)) {
  test(`refused: ${what}`, async () => {
    await refuse(build, says);
    for (const other of others) await refuse(other, [otherSays]);
  });
}
