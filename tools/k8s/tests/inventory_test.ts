// Whose objects are whose: what other tools see of a stack, and what runs on several stacks leave to one another.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { PART_OF, applySetId } from '../deploy/applyset.ts';
import { desiredObjects } from '../deploy/desired.ts';
import { readSets } from '../deploy/read_sets.ts';
import { connect } from '../deploy/session.ts';
import type { KubeObject } from '../model/object.ts';
import { type ApiServer, kubectl, startApiServer } from '../testing/apiserver.ts';
import { callsTo } from '../testing/calls.ts';
import { configMap } from '../testing/objects.ts';
import { type TestStack, withSession } from '../testing/stack.ts';

let server: ApiServer;
before(async () => {
  server = await startApiServer();
});
after(() => server.stop());
const { applyStack, deleteStack, get, getMap, makeNamespace, merge } = callsTo(() => server);

const setOf = (stack: string, namespace: string, names: readonly string[]) => ({
  ...{ stack, namespace },
  objects: names.map((name) => configMap(name, namespace)),
});
/** The ConfigMaps of a namespace, but those in which the engine tells of deploys. */
const namesIn = async (namespace: string) =>
  ((await get(`/api/v1/namespaces/${namespace}/configmaps`))?.['items'] as KubeObject[])
    .map(({ metadata }) => metadata.name)
    .filter((name) => !name.startsWith('fathom-'));
const wordsOf = (lines: readonly string[], word: string) => lines.filter((line) => line.startsWith(word));

test('kubectl lists the members of a stack, and refuses to prune it', async () => {
  await makeNamespace('listed');
  await applyStack({ sets: [setOf('x', 'listed', ['a', 'b'])] });
  await applyStack({ sets: [setOf('y', 'listed', ['c'])] });
  const selector = `${PART_OF}=${applySetId('x', 'listed')}`;
  const listed = await kubectl(server, ['get', 'configmaps', '-n', 'listed', '-l', selector, '-o', 'name']);
  assert.equal(listed.stdout, 'configmap/a\nconfigmap/b\n', listed.stderr);
  const file = join(server.folder, 'pruned.json');
  await writeFile(file, JSON.stringify(configMap('a', 'listed')));
  const apply = ['apply', '-n', 'listed', '-f', file, '--server-side', '--force-conflicts', '--prune'];
  const pruned = await kubectl(server, [...apply, '--applyset=secret/fathom-x'], { KUBECTL_APPLYSET: 'true' });
  assert.notEqual(pruned.code, 0);
  assert.match(pruned.stderr, /fathom/);
  assert.deepEqual(await namesIn('listed'), ['a', 'b', 'c']);
});

test('shallow and deep runs prune nothing of one another, and keep one inventory', async () => {
  await makeNamespace('both');
  const needed = setOf('needed', 'both', ['needed']);
  const deep = (names: readonly string[]): TestStack => ({ root: 'own', sets: [needed, setOf('own', 'both', names)] });
  const shallow = (names: readonly string[]): TestStack => ({ sets: [setOf('own', 'both', names)] });
  await applyStack(deep(['a', 'b']));
  const lines = await applyStack(shallow(['a']));
  assert.deepEqual(wordsOf(lines, 'pruned'), ['pruned    ConfigMap both/b']);
  assert.deepEqual(await namesIn('both'), ['a', 'needed']);
  assert.match((await applyStack(deep(['a']))).at(-1) ?? '', /2 objects: 2 unchanged/);
  assert.deepEqual(wordsOf(await applyStack({ sets: [needed] }), 'pruned'), []);
  await deleteStack(shallow(['a']));
  assert.deepEqual(await namesIn('both'), ['needed']);
});

test('the members of many sets are read by few requests, and each is told whose it is', async () => {
  await makeNamespace('many');
  const names = Array.from({ length: 60 }, (_, index) => `s${index}`);
  const sets = names.map((name) => setOf(name, 'many', [name, `${name}-too`]));
  await applyStack({ sets });
  await applyStack({ sets: [setOf('stranger', 'many', ['stranger'])] });
  await withSession(server, { sets }, async ({ session }) => {
    const connected = await connect(session);
    const { client, resources } = connected;
    const before = client.counts['GET'] ?? 0;
    const wanted = desiredObjects(session.sets, { resources, defaultNamespace: undefined });
    const states = await readSets(connected, session.sets, wanted);
    client.close();
    assert.deepEqual(
      states.map(({ set, members }) => [set.stack, members.map(({ object }) => object.metadata.name)]),
      names.map((name) => [name, [name, `${name}-too`]]),
    );
    // The parent of each by its name, and two lists, as no selector has more than fifty sets.
    assert.equal((client.counts['GET'] ?? 0) - before, 60 + 2);
  });
});

test('an object that moves to another stack of the same run is not made anew, and has one owner', async () => {
  await makeNamespace('moved');
  const stack = (first: readonly string[], second: readonly string[]): TestStack => ({
    root: 'second',
    sets: [setOf('first', 'moved', first), setOf('second', 'moved', second)],
  });
  await applyStack(stack(['a', 'b'], ['c']));
  const before = await getMap('moved', 'b');
  const lines = await applyStack(stack(['a'], ['b', 'c']));
  assert.deepEqual(wordsOf(lines, 'pruned'), []);
  const moved = await getMap('moved', 'b');
  assert.deepEqual(
    [moved?.metadata.uid, moved?.metadata.labels?.[PART_OF]],
    [before?.metadata.uid, applySetId('second', 'moved')],
  );
  await applyStack(stack(['a'], ['c']));
  assert.deepEqual(await namesIn('moved'), ['a', 'c']);
});

const claim: KubeObject = {
  ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data', namespace: 'data' } },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
};
const definition: KubeObject = {
  ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' },
  metadata: { name: 'gadgets.example.com' },
  spec: {
    ...{ group: 'example.com', scope: 'Namespaced', names: { kind: 'Gadget', plural: 'gadgets' } },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
};
const namespace: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'data-2' } };

test('what holds data is pruned only when told to: claims, namespaces and definitions', async () => {
  await makeNamespace('data');
  const stack = (objects: readonly KubeObject[], ...args: string[]): TestStack => ({
    sets: [{ stack: 'data', namespace: 'data', objects: [configMap('a', 'data'), ...objects] }],
    args: ['--no-wait', ...args],
  });
  await applyStack(stack([claim, definition, namespace]));
  const kept = await applyStack(stack([]));
  assert.deepEqual(wordsOf(kept, 'kept').sort(), [
    'kept      CustomResourceDefinition gadgets.example.com',
    'kept      Namespace data-2',
    'kept      PersistentVolumeClaim data/data',
  ]);
  // They stay in the inventory: a later run still knows them.
  const pruned = await applyStack(stack([], '--prune-data'));
  assert.equal(wordsOf(pruned, 'pruned').length, 3, pruned.join('\n'));
  const isLeaving = async (path: string) => {
    const live = await get(path);
    return live === undefined || live.metadata.deletionTimestamp !== undefined;
  };
  for (const path of [
    '/api/v1/namespaces/data/persistentvolumeclaims/data',
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/gadgets.example.com',
    '/api/v1/namespaces/data-2',
  ]) {
    assert.ok(await isLeaving(path), path);
  }
});

/** A webhook that nobody answers, for everything that is done to ConfigMaps of a namespace. */
const webhook = (name: string): KubeObject => ({
  ...{ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration', metadata: { name } },
  webhooks: [
    {
      ...{ name: 'refuse.example.com', sideEffects: 'None', admissionReviewVersions: ['v1'], timeoutSeconds: 1 },
      clientConfig: { url: 'https://127.0.0.1:9/' },
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
      rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['*'] }],
    },
  ],
});
const apiService: KubeObject = {
  ...{ apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', metadata: { name: 'v1.elsewhere.example.com' } },
  spec: {
    ...{ group: 'elsewhere.example.com', version: 'v1', groupPriorityMinimum: 1, versionPriority: 1 },
    ...{ insecureSkipTLSVerify: true, service: { name: 'none', namespace: 'default' } },
  },
};

test('what reroutes the requests of others is applied last and deleted first', async () => {
  await makeNamespace('rerouted');
  const maps = Array.from({ length: 20 }, (_, index) => configMap(`o${index}`, 'rerouted'));
  const stack: TestStack = {
    sets: [{ stack: 'x', namespace: 'rerouted', objects: [webhook('rerouted'), apiService, ...maps] }],
    args: ['--no-wait'],
  };
  const created = wordsOf(await applyStack(stack), 'created');
  assert.deepEqual(
    created
      .slice(-2)
      .map((line) => line.split(/\s+/)[1])
      .sort(),
    ['APIService', 'ValidatingWebhookConfiguration'],
  );
  // The webhook is at work: a deletion of ConfigMaps before its own would fail.
  const deleted = wordsOf(await deleteStack({ ...stack, args: [] }), 'deleted');
  assert.equal(deleted.length, 22);
  assert.deepEqual(await namesIn('rerouted'), []);
});

test('what depends on others is gone before they are deleted', async () => {
  await makeNamespace('reverse');
  const annotations = { 'config.kubernetes.io/depends-on': '/namespaces/reverse/ConfigMap/needed' };
  const dependent = configMap('dependent', 'reverse');
  const metadata = { ...dependent.metadata, annotations, finalizers: ['example.com/wait'] };
  const objects = [configMap('needed', 'reverse'), { ...dependent, metadata }];
  const stack: TestStack = { sets: [{ stack: 'x', namespace: 'reverse', objects }] };
  await applyStack(stack);
  await assert.rejects(deleteStack({ ...stack, args: ['--timeout', '300ms'] }), {
    code: 'K8S_NOT_DELETED',
    message: /reverse\/dependent: being deleted, held by example\.com\/wait/,
  });
  assert.ok(await getMap('reverse', 'needed'), 'it was not even begun to delete it');
  const path = '/api/v1/namespaces/reverse/configmaps/dependent';
  await merge(path, { metadata: { finalizers: null } });
  await deleteStack(stack);
  assert.deepEqual(await namesIn('reverse'), []);
});
