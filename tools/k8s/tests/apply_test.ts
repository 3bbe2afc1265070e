// The verbs against a real API server (no nodes): what they change, and what they leave alone.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { applySetId, parentName } from '../deploy/applyset.ts';
import { connect } from '../deploy/session.ts';
import { makePlan } from '../deploy/planner.ts';
import type { KubeObject } from '../model/object.ts';
import { type ApiServer, startApiServer } from '../testing/apiserver.ts';
import { callsTo } from '../testing/calls.ts';
import { configMap, deployment, pod, service } from '../testing/objects.ts';
import { type TestStack, withSession } from '../testing/stack.ts';

let server: ApiServer;
before(async () => {
  server = await startApiServer();
});
after(() => server.stop());

const {
  applyStack: apply,
  deleteStack: remove,
  get,
  getMap,
  makeNamespace,
  merge,
  post,
  setStatus,
} = callsTo(() => server);
const plan = (stack: TestStack) =>
  withSession(server, stack, async ({ session }) => {
    const connected = await connect(session);
    try {
      return await makePlan(session, connected, session.sets);
    } finally {
      connected.client.close();
    }
  });

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

test('prunes what the stack no longer contains, and nothing of others', async () => {
  await makeNamespace('prune');
  await post('/api/v1/namespaces/prune/configmaps', configMap('foreign', 'prune', { keep: 'me' }));
  const foreign = await getMap('prune', 'foreign');
  const sets = (names: readonly string[]): TestStack => ({
    sets: [{ stack: 'prune', namespace: 'prune', objects: names.map((name) => configMap(name, 'prune')) }],
  });
  await apply({ sets: [{ stack: 'other', namespace: 'prune', objects: [configMap('others', 'prune')] }] });
  await apply(sets(['a', 'b']));
  const lines = await apply(sets(['a']));
  assert.ok(lines.some((line) => /^pruned\s+ConfigMap prune\/b$/.test(line)));
  assert.equal(await getMap('prune', 'b'), undefined);
  assert.ok(await getMap('prune', 'others'));
  assert.deepEqual(await getMap('prune', 'foreign'), foreign);
});

test('keeps volume claims unless told otherwise', async () => {
  await makeNamespace('claims');
  const claim: KubeObject = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', namespace: 'claims' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
  };
  const stack = (args: readonly string[]): TestStack => ({
    sets: [{ stack: 'claims', namespace: 'claims', objects: [configMap('a', 'claims'), claim] }],
    args,
  });
  const path = '/api/v1/namespaces/claims/persistentvolumeclaims/data';
  await apply(stack(['--no-wait']));
  await remove(stack([]));
  assert.equal(await getMap('claims', 'a'), undefined);
  assert.ok(await get(path));
  await apply(stack(['--no-wait']));
  await remove(stack(['--prune-data', '--no-wait']));
  // A controller that is not there would end it: being deleted is what counts.
  const left = await get(path);
  assert.ok(left === undefined || left.metadata.deletionTimestamp !== undefined);
});

test('takes up an apply that was cut off after its inventory was written, and deletes what was left', async () => {
  await makeNamespace('cut');
  const stack = (names: readonly string[]): TestStack => ({
    sets: [{ stack: 'cut', namespace: 'cut', objects: names.map((name) => configMap(name, 'cut')) }],
  });
  await apply(stack(['a', 'b', 'c']));
  await server.client.request({ method: 'DELETE', path: '/api/v1/namespaces/cut/configmaps/b', doing: 'Deleting' });
  const lines = await apply(stack(['a', 'b', 'c']));
  assert.match(lines.at(-1) ?? '', /3 objects: 1 created, 2 unchanged/);
  // A delete that was cut off has its inventory still.
  await server.client.request({ method: 'DELETE', path: '/api/v1/namespaces/cut/configmaps/a', doing: 'Deleting' });
  await remove(stack(['a', 'b']));
  assert.equal(await getMap('cut', 'c'), undefined, 'also what the manifests no longer have');
  assert.equal(await getParent('cut', 'cut'), undefined);
  assert.match((await remove(stack(['a']))).at(-1) ?? '', /0 deleted/);
});

test('deletes what it made and leaves a foreign object as it was, byte for byte', async () => {
  await makeNamespace('delete');
  await post('/api/v1/namespaces/delete/configmaps', configMap('foreign', 'delete', { keep: 'me' }));
  const before = JSON.stringify(await getMap('delete', 'foreign'));
  const stack: TestStack = {
    sets: [{ stack: 'delete', namespace: 'delete', objects: [configMap('a', 'delete'), service('delete')] }],
  };
  await apply(stack);
  await remove(stack);
  assert.equal(await getMap('delete', 'a'), undefined);
  assert.equal(await get('/api/v1/namespaces/delete/services/web'), undefined);
  assert.equal(await getParent('delete', 'delete'), undefined);
  assert.ok(await get('/api/v1/namespaces/delete'));
  assert.equal(JSON.stringify(await getMap('delete', 'foreign')), before);
});

test('a deep delete keeps what another root needs, until that one is deleted too', async () => {
  await makeNamespace('deep');
  const set = (stack: string) => ({ stack, namespace: 'deep', objects: [configMap(stack, 'deep')] });
  const first: TestStack = { root: 'first', sets: [set('shared'), set('first')] };
  const second: TestStack = { root: 'second', sets: [set('shared'), set('second')] };
  await apply(first);
  await apply(second);
  const lines = await remove(first);
  assert.ok(
    lines.some((line) => /^kept\s+ConfigMap deep\/shared\s+needed by second/.test(line)),
    lines.join('\n'),
  );
  assert.equal(await getMap('deep', 'first'), undefined);
  assert.ok(await getMap('deep', 'shared'));
  await remove(second);
  assert.equal(await getMap('deep', 'shared'), undefined);
  assert.equal(await getMap('deep', 'second'), undefined);
});

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

test('names the manager and the fields of a conflict, and takes them over when told to', async () => {
  await makeNamespace('conflict');
  await server.client.request({
    method: 'PATCH',
    path: '/api/v1/namespaces/conflict/configmaps/a',
    query: { fieldManager: 'somebody' },
    contentType: 'application/apply-patch+yaml',
    body: configMap('a', 'conflict', { x: 'theirs' }),
    doing: 'Making',
  });
  const stack = (args: readonly string[]): TestStack => ({
    sets: [{ stack: 'conflict', namespace: 'conflict', objects: [configMap('a', 'conflict', { x: 'ours' })] }],
    args,
  });
  await assert.rejects(apply(stack([])), { code: 'K8S_FIELD_CONFLICT', message: /data\.x.*somebody/ });
  assert.equal(await getParent('conflict', 'conflict'), undefined, 'nothing is half applied');
  await apply(stack(['--force-conflicts']));
  assert.deepEqual((await getMap('conflict', 'a'))?.['data'], { x: 'ours' });
});

test('refuses an object that another stack has', async () => {
  await makeNamespace('steal');
  const stack = (name: string): TestStack => ({
    sets: [{ stack: name, namespace: 'steal', objects: [configMap('a', 'steal')] }],
  });
  await apply(stack('owner'));
  await assert.rejects(apply(stack('thief')), { code: 'K8S_OTHER_SET' });
});

test('create refuses what exists, replace what does not; a replaced object can be applied again', async () => {
  await makeNamespace('verbs');
  const stack = (data: Readonly<Record<string, string>>): TestStack => ({
    sets: [{ stack: 'verbs', namespace: 'verbs', objects: [configMap('a', 'verbs', data)] }],
  });
  await assert.rejects(apply(stack({}), 'replace'), { code: 'K8S_ABSENT' });
  await apply(stack({ x: '1' }), 'create');
  await assert.rejects(apply(stack({}), 'create'), { code: 'K8S_EXISTS' });
  await merge('/api/v1/namespaces/verbs/configmaps/a', { data: { theirs: 'too' } });
  await apply(stack({ x: '2' }), 'replace');
  assert.deepEqual((await getMap('verbs', 'a'))?.['data'], { x: '2' });
  await apply(stack({ x: '3' }));
  assert.deepEqual((await getMap('verbs', 'a'))?.['data'], { x: '3' });
});

test('an object applied alone stays in the set that it is in', async () => {
  await makeNamespace('alone');
  const objects = [configMap('a', 'alone', { x: '1' })];
  await apply({ sets: [{ stack: 'alone', namespace: 'alone', objects }] });
  const changed = [configMap('a', 'alone', { x: '2' })];
  await apply({ sets: [{ stack: '', namespace: 'alone', objects: changed }] });
  const live = await getMap('alone', 'a');
  assert.deepEqual(live?.['data'], { x: '2' });
  assert.equal(live?.metadata.labels?.['applyset.kubernetes.io/part-of'], applySetId('alone', 'alone'));
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
