// Waiting, against a real API server whose controllers are played by the test.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Resource } from '../kube/discovery.ts';
import { Progress } from '../deploy/progress.ts';
import { waitReady } from '../deploy/wait.ts';
import { type ApiServer, startApiServer } from '../testing/apiserver.ts';
import { callsTo } from '../testing/calls.ts';
import { configMap, deployment, pod } from '../testing/objects.ts';
import { eventually } from '../../lib/testing/eventually.ts';
import { type TestStack, withSession } from '../testing/stack.ts';
import { waitVerb } from '../verbs/wait.ts';

let server: ApiServer;
before(async () => {
  server = await startApiServer();
});
after(() => server.stop());
const { applyStack, get, makeNamespace, merge, post, setStatus } = callsTo(() => server);

const DEPLOYMENTS: Resource = { apiVersion: 'apps/v1', kind: 'Deployment', plural: 'deployments', isNamespaced: true };
const pathOf = (namespace: string) => `/apis/apps/v1/namespaces/${namespace}/deployments/web`;
const stackOf = (namespace: string, rest: Partial<TestStack> = {}): TestStack => ({
  sets: [{ stack: 'web', namespace, objects: [deployment(namespace, 1)] }],
  ...rest,
});

const FAILED = {
  observedGeneration: 1,
  conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'too slow' }],
};
const READY = {
  observedGeneration: 1,
  replicas: 1,
  updatedReplicas: 1,
  readyReplicas: 1,
  availableReplicas: 1,
  conditions: null,
};

async function applyFailing(namespace: string): Promise<void> {
  await makeNamespace(namespace);
  await applyStack(stackOf(namespace, { args: ['--no-wait'] }));
  await setStatus(pathOf(namespace), FAILED);
}

test('gives a failure of before the apply a moment to be withdrawn', async () => {
  await applyFailing('stale');
  // The controller answers once the engine has begun to look.
  let answer: Promise<unknown> | undefined;
  const onLine = (line: string) => {
    if (line.startsWith('unchanged')) answer = setStatus(pathOf('stale'), READY);
  };
  const lines = await applyStack(stackOf('stale', { onLine, args: ['--timeout', '20s'] }));
  assert.ok(answer !== undefined);
  await answer;
  assert.ok(lines.includes('ready     Deployment stale/web'), lines.join('\n'));
});

test('ends when a failure of before the apply stays', async () => {
  await applyFailing('stays');
  const object = await get(pathOf('stays'));
  assert.ok(object !== undefined);
  await assert.rejects(
    waitReady([{ object, resource: DEPLOYMENTS }], {
      client: server.client,
      progress: new Progress([]),
      signal: AbortSignal.timeout(60_000),
      deadlineMs: performance.now() + 60_000,
      timeoutMs: 60_000,
      staleFailureMs: 200,
    }),
    { code: 'K8S_FAILED', message: /too slow/ },
  );
});

test('ends at once when an object fails that had not failed before', async () => {
  await makeNamespace('fresh');
  const onLine = (line: string) => {
    if (line.startsWith('created')) void setStatus(pathOf('fresh'), FAILED);
  };
  // Within the time that a failure of before would have.
  await assert.rejects(applyStack(stackOf('fresh', { onLine, args: ['--timeout', '10s'] })), { code: 'K8S_FAILED' });
});

test('ends before its deadline when a pod has what no time mends, and waits for what time may mend', async () => {
  await makeNamespace('hopeless');
  await applyStack(stackOf('hopeless', { args: ['--no-wait'] }));
  await setStatus(pathOf('hopeless'), { observedGeneration: 1, replicas: 1, updatedReplicas: 1 });
  await post('/api/v1/namespaces/hopeless/pods', pod('web-1', 'hopeless'));
  const setWaiting = (reason: string) => {
    const state = { waiting: { reason, message: 'Example.com/Web' } };
    const containerStatuses = [{ name: 'web', image: '', imageID: '', ready: false, restartCount: 0, state }];
    return setStatus('/api/v1/namespaces/hopeless/pods/web-1', { phase: 'Pending', containerStatuses });
  };
  const object = await get(pathOf('hopeless'));
  assert.ok(object !== undefined);
  const said: string[] = [];
  const progress = new Progress([{ on: (event) => void (event.kind === 'waiting' && said.push(event.message)) }]);
  const waitFor = (timeoutMs: number) =>
    waitReady([{ resource: DEPLOYMENTS, object }], {
      ...{ client: server.client, progress, signal: AbortSignal.timeout(60_000), timeoutMs },
      ...{ deadlineMs: performance.now() + timeoutMs, staleFailureMs: 0 },
    });
  await setWaiting('ErrImagePull');
  await assert.rejects(waitFor(500), { code: 'K8S_NOT_READY', message: /ErrImagePull/ });
  assert.equal(said.at(-1), '0 of 1 replicas ready; pod web-1: container web: ErrImagePull: Example.com/Web');
  await setWaiting('InvalidImageName');
  await assert.rejects(waitFor(50_000), {
    code: 'K8S_FAILED',
    message: /Deployment hopeless\/web: pod web-1: container web: InvalidImageName: Example\.com\/Web/,
  });
});

test('the verb wait returns once what was missing is there and ready, and names what is not', async () => {
  await makeNamespace('verb');
  const stack = stackOf('verb', { args: ['--timeout', '300ms'] });
  const wait = (one: TestStack) =>
    withSession(server, one, async ({ session, lines }) => {
      await waitVerb(session);
      return lines;
    });
  const file = join(server.folder, 'wait.xml');
  const args = ['--timeout', '300ms', '--junit', file];
  const message = /Deployment verb\/web: it is not there yet/;
  await assert.rejects(wait({ ...stack, args }), { code: 'K8S_NOT_READY', message });
  assert.match(await readFile(file, 'utf8'), /name="Deployment verb\/web" [^>]*>\n +<failure type="K8S_NOT_READY"/);
  const waiting = wait({ ...stack, args: ['--timeout', '20s', '--junit', file] });
  await applyStack(stackOf('verb', { args: ['--no-wait'] }));
  await setStatus(pathOf('verb'), READY);
  assert.match((await waiting).at(-1) ?? '', /1 object ready/);
  assert.match(await readFile(file, 'utf8'), /<testsuite name="verb\/web" tests="1" failures="0" skipped="0">/);
});

test('the verb wait needs nothing to change where all is ready', async () => {
  await makeNamespace('all-ready');
  const stack: TestStack = { sets: [{ stack: 'x', namespace: 'all-ready', objects: [configMap('a', 'all-ready')] }] };
  await applyStack(stack);
  const sent = await withSession(server, stack, async ({ session, lines }) => {
    await waitVerb(session);
    return lines;
  });
  assert.match(sent.at(-1) ?? '', /1 object ready/);
});

for (const { name, firstPauseMs, isRefused } of [
  { name: 'learns that an object is ready when it is, not at the next look', firstPauseMs: 50_000, isRefused: false },
  { name: 'looks by turns where it may not watch', firstPauseMs: 100, isRefused: true },
]) {
  test(name, async () => {
    const namespace = `watch-${isRefused ? 'refused' : 'granted'}`;
    await makeNamespace(namespace);
    await applyStack(stackOf(namespace, { args: ['--no-wait'] }));
    const object = await get(pathOf(namespace));
    assert.ok(object !== undefined);
    let looks = 0;
    const { client } = server;
    const waiting = waitReady([{ object, resource: DEPLOYMENTS }], {
      client: isRefused ? { ...client, stream: () => Promise.reject(new Error('403')) } : client,
      progress: new Progress([{ on: ({ kind }) => void (looks += kind === 'waiting' ? 1 : 0) }]),
      signal: AbortSignal.timeout(60_000),
      deadlineMs: performance.now() + 60_000,
      timeoutMs: 60_000,
      firstPauseMs,
    });
    const startMs = performance.now();
    await eventually('the first look', () => (looks > 0 ? true : undefined));
    await setStatus(pathOf(namespace), READY);
    await waiting;
    assert.ok(performance.now() - startMs < 30_000, 'the wait ended by its next look');
  });
}

test('waits for what an object itself says, and refuses what can not be waited for', async () => {
  await makeNamespace('says');
  const path = '/api/v1/namespaces/says/configmaps/a';
  const saying = (value: string) => {
    const map = configMap('a', 'says', { phase: 'new' });
    return { ...map, metadata: { ...map.metadata, annotations: { 'fathom.internal/wait-for': value } } };
  };
  const stackOfMap = (value: string, rest: Partial<TestStack> = {}): TestStack => ({
    sets: [{ stack: 'says', namespace: 'says', objects: [saying(value)] }],
    ...rest,
  });
  await assert.rejects(applyStack(stackOfMap('phase=Done')), {
    code: 'K8S_ANNOTATION',
    message: /wait-for is 'phase=Done'/,
    hint: /condition=<type>/,
  });
  assert.equal(await get(path), undefined);
  let answer: Promise<unknown> | undefined;
  const onLine = (line: string) => {
    if (!line.startsWith('waiting') || answer !== undefined) return;
    assert.match(line, /ConfigMap says\/a: data\.owner is not there yet/);
    answer = merge(path, { data: { owner: 'ada' } });
  };
  const lines = await applyStack(stackOfMap('jsonpath={.data.owner}=ada', { onLine, args: ['--timeout', '30s'] }));
  assert.ok(answer !== undefined);
  await answer;
  assert.ok(lines.includes('ready     ConfigMap says/a'), lines.join('\n'));
});
