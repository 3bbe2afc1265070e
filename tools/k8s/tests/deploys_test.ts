// What is told of deploys in the ConfigMap beside a stack's inventory: against a real API server.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ToolError } from '../../lib/errors.ts';
import { openTeller } from '../deploy/tell.ts';
import { watchObjects } from '../deploy/watch.ts';
import { createClient } from '../kube/client.ts';
import {
  DEPLOYS_KEY,
  DEPLOYS_LABEL,
  type DeployRun,
  TOLD_RUNS,
  deploySeconds,
  readDeploys,
  toldStack,
} from '../model/deploys.ts';
import { type KubeObject, textAt } from '../model/object.ts';
import { type ApiServer, startApiServer } from '../testing/apiserver.ts';
import { callsTo } from '../testing/calls.ts';
import { configMap, deployment } from '../testing/objects.ts';
import { type TestStack, withSession } from '../testing/stack.ts';
import { rollbackVerb } from '../verbs/rollback.ts';

let server: ApiServer;
before(async () => {
  server = await startApiServer();
});
after(() => server.stop());
const { applyStack, get, getMap, makeNamespace, merge, remove } = callsTo(() => server);

const stackOf = (namespace: string, objects: readonly KubeObject[], rest: Partial<TestStack> = {}): TestStack => ({
  sets: [{ stack: 'x', namespace, objects }],
  args: ['--no-wait'],
  ...rest,
});
const mapsOf = (namespace: string, x: string) => stackOf(namespace, [configMap('a', namespace, { x })]);
const runsOf = async (namespace: string) => readDeploys(await getMap(namespace, 'fathom-x'));
const parentPath = (namespace: string) => `/api/v1/namespaces/${namespace}/secrets/fathom-x`;

test('tells who deployed what, how long each phase took, and what was changed', async () => {
  await makeNamespace('told');
  const image = `example.com/web@sha256:${'1'.repeat(64)}`;
  const first = [configMap('a', 'told', { x: 'a-value' }), configMap('b', 'told'), configMap('c', 'told')];
  await applyStack(stackOf('told', first));
  const second = [configMap('a', 'told', { x: '2' }), configMap('b', 'told'), deployment('told', 0, image)];
  await applyStack(stackOf('told', second));
  const found = await getMap('told', 'fathom-x');
  const parent = await get(parentPath('told'));
  assert.equal(toldStack(found?.metadata.name ?? ''), 'x');
  const { labels, ownerReferences = [] } = found?.metadata ?? {};
  assert.deepEqual(labels, { [DEPLOYS_LABEL]: 'true', 'app.kubernetes.io/managed-by': 'fathom' });
  assert.deepEqual(
    ownerReferences.map(({ kind, name, uid }) => [kind, name, uid]),
    [['Secret', 'fathom-x', parent?.metadata.uid]],
  );
  const text = textAt(found, 'data', DEPLOYS_KEY) ?? '';
  assert.doesNotMatch(text, /a-value|example\.com/);
  const [one, two, ...others] = readDeploys(found);
  const { phases, when, finished, who, run, ...rest } = two as DeployRun;
  assert.deepEqual(others, []);
  assert.deepEqual(one?.objects, { create: 3 });
  const objects = { create: 1, update: 1, unchanged: 1, prune: 1 };
  assert.deepEqual(rest, { number: 2, verb: 'apply', state: 'done', objects, planned: 4, images: 1 });
  assert.match(who, /^ada@./);
  assert.notEqual(run, one?.run);
  assert.ok(Date.parse(finished ?? '') >= Date.parse(when));
  assert.deepEqual(Object.keys(phases).toSorted(), ['apply', 'connect', 'plan', 'prune']);
  assert.ok(deploySeconds({ phases }) > 0.001);
});

test('writes nothing where nothing changed', async () => {
  await makeNamespace('same');
  await applyStack(mapsOf('same', '1'));
  const told = await getMap('same', 'fathom-x');
  await applyStack(mapsOf('same', '1'));
  assert.deepEqual(await getMap('same', 'fathom-x'), told);
});

test('is no member of the stack: neither pruned nor in its inventory', async () => {
  await makeNamespace('member');
  await applyStack(mapsOf('member', '1'));
  const lines = await applyStack(stackOf('member', [deployment('member', 0)]));
  assert.ok(lines.some((line) => /^pruned +ConfigMap member\/a/.test(line)) && !/fathom-x/.test(lines.join('\n')));
  assert.equal((await runsOf('member')).length, 2);
});

test('tells how far a run came that failed', async () => {
  await makeNamespace('failed');
  const annotations = { 'config.kubernetes.io/depends-on': 'apps/namespaces/failed/Deployment/web' };
  const late = configMap('late', 'failed');
  const objects = [deployment('failed', 1), { ...late, metadata: { ...late.metadata, annotations } }];
  const stack = stackOf('failed', objects, { args: ['--timeout', '1s'] });
  await assert.rejects(applyStack(stack), { code: 'K8S_NOT_READY' });
  const [run] = await runsOf('failed');
  assert.deepEqual([run?.state, run?.error, run?.planned], ['started', 'K8S_NOT_READY', 2]);
  assert.deepEqual(run?.objects, { create: 1 });
  assert.ok(run?.finished !== undefined && (run.phases['apply'] ?? 0) >= 1);
});

test('a run that was cut off is closed by the next one, though that finds nothing to do', async () => {
  await makeNamespace('cut');
  await applyStack(mapsOf('cut', '1'));
  const [run] = await runsOf('cut');
  const { finished: _finished, ...rest } = run as DeployRun;
  const cut = JSON.stringify([{ ...rest, state: 'started' }]);
  await merge('/api/v1/namespaces/cut/configmaps/fathom-x', { data: { [DEPLOYS_KEY]: cut } });
  await merge(parentPath('cut'), { metadata: { annotations: { 'fathom.internal/revision': '1 started' } } });
  assert.equal((await runsOf('cut'))[0]?.finished, undefined);
  await applyStack(mapsOf('cut', '1'));
  const [closed] = await runsOf('cut');
  assert.equal(closed?.state, 'done');
  assert.ok(closed.finished !== undefined);
});

test('tells that all was written, but was not ready in time; another run meanwhile is told of as well', async () => {
  await makeNamespace('wait');
  let other: Promise<unknown> | undefined;
  const print = (line: string) => {
    // By then the first holds no lock any more.
    if ((JSON.parse(line) as { kind?: string }).kind === 'waiting') other ??= applyStack(mapsOf('wait', '2'));
  };
  const args = ['--timeout', '6s', '--output=json'];
  const stack = stackOf('wait', [deployment('wait', 1)], { args, streams: { print } });
  await assert.rejects(applyStack(stack));
  assert.ok(other !== undefined, 'a second run began while the first waited');
  await other;
  const [first, second] = await runsOf('wait');
  assert.deepEqual([first?.number, first?.state], [1, 'done']);
  assert.match(first?.error ?? '', /^K8S_(NOT_READY|FAILED)$/);
  assert.ok((first?.phases['wait'] ?? 0) > 0);
  assert.deepEqual([second?.number, second?.state, second?.error], [2, 'done', undefined]);
});

/** What was told of a run while `work` went on: one after the other, its state and its error. */
async function toldOf(namespace: string, work: () => Promise<unknown>): Promise<readonly string[]> {
  const told: string[] = [];
  let isLast = false;
  const resource = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', isNamespaced: true };
  const signal = AbortSignal.timeout(60_000);
  const onObject = (_target: unknown, live: KubeObject | undefined) => {
    isLast = live?.metadata.labels?.['last'] === 'yes';
    if (isLast) return;
    const run = readDeploys(live).at(-1);
    told.push(`${run?.state} ${run?.error ?? ''}`.trim());
  };
  const target = { resource, object: configMap('fathom-x', namespace) };
  using watch = watchObjects([target], { client: server.client, signal, onObject });
  await work();
  // By when this comes, all has come that was told before.
  await merge(`/api/v1/namespaces/${namespace}/configmaps/fathom-x`, { metadata: { labels: { last: 'yes' } } });
  while (!isLast) assert.ok(await watch.changed(10_000), 'what was told has come');
  return told;
}

test('tells once of the end of a run that has nothing to wait for', async () => {
  await makeNamespace('once');
  const stack = { ...mapsOf('once', '1'), args: [] };
  const told = await toldOf('once', () => applyStack(stack));
  const [run] = await runsOf('once');
  // Unless the machine was so busy that there was a wait which is worth telling.
  const isLong = (run?.phases['wait'] ?? 0) >= 0.1;
  assert.deepEqual(told, ['started', 'done', ...(isLong && told.length > 2 ? ['done'] : [])]);
});

test('tells that all is written while a run goes on waiting, and then how it ended', async () => {
  await makeNamespace('twice');
  const stack = stackOf('twice', [deployment('twice', 1)], { args: ['--timeout', '3s'] });
  const told = await toldOf('twice', () => assert.rejects(applyStack(stack), { code: 'K8S_NOT_READY' }));
  assert.deepEqual(told, ['started', 'done', 'done K8S_NOT_READY']);
});

test('tells of a run that was interrupted', async () => {
  await makeNamespace('interrupted');
  const ending = new AbortController();
  const onLine = (line: string) => {
    if (line.startsWith('created ')) ending.abort(new ToolError('INTERRUPTED', 'Running: interrupted'));
  };
  const objects = Array.from({ length: 60 }, (_, index) => configMap(`o${index}`, 'interrupted'));
  const stack = stackOf('interrupted', objects, { signal: ending.signal, onLine });
  await assert.rejects(applyStack(stack), { code: 'INTERRUPTED' });
  const [run] = await runsOf('interrupted');
  assert.deepEqual([run?.state, run?.error, run?.planned], ['started', 'INTERRUPTED', 60]);
});

test('tells which revision a rollback put back', async () => {
  await makeNamespace('back');
  for (const x of ['1', '2']) await applyStack(mapsOf('back', x));
  await withSession(server, mapsOf('back', '0'), ({ session }) => rollbackVerb(session));
  const runs = await runsOf('back');
  assert.deepEqual(
    runs.map(({ number, verb, restores }) => [number, verb, restores]),
    [
      [1, 'apply', undefined],
      [2, 'apply', undefined],
      [3, 'rollback', 1],
    ],
  );
});

test('tells of the newest runs, and leaves out what is older', async () => {
  await makeNamespace('many');
  const log = { warn: (line: string) => assert.fail(line) };
  const teller = await openTeller({ client: server.client, log, place: { namespace: 'many', stack: 'x' } });
  const count = TOLD_RUNS + 2;
  for (let number = 1; number <= count; number++) await teller.tell({ ...RUN, number }, { owner: 'a' });
  assert.deepEqual(
    (await runsOf('many')).map(({ number }) => number),
    Array.from({ length: TOLD_RUNS }, (_, index) => index + 3),
  );
});

test('forgets the runs of a stack that was deleted, also before Kubernetes has collected what was told', async () => {
  await makeNamespace('anew');
  await applyStack(mapsOf('anew', '1'));
  await applyStack(mapsOf('anew', '2'));
  await remove(parentPath('anew'));
  await applyStack(mapsOf('anew', '3'));
  const told = await getMap('anew', 'fathom-x');
  assert.deepEqual(
    readDeploys(told).map(({ number }) => number),
    [1],
  );
  const parent = await get(parentPath('anew'));
  assert.deepEqual(
    told?.metadata.ownerReferences?.map(({ uid }) => uid),
    [parent?.metadata.uid],
  );
});

const RUN: DeployRun = {
  ...{ number: 1, run: 'r', verb: 'apply', state: 'done', who: 'ada@laptop', when: '2026-11-26T10:00:00.000Z' },
  ...{ phases: {}, objects: {}, planned: 0, images: 0 },
};

test('what is gone with its stack is not made again by the end of a run', async () => {
  await makeNamespace('gone');
  const log = { warn: (line: string) => assert.fail(line) };
  const teller = await openTeller({ client: server.client, log, place: { namespace: 'gone', stack: 'x' } });
  await teller.tell(RUN, { owner: 'a' });
  await remove('/api/v1/namespaces/gone/configmaps/fathom-x');
  await teller.tell({ ...RUN, error: 'LATE' }, { owner: 'a', isMaking: false });
  assert.equal(await getMap('gone', 'fathom-x'), undefined);
  // What was deleted while the stack is there is made again.
  await teller.tell(RUN, { owner: 'a' });
  assert.deepEqual(await runsOf('gone'), [RUN]);
});

test('the end of a run takes nothing from a stack that was made anew meanwhile', async () => {
  await makeNamespace('other');
  const log = { warn: (line: string) => assert.fail(line) };
  const place = { namespace: 'other', stack: 'x' };
  const first = await openTeller({ client: server.client, log, place });
  await first.tell(RUN, { owner: 'a' });
  const second = await openTeller({ client: server.client, log, place });
  await second.tell({ ...RUN, run: 's' }, { owner: 'b' });
  const told = await getMap('other', 'fathom-x');
  await first.tell({ ...RUN, error: 'LATE' }, { owner: 'a', isMaking: false });
  assert.deepEqual(await getMap('other', 'fathom-x'), told);
  assert.deepEqual(await runsOf('other'), [{ ...RUN, run: 's' }]);
});

test('tells of a run that was interrupted also where another has told of itself meanwhile', async () => {
  await makeNamespace('both');
  const ending = new AbortController();
  const client = createClient(server.client.access, { signal: ending.signal });
  const log = { warn: (line: string) => assert.fail(line) };
  const place = { namespace: 'both', stack: 'x' };
  const first = await openTeller({ client, log, place });
  await first.tell(RUN, { owner: 'a' });
  const second = await openTeller({ client: server.client, log, place });
  await second.tell({ ...RUN, number: 2 }, { owner: 'a' });
  ending.abort(new ToolError('INTERRUPTED', 'Running: interrupted'));
  const ended = { ...RUN, error: 'INTERRUPTED' };
  await first.tell(ended, { owner: 'a', isMaking: false });
  client.close();
  assert.deepEqual(await runsOf('both'), [ended, { ...RUN, number: 2 }]);
});

test('what cannot be read is told anew', async () => {
  await makeNamespace('broken');
  await applyStack(mapsOf('broken', '1'));
  await merge('/api/v1/namespaces/broken/configmaps/fathom-x', { data: { [DEPLOYS_KEY]: '[{"number":"x"},' } });
  assert.deepEqual(await runsOf('broken'), []);
  await applyStack(mapsOf('broken', '2'));
  assert.deepEqual(
    (await runsOf('broken')).map(({ number }) => number),
    [2],
  );
});
