// What apply does only when it is told to, as something is lost by it, against a real API server.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { KubeObject } from '../model/object.ts';
import { type ApiServer, startApiServer } from '../testing/apiserver.ts';
import { callsTo } from '../testing/calls.ts';
import { configMap, job } from '../testing/objects.ts';
import { type TestStack, withSession } from '../testing/stack.ts';
import { diffVerb } from '../verbs/diff.ts';

let server: ApiServer;
before(async () => {
  server = await startApiServer();
});
after(() => server.stop());
const { applyStack, deleteStack, get, setStatus } = callsTo(() => server);

const stackOf = (objects: readonly KubeObject[], rest: Partial<TestStack> = {}): TestStack => ({
  sets: [{ stack: 'told', namespace: 'default', objects }],
  ...rest,
});

test('offers to make a Job anew, and does it when told to', async () => {
  const stack = stackOf([job('new')]);
  await applyStack({ ...stackOf([job('old')]), args: ['--no-wait'] });
  await assert.rejects(applyStack(stack), { code: 'K8S_IMMUTABLE', hint: /-- --recreate/ });
  const path = '/apis/batch/v1/namespaces/default/jobs/once';
  const old = await get(path);
  const lines = await applyStack({ ...stack, args: ['--recreate', '--no-wait'] });
  assert.ok(
    lines.some((line) => /^recreated Job default\/once\s+spec\.template$/.test(line)),
    lines.join('\n'),
  );
  const made = await get(path);
  assert.notEqual(made?.metadata.uid, old?.metadata.uid);
  assert.match(JSON.stringify(made?.['spec']), /"image":"new"/);
  await deleteStack(stack);
});

test('makes a Job anew without being told to where its manifest says so, but not while it runs', async () => {
  const annotated = (image: string): KubeObject => {
    const { metadata, ...rest } = job(image);
    return { ...rest, metadata: { ...metadata, annotations: { 'fathom.internal/on-immutable': 'recreate' } } };
  };
  const stack = stackOf([annotated('new')], { args: ['--no-wait'] });
  await applyStack({ ...stackOf([annotated('old')]), args: ['--no-wait'] });
  const path = '/apis/batch/v1/namespaces/default/jobs/once';
  const old = await get(path);
  await assert.rejects(applyStack(stack), { code: 'K8S_IMMUTABLE', hint: /-- --recreate/ });

  const now = new Date().toISOString();
  const isTrue = (type: string) => ({ type, status: 'True', lastTransitionTime: now, lastProbeTime: now });
  await setStatus(path, {
    startTime: now,
    completionTime: now,
    succeeded: 1,
    conditions: [isTrue('SuccessCriteriaMet'), isTrue('Complete')],
  });
  const same = await applyStack(stackOf([annotated('old')], { args: ['--no-wait'] }));
  assert.ok(!same.some((line) => line.startsWith('recreated')), same.join('\n'));
  assert.equal((await get(path))?.metadata.uid, old?.metadata.uid);

  const lines = await applyStack(stack);
  assert.ok(
    lines.some((line) => /^recreated Job default\/once\s+spec\.template$/.test(line)),
    lines.join('\n'),
  );
  assert.notEqual((await get(path))?.metadata.uid, old?.metadata.uid);
  await deleteStack(stack);
});

test('a claim is made anew only when its data may be lost', async () => {
  const claim = (storage: string): KubeObject => ({
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data', namespace: 'default' } },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
  });
  await applyStack(stackOf([claim('2Mi')], { args: ['--no-wait'] }));
  await assert.rejects(applyStack(stackOf([claim('1Mi')], { args: ['--recreate', '--no-wait'] })), {
    code: 'K8S_IMMUTABLE',
    hint: /lost/,
  });
});

test('prunes all of a stack that has become empty only when told to; diff and delete need no telling', async () => {
  const stack = (objects: readonly KubeObject[], args: readonly string[] = []) => ({
    ...stackOf(objects, { args }),
    sets: [{ stack: 'empty', namespace: 'default', objects }],
  });
  await applyStack(stack([configMap('left', 'default')]));
  await assert.rejects(applyStack(stack([])), { code: 'K8S_EMPTY_STACK', hint: /--allow-empty/ });
  const lines: string[] = [];
  const print = (line: string) => void lines.push(line);
  await withSession(server, stack([]), ({ session }) => diffVerb(async () => session, print));
  assert.deepEqual(lines, ['- ConfigMap default/left', 'fathom: 1 differences']);
  await applyStack(stack([], ['--allow-empty']));
  assert.equal(await get('/api/v1/namespaces/default/configmaps/left'), undefined);
  await deleteStack(stack([]));
  assert.equal(await get('/api/v1/namespaces/default/secrets/fathom-empty'), undefined);
});
