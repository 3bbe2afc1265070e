// apply against a real API server (no nodes): what it changes, in which order, and what it waits for.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { applySetId, parentName } from '../deploy/applyset.ts';
import type { KubeObject } from '../model/object.ts';
import { type ApiServer, startApiServer } from '../testing/apiserver.ts';
import { callsTo } from '../testing/calls.ts';
import { configMap, deployment, pod, service } from '../testing/objects.ts';
import { type TestStack } from '../testing/stack.ts';

let server: ApiServer;
before(async () => {
  server = await startApiServer();
});
after(() => server.stop());

const {
  applyStack: apply,
  planStack: plan,
  get,
  getMap,
  makeNamespace,
  merge,
  post,
  remove,
  setStatus,
} = callsTo(() => server);
const getParent = (namespace: string, stack: string) =>
  get(`/api/v1/namespaces/${namespace}/secrets/${parentName(stack)}`);

test('creates the personal namespace and puts it wherever the placeholder stands', async () => {
  const objects = [configMap('address', 'myns-placeholder', { host: 'redis.myns-placeholder.svc' })];
  await apply({ sets: [{ stack: 'address', namespace: 'myns-placeholder', objects }] });
  assert.deepEqual((await getMap('ada', 'address'))?.['data'], { host: 'redis.ada.svc' });
  assert.equal(
    await getParent('ada', 'address').then((one) => one?.metadata.labels?.['applyset.kubernetes.io/id']),
    applySetId('address', 'ada'),
  );
});

test('applies who pods run as, who may reach them and what they read before the pods', async () => {
  await makeNamespace('early');
  const object = (apiVersion: string, kind: string, name: string, rest: object): KubeObject => ({
    apiVersion,
    kind,
    metadata: { name, namespace: 'early' },
    ...rest,
  });
  const late = configMap('late', 'early');
  const annotations = { 'config.kubernetes.io/depends-on': '/namespaces/early/Service/web' };
  const objects = [
    deployment('early', 0),
    service('early'),
    { ...late, metadata: { ...late.metadata, annotations } },
    configMap('a', 'early'),
    object('v1', 'Secret', 'a', {}),
    object('networking.k8s.io/v1', 'NetworkPolicy', 'a', { spec: { podSelector: {} } }),
    object('v1', 'ServiceAccount', 'a', {}),
  ];
  await apply({ sets: [{ stack: 'early', namespace: 'early', objects }], args: ['--no-wait'] });
  const versionOf = async (path: string) => Number((await get(path))?.metadata.resourceVersion);
  const core = '/api/v1/namespaces/early';
  const first = await Promise.all(
    [
      `${core}/configmaps/a`,
      `${core}/secrets/a`,
      '/apis/networking.k8s.io/v1/namespaces/early/networkpolicies/a',
      `${core}/serviceaccounts/a`,
    ].map(versionOf),
  );
  const after = await Promise.all(
    ['/apis/apps/v1/namespaces/early/deployments/web', `${core}/services/web`].map(versionOf),
  );
  assert.ok(Math.max(...first) < Math.min(...after), `${first.join(' ')} | ${after.join(' ')}`);
  assert.ok((after[1] ?? 0) < (await versionOf(`${core}/configmaps/late`)));
});

test('changes no resourceVersion, not the inventory’s either, when nothing changed', async () => {
  await makeNamespace('noop');
  const stack: TestStack = {
    sets: [
      {
        stack: 'noop',
        namespace: 'noop',
        objects: [configMap('a', 'noop', { x: '1' }), service('noop'), deployment('noop', 0)],
      },
    ],
    args: ['--no-wait'],
  };
  await apply(stack);
  const versions = async () =>
    Promise.all(
      [
        getMap('noop', 'a'),
        get('/api/v1/namespaces/noop/services/web'),
        get('/apis/apps/v1/namespaces/noop/deployments/web'),
        getParent('noop', 'noop'),
      ].map(async (one) => (await one)?.metadata.resourceVersion),
    );
  const first = await versions();
  const lines = await apply(stack);
  assert.deepEqual(await versions(), first);
  assert.ok(first.every((version) => version !== undefined));
  assert.match(lines.at(-1) ?? '', /3 objects: 3 unchanged/);
});

test('takes characters over that YAML does not allow as they are', async () => {
  await makeNamespace('characters');
  const data = { x: '\u007f \u0085 \u009f \u2028 \ufeff \uffff ✓ 🚀 \t " \\' };
  const stack: TestStack = {
    sets: [{ stack: 'characters', namespace: 'characters', objects: [configMap('a', 'characters', data)] }],
  };
  await apply(stack);
  assert.deepEqual((await getMap('characters', 'a'))?.['data'], data);
  assert.match((await apply(stack)).at(-1) ?? '', /1 unchanged/);
});

test('updates only what differs and names the field', async () => {
  await makeNamespace('update');
  const stack = (value: string): TestStack => ({
    sets: [
      {
        stack: 'update',
        namespace: 'update',
        objects: [configMap('a', 'update', { x: value }), configMap('b', 'update')],
      },
    ],
  });
  await apply(stack('1'));
  const lines = await apply(stack('2'));
  assert.ok(
    lines.some((line) => /^updated\s+ConfigMap update\/a\s+data\.x$/.test(line)),
    lines.join('\n'),
  );
  assert.ok(lines.some((line) => /^unchanged\s+ConfigMap update\/b$/.test(line)));
  assert.deepEqual((await getMap('update', 'a'))?.['data'], { x: '2' });
});

test('waits until what is being deleted is gone before it makes it anew, and says what holds it where it stays', async () => {
  await makeNamespace('leaving');
  const path = '/api/v1/namespaces/leaving/configmaps/held';
  const stack = (x: string, rest: Partial<TestStack> = {}): TestStack => ({
    sets: [{ stack: 'leaving', namespace: 'leaving', objects: [configMap('held', 'leaving', { x })] }],
    ...rest,
  });
  await apply(stack('1'));
  await merge(path, { metadata: { finalizers: ['example.com/wait'] } });
  await remove(path);
  await assert.rejects(apply(stack('2', { args: ['--timeout', '300ms'] })), {
    code: 'K8S_NOT_DELETED',
    message:
      /being deleted: not gone after 300 ms:\n +ConfigMap leaving\/held: being deleted, held by example\.com\/wait$/,
  });
  const dying = await get(path);
  assert.deepEqual(dying?.['data'], { x: '1' }, 'nothing is written to what vanishes');
  let release: Promise<unknown> | undefined;
  const print = (line: string) => {
    if (JSON.parse(line).kind === 'waiting') release ??= merge(path, { metadata: { finalizers: null } });
  };
  await apply(stack('2', { args: ['--output=json'], streams: { print } }));
  await release;
  const made = await get(path);
  assert.deepEqual([made?.['data'], made?.metadata.deletionTimestamp], [{ x: '2' }, undefined]);
  assert.notEqual(made?.metadata.uid, dying?.metadata.uid);
});

test('applies namespaces of the stack before what is in them', async () => {
  const namespace: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'declared' } };
  const objects = [configMap('a', 'declared'), namespace];
  await apply({ sets: [{ stack: 'declared', namespace: 'fathom-system', objects }] });
  assert.ok(await getMap('declared', 'a'));
  assert.ok(await getParent('fathom-system', 'declared'));
});

test('plans nothing else than the server would do: defaults are no differences', async () => {
  await makeNamespace('defaults');
  const stack: TestStack = {
    sets: [{ stack: 'defaults', namespace: 'defaults', objects: [deployment('defaults', 0)] }],
    args: ['--no-wait'],
  };
  await apply(stack);
  assert.deepEqual(
    (await plan(stack)).objects.map(({ action }) => action),
    ['unchanged'],
  );
});

test('waits until an object is ready, and says in time why it is not', async () => {
  await makeNamespace('slow');
  const stack: TestStack = {
    sets: [{ stack: 'slow', namespace: 'slow', objects: [deployment('slow', 1)] }],
    args: ['--timeout', '300ms'],
  };
  await assert.rejects(apply(stack), {
    code: 'K8S_NOT_READY',
    message: /Deployment slow\/web: not seen by its controller/,
  });
});

test('tells the cause: the pod’s state, its exit code and its warnings', async () => {
  await makeNamespace('cause');
  const made = await post('/api/v1/namespaces/cause/pods', pod('web-1', 'cause'));
  const containerStatuses = [
    {
      ...{ name: 'web', image: '', imageID: '', ready: false, restartCount: 2 },
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated: { exitCode: 3, reason: 'Error' } },
    },
  ];
  await setStatus('/api/v1/namespaces/cause/pods/web-1', { phase: 'Running', containerStatuses });
  await post('/api/v1/namespaces/cause/events', {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'e', namespace: 'cause' },
    involvedObject: { kind: 'Pod', name: 'web-1', namespace: 'cause', uid: made.metadata.uid },
    ...{ type: 'Warning', reason: 'BackOff', message: 'Back-off restarting', lastTimestamp: '2030-01-01T00:00:00Z' },
  });
  const sets = [{ stack: 'cause', namespace: 'cause', objects: [deployment('cause', 1)] }];
  await assert.rejects(apply({ sets, args: ['--timeout', '200ms'] }), {
    code: 'K8S_NOT_READY',
    message:
      /Deployment cause\/web: .*\n +pod web-1: container web: CrashLoopBackOff \(exit code 3, Error\)\n +event: BackOff: Back-off restarting/,
  });
});

test('applies what others depend on first, and waits for it', async () => {
  await makeNamespace('depends');
  const last = configMap('last', 'depends');
  const dependent: KubeObject = {
    ...last,
    metadata: {
      ...last.metadata,
      annotations: { 'config.kubernetes.io/depends-on': '/namespaces/depends/ConfigMap/first' },
    },
  };
  const lines = await apply({
    sets: [{ stack: 'depends', namespace: 'depends', objects: [dependent, configMap('first', 'depends')] }],
  });
  const order = lines.filter((line) => line.startsWith('created')).map((line) => line.split('/').at(-1));
  assert.deepEqual(order, ['first', 'last']);
});

test('an object in a version that the server does not prefer is unchanged once it is applied, and then changed', async () => {
  await makeNamespace('versions');
  const scaler = (maxReplicas: number): KubeObject => ({
    apiVersion: 'autoscaling/v1',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'web', namespace: 'versions' },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      ...{ minReplicas: 1, maxReplicas, targetCPUUtilizationPercentage: 80 },
    },
  });
  const stack = (maxReplicas: number, value = '1'): TestStack => ({
    sets: [
      {
        stack: 'versions',
        namespace: 'versions',
        objects: [scaler(maxReplicas), configMap('a', 'versions', { value })],
      },
    ],
    args: ['--no-wait'],
  });
  await apply(stack(2));
  const scalerPath = '/apis/autoscaling/v2/namespaces/versions/horizontalpodautoscalers/web';
  const before = await get(scalerPath);
  assert.match((await apply(stack(2))).at(-1) ?? '', /2 objects: 2 unchanged/);
  const parent = await getParent('versions', 'versions');
  assert.equal(parent?.metadata.annotations?.['fathom.internal/revision'], '1');
  assert.equal((await get(scalerPath))?.metadata.resourceVersion, before?.metadata.resourceVersion);
  const { objects } = await plan(stack(3));
  const changes = objects.find(({ object }) => object.kind === 'HorizontalPodAutoscaler')?.changes ?? [];
  assert.deepEqual(
    changes.map(({ path }) => path),
    ['spec.maxReplicas'],
  );
});
