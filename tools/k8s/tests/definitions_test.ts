// Custom resources and their definitions, against a real API server (no nodes): new, changed and gone ones.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '../../lib/testing/eventually.ts';
import { parentName } from '../deploy/applyset.ts';
import { discover } from '../kube/discovery.ts';
import type { KubeObject } from '../model/object.ts';
import { type ApiServer, startApiServer } from '../testing/apiserver.ts';
import { callsTo } from '../testing/calls.ts';
import { configMap, custom, definition } from '../testing/objects.ts';
import { type TestStack, withSession } from '../testing/stack.ts';
import { describeVerb } from '../verbs/describe.ts';
import { logsVerb } from '../verbs/logs.ts';
import { statusVerb } from '../verbs/status.ts';

let server: ApiServer;
before(async () => {
  server = await startApiServer();
});
after(() => server.stop());

const { applyStack: apply, deleteStack: remove, planStack: plan, get, makeNamespace } = callsTo(() => server);

const getParent = (namespace: string, stack: string) =>
  get(`/api/v1/namespaces/${namespace}/secrets/${parentName(stack)}`);

test('applies a custom resource together with its definition', async () => {
  await makeNamespace('custom');
  const objects: KubeObject[] = [
    {
      apiVersion: 'example.com/v1',
      kind: 'Widget',
      metadata: { name: 'w', namespace: 'custom' },
      spec: { size: 3 },
    },
    {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'widgets.example.com' },
      spec: {
        group: 'example.com',
        names: { kind: 'Widget', plural: 'widgets' },
        scope: 'Namespaced',
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: {
              openAPIV3Schema: {
                type: 'object',
                properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } },
              },
            },
          },
        ],
      },
    },
  ];
  const stack: TestStack = { sets: [{ stack: 'custom', namespace: 'custom', objects }] };
  await apply(stack);
  const path = '/apis/example.com/v1/namespaces/custom/widgets/w';
  const made = await get(path);
  assert.deepEqual(made?.['spec'], { size: 3 });
  const lines = await apply(stack);
  assert.match(lines.at(-1) ?? '', /2 objects: 2 unchanged/);
});

test('applies a changed definition together with custom resources that only the new one allows', async () => {
  await makeNamespace('changed');
  const gear = (name: string, spec: Readonly<Record<string, number>>) =>
    custom('Gear', { name, namespace: 'changed' }, spec);
  const stack = (objects: readonly KubeObject[]): TestStack => ({
    sets: [{ stack: 'changed', namespace: 'changed', objects }],
  });
  await apply(stack([gear('a', { teeth: 3 }), definition('Gear', ['teeth'])]));
  const next = [gear('a', { teeth: 3, size: 1 }), gear('b', { size: 2 }), definition('Gear', ['teeth', 'size'])];
  await assert.rejects(plan(stack(next.slice(0, 2))), {
    code: 'K8S_BAD_REQUEST',
    message: /2 objects.*\n.*\/a.*\n.*\/b/,
  });
  assert.deepEqual(
    (await plan(stack(next))).objects.map(({ action }) => action),
    ['update', 'create', 'update'],
  );
  await apply(stack(next));
  const specs = await Promise.all(
    ['a', 'b'].map(async (name) => (await get(`/apis/example.com/v1/namespaces/changed/gears/${name}`))?.['spec']),
  );
  assert.deepEqual(specs, [{ teeth: 3, size: 1 }, { size: 2 }]);
  assert.match((await apply(stack(next))).at(-1) ?? '', /3 objects: 3 unchanged/);
});

test('a stack can be looked at and deleted when the definition of what it has is gone', async () => {
  await makeNamespace('kindless');
  const stack = (objects: readonly KubeObject[], args: readonly string[] = []): TestStack => ({
    sets: [{ stack: 'cogs', namespace: 'kindless', objects }],
    args,
  });
  const all = [configMap('a', 'kindless'), custom('Cog', { name: 'c', namespace: 'kindless' }, { teeth: 3 })];
  await apply({ sets: [{ stack: 'definitions', namespace: 'kindless', objects: [definition('Cog', ['teeth'])] }] });
  await apply(stack(all));
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/cogs.example.com';
  await server.client.request({ method: 'DELETE', path, doing: 'Deleting' });
  await eventually('nobody serves the kind', async () =>
    (await discover(server.client)).findGroupKind('Cog.example.com') === undefined ? true : undefined,
  );
  await assert.rejects(apply(stack(all)), { code: 'K8S_UNKNOWN_KIND' });
  const printed: string[] = [];
  const print = (text: string) => void printed.push(text);
  await withSession(server, stack(all), async ({ session }) => {
    assert.equal(await statusVerb(session, print), 1);
    await describeVerb(session, print);
    await assert.rejects(logsVerb(session, print), { code: 'K8S_NO_PODS' });
  });
  const text = printed.join('\n');
  assert.match(text, /^missing +Cog +kindless\/c .*the cluster has no Cog$/m);
  assert.match(text, /^Cog kindless\/c: is not there$/m);
  const dry: string[] = [];
  await remove({ ...stack(all, ['--dry-run']), streams: { print: (line) => dry.push(line) } });
  assert.deepEqual(dry, ['- ConfigMap kindless/a', 'fathom: 1 differences']);
  assert.match((await remove(stack(all))).at(-1) ?? '', /: 1 deleted, in/);
  assert.equal(await getParent('kindless', 'cogs'), undefined);
});

test('deletes what was applied alone in a version that is no longer served', async () => {
  await makeNamespace('versions');
  const place = { name: 'c', namespace: 'versions' };
  const stack = (apiVersion: string): TestStack => ({
    sets: [{ stack: '', namespace: 'versions', objects: [{ ...custom('Sprocket', place, { teeth: 3 }), apiVersion }] }],
  });
  const objects = [definition('Sprocket', ['teeth'])];
  await apply({ sets: [{ stack: 'sprockets', namespace: 'versions', objects }] });
  await apply(stack('example.com/v1'));
  assert.match((await remove(stack('example.com/v1beta1'))).at(-1) ?? '', /: 1 deleted, in/);
  assert.equal(await get('/apis/example.com/v1/namespaces/versions/sprockets/c'), undefined);
});
