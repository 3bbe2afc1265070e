// What apply does only when it is told to, as something is lost by it, against a real API server.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Progress } from '../deploy/progress.ts';
import { waitReady } from '../deploy/wait.ts';
import type { Resource } from '../kube/discovery.ts';
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

const JOBS: Resource = { apiVersion: 'batch/v1', kind: 'Job', plural: 'jobs', isNamespaced: true };
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

for (const { how, args, annotations, hint } of [
  { how: '--recreate', args: ['--recreate'], annotations: {}, hint: /apply again with `-- --recreate`, which/ },
  {
    how: 'its manifest',
    args: [],
    annotations: { 'fathom.internal/on-immutable': 'recreate' },
    hint: /^Mend the cause and apply again; /,
  },
]) {
  test(`makes a Job that has failed anew where ${how} says so, though nothing of it has changed`, async () => {
    const { metadata, ...rest } = job('same');
    const stack = (...more: readonly string[]) =>
      stackOf([{ ...rest, metadata: { ...metadata, annotations } }], { args: more });
    await applyStack(stack('--no-wait'));
    const path = '/apis/batch/v1/namespaces/default/jobs/once';
    const old = await get(path);
    const now = new Date().toISOString();
    const isTrue = (type: string) => ({ type, status: 'True', lastTransitionTime: now, lastProbeTime: now });
    await setStatus(path, { startTime: now, failed: 1, conditions: [isTrue('FailureTarget'), isTrue('Failed')] });
    const seen = await get(path);
    assert.ok(seen);
    const wait = {
      ...{ client: server.client, progress: new Progress([]), signal: AbortSignal.timeout(60_000) },
      ...{ deadlineMs: performance.now() + 60_000, timeoutMs: 60_000, staleFailureMs: 0 },
    };
    await assert.rejects(waitReady([{ object: seen, resource: JOBS }], wait), { code: 'K8S_FAILED', hint });
    if (args.length > 0) {
      const same = await applyStack(stack('--no-wait'));
      assert.ok(same.includes('unchanged Job default/once'), same.join('\n'));
      assert.equal((await get(path))?.metadata.uid, old?.metadata.uid);
    }
    const lines = await applyStack(stack('--no-wait', ...args));
    assert.ok(lines.includes('recreated Job default/once'), lines.join('\n'));
    const made = await get(path);
    assert.ok(made);
    assert.notEqual(made.metadata.uid, old?.metadata.uid);
    await deleteStack(stack());
  });
}

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
