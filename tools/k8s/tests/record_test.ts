// How a run is recorded in the parent of a new set, and told of beside it: against a real API server.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { inventoryOf, readInventory } from '../deploy/applyset.ts';
import { NO_HISTORY, type Revision, readHistory, withRevision } from '../deploy/history.ts';
import { makeParent } from '../deploy/parents.ts';
import type { Plan } from '../deploy/plan.ts';
import { Progress } from '../deploy/progress.ts';
import { SECRETS } from '../deploy/read_sets.ts';
import { beginRecord } from '../deploy/record.ts';
import type { KubeClient } from '../kube/client.ts';
import { KubeConnectionError } from '../kube/errors.ts';
import { readDeploys } from '../model/deploys.ts';
import { type ApiServer, startApiServer } from '../testing/apiserver.ts';
import { callsTo } from '../testing/calls.ts';
import { configMap, service } from '../testing/objects.ts';
import { withSession } from '../testing/stack.ts';

let server: ApiServer;
before(async () => {
  server = await startApiServer();
});
after(() => server.stop());
const { applyStack, get, getMap, makeNamespace } = callsTo(() => server);

const revisionOf = (number: number, run: string): Revision => ({
  ...{ number, run, verb: 'apply', state: 'started', who: 'a', when: 't', images: [] },
});
const parentOf = async (namespace: string) => get(`/api/v1/namespaces/${namespace}/secrets/fathom-x`);
const toldIn = async (namespace: string) =>
  readDeploys(await getMap(namespace, 'fathom-x')).map(({ number, state, error }) => [number, state, error]);

/** Begins to record a run that has found no set, by a client of its own. */
async function begin(namespace: string, client: KubeClient = server.client) {
  const object = service(namespace);
  const inventory = inventoryOf({ namespace, stack: 'x' }, [object], { roots: ['mine'] });
  const planned = { action: 'create', object, live: undefined, resource: SECRETS, changes: [], label: '//x' } as const;
  const plan: Plan = {
    namespaces: [],
    objects: [{ ...planned, set: `${namespace}/x` }],
    sets: [{ label: '//x', before: undefined, after: inventory, isUnfinished: false }],
  };
  const stack = { sets: [{ stack: 'x', namespace, objects: [object] }] };
  return withSession(server, stack, async ({ session, lines }) => {
    const record = await beginRecord(plan, { session, client, progress: new Progress([]), verb: 'apply' });
    return { record, lines };
  });
}

test('the parent of a new set is made with its history in one request, which may be repeated', async () => {
  await makeNamespace('made');
  const inventory = inventoryOf({ namespace: 'made', stack: 'x' }, [configMap('a', 'made')]);
  const history = withRevision(NO_HISTORY, revisionOf(1, 'mine'), [configMap('a', 'made')]);
  const recording = { client: server.client, inventory, history };
  const sent = { ...server.client.counts };
  const made = await makeParent(recording);
  assert.ok(made !== undefined);
  assert.deepEqual(server.client.counts, { ...sent, POST: (sent['POST'] ?? 0) + 1 });
  assert.deepEqual([readInventory(made.parent), readHistory(made.parent)], [inventory, history]);
  assert.equal((await makeParent(recording))?.parent.metadata.uid, made.parent.metadata.uid);
  const others = withRevision(NO_HISTORY, revisionOf(1, 'other'), []);
  assert.equal(await makeParent({ ...recording, history: others }), undefined);
  assert.deepEqual(readHistory(await parentOf('made')), history);
});

test('a run of a new set is recorded and told of in four writes, and reads nothing', async () => {
  await makeNamespace('few');
  const sent = { ...server.client.counts };
  const { record } = await begin('few');
  await record.finish(false);
  await record.end();
  const { POST = 0, PATCH = 0, ...others } = sent;
  assert.deepEqual(server.client.counts, { ...others, POST: POST + 1, PATCH: PATCH + 3 });
  assert.deepEqual(await toldIn('few'), [[1, 'done', undefined]]);
});

test('a set that another run has made since this one looked keeps its history, its members and what was told', async () => {
  await makeNamespace('both');
  const stack = { stack: 'x', namespace: 'both', objects: [configMap('a', 'both')] };
  await applyStack({ sets: [stack], root: 'other', args: ['--no-wait'] });
  await begin('both');
  const parent = await parentOf('both');
  assert.ok(parent !== undefined);
  assert.deepEqual(
    readHistory(parent).revisions.map(({ number, state }) => [number, state]),
    [
      [1, 'done'],
      [2, 'started'],
    ],
  );
  const { groupKinds, roots } = readInventory(parent);
  assert.deepEqual(
    [groupKinds, roots],
    [
      ['ConfigMap', 'Service'],
      ['mine', 'other'],
    ],
  );
  assert.deepEqual(await toldIn('both'), [
    [1, 'done', undefined],
    [2, 'started', undefined],
  ]);
});

test('what could not be told when a run began is told when all is written, though the run goes on waiting', async () => {
  await makeNamespace('lost');
  let faults = 1;
  const client: KubeClient = {
    ...server.client,
    request: (request) =>
      request.method === 'PATCH' && request.path.includes('/configmaps/') && faults-- > 0
        ? Promise.reject(new Error('lost'))
        : server.client.request(request),
  };
  const { record, lines } = await begin('lost', client);
  assert.match(lines.join(), /lost\/x: this deploy is not told of: lost/);
  assert.deepEqual(await toldIn('lost'), []);
  await record.finish(true);
  assert.deepEqual(await toldIn('lost'), [[1, 'done', undefined]]);
  await record.end();
});

test('a run that loses its connection as soon as all is written is told of as one that wrote all', async () => {
  await makeNamespace('cut');
  const { record } = await begin('cut');
  await record.finish(true);
  const where = { server: 'https://cluster', context: 'c', proxy: undefined, isKnown: true, cause: new Error('gone') };
  await record.end(new KubeConnectionError('Waiting', where));
  assert.deepEqual(await toldIn('cut'), [[1, 'done', 'K8S_UNREACHABLE']]);
});
