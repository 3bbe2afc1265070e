// Objects that others have, against a real API server (no nodes).
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { applySetId, parentName } from '../deploy/applyset.ts';
import { type ApiServer, kubectl, startApiServer } from '../testing/apiserver.ts';
import { callsTo } from '../testing/calls.ts';
import { configMap, deployment } from '../testing/objects.ts';
import type { TestStack } from '../testing/stack.ts';

let server: ApiServer;
before(async () => {
  server = await startApiServer();
});
after(() => server.stop());

const { applyStack: apply, get, getMap, makeNamespace, merge, setStatus } = callsTo(() => server);

const getParent = (namespace: string, stack: string) =>
  get(`/api/v1/namespaces/${namespace}/secrets/${parentName(stack)}`);

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

test('what kubectl apply has made is handed over by the command of docs/from_rules_k8s.md', async () => {
  await makeNamespace('handed');
  const file = join(server.folder, 'handed.json');
  const write = (data: Readonly<Record<string, string>>) =>
    writeFile(file, JSON.stringify(configMap('a', 'handed', data)));
  const stack = (data: Readonly<Record<string, string>>): TestStack => ({
    sets: [{ stack: 'handed', namespace: 'handed', objects: [configMap('a', 'handed', data)] }],
  });
  const owners = async () => (await getMap('handed', 'a'))?.metadata.managedFields?.map(({ manager }) => manager);
  await write({ kept: '1', later: '1', gone: '1' });
  assert.equal((await kubectl(server, ['apply', '-f', file])).code, 0);
  await write({ kept: '1', later: '1' });
  const command = ['apply', '--server-side', '--force-conflicts', '--field-manager=fathom', '-f', file];
  assert.equal((await kubectl(server, command)).code, 0);
  assert.deepEqual((await getMap('handed', 'a'))?.['data'], { kept: '1', later: '1' });
  assert.deepEqual(await owners(), ['fathom']);
  await apply(stack({ kept: '2' }));
  assert.deepEqual((await getMap('handed', 'a'))?.['data'], { kept: '2' });
  // After an apply it takes the labels of the stack away, which the next one puts back.
  assert.equal((await kubectl(server, command)).code, 0);
  await apply(stack({ kept: '2' }));
  const live = await getMap('handed', 'a');
  assert.deepEqual(live?.['data'], { kept: '2' });
  assert.equal(live?.metadata.labels?.['applyset.kubernetes.io/part-of'], applySetId('handed', 'handed'));
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

test('replaces objects that controllers write meanwhile, and can apply them again', async () => {
  await makeNamespace('race');
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const path = (name: string) => `/apis/apps/v1/namespaces/race/deployments/${name}`;
  const stack = (image: string): TestStack => ({
    sets: [
      {
        stack: 'race',
        namespace: 'race',
        objects: names.map((name) => ({ ...deployment('race', 1, image), metadata: { name, namespace: 'race' } })),
      },
    ],
    args: ['--no-wait'],
  });
  await apply(stack('one'));
  const over = new AbortController();
  const write = async () => {
    for (let replicas = 0; !over.signal.aborted; replicas++) {
      for (const name of names) await setStatus(path(name), { replicas });
    }
  };
  const writing = write();
  try {
    for (const image of ['two', 'three', 'four']) await apply(stack(image), 'replace');
  } finally {
    over.abort();
    await writing;
  }
  for (const name of names) {
    const managers = (await get(path(name)))?.metadata.managedFields ?? [];
    const own = managers.filter(({ manager, subresource }) => manager === 'fathom' && subresource === undefined);
    assert.deepEqual(
      own.map(({ operation }) => operation),
      ['Apply'],
    );
    // What others have written into the list meanwhile is still in it.
    assert.ok(managers.some(({ subresource }) => subresource === 'status'));
  }
  await apply(stack('five'));
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
