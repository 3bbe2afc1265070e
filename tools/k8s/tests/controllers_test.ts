// Prunes and deletes while real controllers work: they make pods, and end those whose workload is gone.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '../../lib/testing/eventually.ts';
import { PODS, podsOf } from '../deploy/cause.ts';
import { listObjects } from '../kube/objects.ts';
import type { KubeObject } from '../model/object.ts';
import { type ApiServer, startApiServer } from '../testing/apiserver.ts';
import { callsTo } from '../testing/calls.ts';
import { startControllers } from '../testing/controllers.ts';
import { configMap, deployment } from '../testing/objects.ts';
import type { TestStack } from '../testing/stack.ts';

let server: ApiServer;
let controllers: { stop(): Promise<void> } | undefined;
before(async () => {
  server = await startApiServer();
  controllers = await startControllers(server);
});
after(async () => {
  await controllers?.stop();
  await server.stop();
});

const { applyStack, deleteStack, get, makeNamespace, post } = callsTo(() => server);

/** A StatefulSet with the name and the pods of the Deployment. */
function statefulSet(namespace: string): KubeObject {
  const { template, selector } = deployment(namespace, 1)['spec'] as Readonly<Record<string, unknown>>;
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'web', namespace },
    spec: { replicas: 1, serviceName: 'web', selector, template },
  };
}

const stackOf = (namespace: string, objects: readonly KubeObject[], args: readonly string[]): TestStack => ({
  sets: [{ stack: 'web', namespace, objects }],
  args,
});
const podNames = async (namespace: string) =>
  (await listObjects(server.client, PODS, { namespace })).map(({ metadata }) => metadata.name).sort();
const untilPods = (namespace: string, count: number) =>
  eventually(`${count} pods`, async () => ((await podNames(namespace)).length === count ? true : undefined));

test('a prune waits for the pods of the Deployment, and not for those of a StatefulSet with the same labels', async () => {
  await makeNamespace('kinds');
  await applyStack(stackOf('kinds', [deployment('kinds', 2)], ['--no-wait']));
  await untilPods('kinds', 2);
  // As where a component changes its kind: the new pods are there before the others go.
  await post('/apis/apps/v1/namespaces/kinds/statefulsets', statefulSet('kinds'));
  await untilPods('kinds', 3);
  const rest = stackOf('kinds', [configMap('a', 'kinds')], ['--timeout=20s']);
  const lines = await applyStack(rest);
  assert.ok(
    lines.some((line) => /^pruned +Deployment kinds\/web$/.test(line)),
    lines.join('\n'),
  );
  assert.deepEqual(await podNames('kinds'), ['web-0'], 'the pods of the Deployment are gone when it ends');
});

test('a workload is made anew beside another one with the same labels', async () => {
  await makeNamespace('canary');
  const web = (name: string): KubeObject => {
    const object = deployment('canary', 1);
    return { ...object, metadata: { ...object.metadata, name } };
  };
  await applyStack(stackOf('canary', [web('web')], ['--no-wait']));
  await post('/apis/apps/v1/namespaces/canary/deployments', web('web-canary'));
  await untilPods('canary', 2);
  const before = await get('/apis/apps/v1/namespaces/canary/deployments/web');
  const object = web('web');
  const labels = { app: 'web', track: 'stable' };
  const spec = object['spec'] as Readonly<Record<string, unknown>> & { readonly template: object };
  const changed = {
    ...object,
    spec: { ...spec, selector: { matchLabels: labels }, template: { ...spec.template, metadata: { labels } } },
  };
  await applyStack(stackOf('canary', [changed], ['--recreate', '--no-wait', '--timeout=20s']));
  const live = await get('/apis/apps/v1/namespaces/canary/deployments/web');
  assert.ok(before !== undefined && live !== undefined);
  assert.notEqual(live.metadata.uid, before.metadata.uid);
  const canary = await get('/apis/apps/v1/namespaces/canary/deployments/web-canary');
  assert.ok(canary);
  const names = (await podsOf(server.client, canary)).map(({ metadata }) => metadata.name);
  assert.equal(names.length, 1);
  assert.match(names[0] ?? '', /^web-canary-/);
});

test('a delete ends when the pods of the stack are gone', async () => {
  await makeNamespace('gone');
  const stack = stackOf('gone', [deployment('gone', 2), configMap('a', 'gone')], ['--no-wait']);
  await applyStack(stack);
  await untilPods('gone', 2);
  await deleteStack({ ...stack, args: ['--timeout=60s'] });
  assert.deepEqual(await podNames('gone'), []);
});
