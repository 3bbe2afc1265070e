// `bazel run //tools/ci/services`: what Bazel says of services that cannot be, in a workspace of its own; and that those of
// a repository that it loads run.
// It runs Bazel itself, so it is started outside of the sandbox.
import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { PLATFORM, PLATFORM_LOADS } from './platform.ts';
import { CALLER, REFUSED } from './refused.ts';
import { CONSTANTS, createWorkspace } from './workspace.ts';

const { write, writeServices, readBuilt, bazel, end } = await createWorkspace(
  process.env['BUILD_WORKSPACE_DIRECTORY'] ?? '',
  process.env,
  PLATFORM_LOADS,
);
after(end);
await write(PLATFORM);
beforeEach(() => write({ 'cluster_constants.bzl': CONSTANTS }));

test('a service is rendered with the address of what it calls, also under a new name', async () => {
  for (const kubernetesName of ['redis', 'cache']) {
    await writeServices({ redis: { kubernetesName }, web: CALLER });
    const { succeeded, output } = await bazel('build', '//services/web:dev-deep', '//services/web:test.diff');
    assert.ok(succeeded, output);
    for (const env of ['dev', 'test']) {
      const { data } = JSON.parse(await readBuilt(`services/web/manifests/${env}/configmap.json`)) as { data: unknown };
      assert.deepEqual(data, { address: `${kubernetesName}.${env}.svc:80` });
    }
  }
});

test('what needs something of the cluster is there where the environment provides it', async () => {
  await write({ 'cluster_constants.bzl': CONSTANTS.replace('"dev")', '"dev", provides = ["metrics-server"])') });
  await writeServices({
    web: {
      attributes: 'manifests = ["configmap", "service", "horizontalpodautoscaler"],',
      fields: `[if std.member(environment.provides, 'metrics-server') then 'horizontalpodautoscaler.json']: {
        apiVersion: 'autoscaling/v2',
        kind: 'HorizontalPodAutoscaler',
        metadata: metadata,
        spec: { maxReplicas: 2, scaleTargetRef: { kind: 'Deployment', name: metadata.name } },
      },`,
    },
  });
  const { succeeded, output } = await bazel('build', '//services/web:dev', '//services/web:test');
  assert.ok(succeeded, output);
  assert.match(await readBuilt('services/web/dev__horizontalpodautoscaler.yaml'), /^kind: HorizontalPodAutoscaler$/m);
  await assert.rejects(readBuilt('services/web/test__horizontalpodautoscaler.yaml'), { code: 'ENOENT' });
});

for (const [language, folder, ...more] of [
  ['TypeScript', 'web'],
  ['Python', 'answer_py', '@platform//words:greeting_test'],
  ['Go', 'answer_go'],
] as const) {
  test(`a service in ${language} of another repository is built, and runs`, async () => {
    const { succeeded, output } = await bazel('test', '--test_output=errors', `@platform//${folder}:all`, ...more);
    assert.ok(succeeded, output);
    for (const target of [`@platform//${folder}:image_test`, ...more])
      assert.match(output, new RegExp(`${target} +(\\(cached\\) )?PASSED`), output);
  });
}

test('Python of a proto of another repository is in the folder that its package says', async () => {
  const { succeeded, output } = await bazel('build', '@platform//auth/v1:auth_py');
  assert.ok(succeeded, output);
  assert.match(await readBuilt('external/platform/auth/v1/auth_pb2.py'), /^# source: auth\/v1\/auth\.proto$/m);
});

for (const [what, { services, target = '//services/web:dev-deep', constants = CONSTANTS, says }] of Object.entries(
  REFUSED,
)) {
  test(`refused: ${what}`, async () => {
    await write({ 'cluster_constants.bzl': constants });
    await writeServices(services);
    const { succeeded, output } = await bazel('build', target);
    assert.ok(!succeeded, `it was built:\n${output}`);
    for (const text of says) assert.ok(output.includes(text), `'${text}' is not in\n${output}`);
    assert.ok(!/\bat .*\.(mjs|ts):\d+/.test(output), `there is a stack trace in\n${output}`);
  });
}
