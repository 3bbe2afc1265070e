// prune and delete against a real API server (no nodes): what goes, and what stays.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { parentName } from '../deploy/applyset.ts';
import type { KubeObject } from '../model/object.ts';
import { type ApiServer, startApiServer } from '../testing/apiserver.ts';
import { callsTo } from '../testing/calls.ts';
import { configMap, database, service } from '../testing/objects.ts';
import { type TestStack } from '../testing/stack.ts';

let server: ApiServer;
before(async () => {
  server = await startApiServer();
});
after(() => server.stop());

const { applyStack: apply, deleteStack: remove, get, getMap, makeNamespace, merge, post } = callsTo(() => server);

const getParent = (namespace: string, stack: string) =>
  get(`/api/v1/namespaces/${namespace}/secrets/${parentName(stack)}`);

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

test('leaves alone what a controller made of a member, though it has the labels of it', async () => {
  await makeNamespace('owned');
  const sets = (names: readonly string[]): TestStack => ({
    sets: [{ stack: 'owned', namespace: 'owned', objects: names.map((name) => configMap(name, 'owned')) }],
  });
  await apply(sets(['a']));
  const owner = await getMap('owned', 'a');
  assert.ok(owner);
  const made = configMap('made', 'owned');
  const ownerReferences = [
    { apiVersion: 'v1', kind: 'ConfigMap', name: 'a', uid: owner.metadata.uid ?? '', controller: true },
  ];
  const metadata = { ...made.metadata, labels: owner.metadata.labels ?? {}, ownerReferences };
  await post('/api/v1/namespaces/owned/configmaps', { ...made, metadata });
  const lines = await apply(sets(['a', 'b']));
  assert.ok(!lines.some((line) => line.startsWith('pruned')), lines.join('\n'));
  assert.ok(await getMap('owned', 'made'));
});

test('leaves alone what has the labels of a member and was never applied, but not what it took over', async () => {
  await makeNamespace('copied');
  const path = '/api/v1/namespaces/copied/configmaps';
  const stack = (names: readonly string[]): TestStack => ({
    sets: [{ stack: 'copied', namespace: 'copied', objects: names.map((name) => configMap(name, 'copied')) }],
  });
  await post(path, configMap('adopted', 'copied'));
  await apply(stack(['a', 'adopted', 'unowned']));
  const labels = (await getMap('copied', 'a'))?.metadata.labels ?? {};
  // As the controller of Endpoints does: the labels of the Service, and no owner.
  await post(path, { ...configMap('copy', 'copied'), metadata: { name: 'copy', namespace: 'copied', labels } });
  await merge(`${path}/unowned`, { metadata: { managedFields: [{}] } });
  assert.equal((await getMap('copied', 'unowned'))?.metadata.managedFields, undefined);
  const pruned = await apply(stack(['a']));
  assert.deepEqual(pruned.filter((line) => line.startsWith('pruned')).sort(), [
    'pruned    ConfigMap copied/adopted',
    'pruned    ConfigMap copied/unowned',
  ]);
  assert.match((await remove(stack(['a']))).at(-1) ?? '', /: 1 deleted, in/);
  assert.ok(await getMap('copied', 'copy'));
});

test('keeps volume claims until it is told otherwise, then or later', async () => {
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
  assert.ok(await getMap('claims', parentName('claims')));
  assert.match((await remove(stack([]))).at(-1) ?? '', /: 1 deleted, 1 kept,/);
  assert.equal(await getMap('claims', 'a'), undefined);
  assert.equal(await getMap('claims', parentName('claims')), undefined, 'deploys of what runs no more are told of');
  assert.ok(await get(path));
  const parent = await getParent('claims', 'claims');
  assert.equal(
    parent?.metadata.annotations?.['applyset.kubernetes.io/contains-group-kinds'],
    'PersistentVolumeClaim',
    'the inventory of what is kept',
  );
  assert.match((await remove(stack([]))).at(-1) ?? '', /: 0 deleted, 1 kept,/);
  assert.match((await remove(stack(['--prune-data', '--no-wait']))).at(-1) ?? '', /: 1 deleted,/);
  assert.equal(await getParent('claims', 'claims'), undefined);
  // A controller that is not there would end it: being deleted is what counts.
  const left = await get(path);
  assert.ok(left === undefined || left.metadata.deletionTimestamp !== undefined);
});

/** A claim as the controller makes it. */
async function makeClaim(namespace: string, name: string): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/persistentvolumeclaims`;
  const spec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } };
  await post(path, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name, namespace }, spec });
  return `${path}/${name}`;
}

const isThere = async (path: string) => {
  const object = await get(path);
  return object !== undefined && object.metadata.deletionTimestamp === undefined;
};

for (const how of ['a delete', 'a prune'] as const) {
  test(`after ${how} of a StatefulSet its claims are known, and go with the data`, async () => {
    const namespace = how.replace(' ', '-');
    await makeNamespace(namespace);
    const stack = (objects: readonly KubeObject[], args: readonly string[] = []): TestStack => ({
      sets: [{ stack: 'db', namespace, objects }],
      args: ['--no-wait', ...args],
    });
    const all = [configMap('a', namespace), database(namespace)];
    await apply(stack(all));
    const claims = await Promise.all(['data-db-0', 'data-db-1'].map((name) => makeClaim(namespace, name)));
    const other = await makeClaim(namespace, 'data-db-replica-0');
    if (how === 'a prune') {
      await apply(stack([configMap('a', namespace)]));
      assert.match((await apply(stack([configMap('a', namespace)]))).at(-1) ?? '', /1 object: 1 unchanged/);
    }
    const kept = await remove(stack(all));
    assert.match(kept.at(-1) ?? '', /, 2 kept,/);
    assert.ok(
      kept.some((line) => /^kept +PersistentVolumeClaim .*\/data-db-0 +holds data$/.test(line)),
      kept.join('\n'),
    );
    for (const claim of claims) assert.ok(await isThere(claim));
    // As another stack may have it by then.
    const sets = `/apis/apps/v1/namespaces/${namespace}/statefulsets`;
    await post(sets, database(namespace));
    await remove(stack(all, ['--prune-data']));
    for (const claim of claims) assert.ok(await isThere(claim), 'the claims of another StatefulSet of the name');
    await server.client.request({ method: 'DELETE', path: `${sets}/db`, doing: 'Deleting' });
    await apply(stack(all));
    await remove(stack(all));
    assert.match((await remove(stack([], ['--prune-data']))).at(-1) ?? '', /: 2 deleted,/);
    for (const claim of claims) assert.equal(await isThere(claim), false);
    assert.ok(await isThere(other));
    assert.equal(await getParent(namespace, 'db'), undefined);
  });
}

test('never deletes what says that it stays, nor its namespace, until it says so no longer', async () => {
  await makeNamespace('stays');
  const annotations = { 'fathom.internal/on-delete': 'keep' };
  const safe = (value: string, data = '1'): KubeObject => ({
    ...configMap('safe', 'stays-too', { data }),
    ...(value === ''
      ? {}
      : {
          metadata: {
            name: 'safe',
            namespace: 'stays-too',
            annotations: { ...annotations, 'fathom.internal/on-delete': value },
          },
        }),
    immutable: true,
  });
  const home: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'stays-too' } };
  const stack = (objects: readonly KubeObject[], args: readonly string[] = []): TestStack => ({
    sets: [{ stack: 'stays', namespace: 'stays', objects }],
    args: ['--no-wait', ...args],
  });
  const all = [configMap('a', 'stays'), home, safe('keep')];
  await assert.rejects(apply(stack([configMap('a', 'stays'), home, safe('kepp')])), {
    code: 'K8S_ANNOTATION',
    message: /on-delete is 'kepp'/,
  });
  await apply(stack(all));
  const uid = async () => (await getMap('stays-too', 'safe'))?.metadata.uid;
  const first = await uid();
  assert.ok(first);
  await assert.rejects(apply(stack([...all.slice(0, 2), safe('keep', '2')], ['--recreate'])), {
    code: 'K8S_IMMUTABLE',
    hint: /annotation fathom\.internal\/on-delete away/,
  });
  const pruned = await apply(stack([configMap('a', 'stays')], ['--prune-data']));
  assert.deepEqual(pruned.filter((line) => line.startsWith('kept')).sort(), [
    'kept      ConfigMap stays-too/safe  fathom.internal/on-delete: keep',
    'kept      Namespace stays-too  holds ConfigMap stays-too/safe',
  ]);
  assert.match((await remove(stack(all, ['--prune-data', '--all']))).at(-1) ?? '', /: 1 deleted, 2 kept,/);
  assert.equal(await uid(), first);
  assert.equal((await get('/api/v1/namespaces/stays-too'))?.metadata.deletionTimestamp, undefined);
  assert.ok(await getParent('stays', 'stays'));
  await apply(stack([home, safe('')]));
  assert.match((await remove(stack([]))).at(-1) ?? '', /: 1 deleted, 1 kept,/);
  assert.equal(await uid(), undefined);
});

test('never deletes an object that is applied alone and says that it stays', async () => {
  await makeNamespace('alone');
  const metadata = { name: 'safe', namespace: 'alone', annotations: { 'fathom.internal/on-delete': 'keep' } };
  const stack = { sets: [{ stack: '', namespace: 'alone', objects: [{ ...configMap('safe', 'alone'), metadata }] }] };
  await apply(stack);
  assert.match((await remove(stack)).at(-1) ?? '', /: 0 deleted, 1 kept,/);
  assert.ok(await getMap('alone', 'safe'));
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
