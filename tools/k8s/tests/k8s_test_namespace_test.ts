// The namespace of a test's run, against a real API server: whose it is, how long it stays, and what is swept.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { personalNamespace } from '../../lib/user.ts';
import { createRun, keepAlive, makeNamespace, removeNamespace, sweep } from '../k8s_test/namespace.ts';
import { type ApiServer, startApiServer } from '../testing/apiserver.ts';
import { callsTo } from '../testing/calls.ts';
import { personalNamespacesOf, stackOf } from '../testing/personal.ts';

let server: ApiServer;
before(async () => {
  server = await startApiServer();
});
after(() => server.stop());
const { applyStack } = callsTo(() => server);
const { collect, expire, expiresAt, isEnding, namespaceOf } = personalNamespacesOf(() => server);

const TTL_MS = 900_000;

for (const [label, name] of [
  ['//services/routeguide/e2e:stack_test', 'e2e-stack-test'],
  ['//a:b', 'a-b'],
  ['//x', 'x'],
  ['//some/Where:a_very_long_name_of_a_test_that_goes_on', 'where-a-very-long-name-of-a'],
  ['@fathom//x:Ünicode', 'x-nicode'],
] as const) {
  test(`a run of ${label} has a namespace of its own, which a person of that name would have`, () => {
    const { namespace } = createRun(label);
    assert.match(namespace, new RegExp(`^t-${name}-[0-9a-f]{10}$`));
    assert.ok(namespace.length <= 40, namespace);
    assert.equal(personalNamespace({ env: { FATHOM_USER: namespace } }), namespace);
    assert.notEqual(createRun(label).namespace, namespace);
  });
}

test('an apply in the namespace keeps its marks, and puts its end off by a quarter of an hour, not by days', async () => {
  const run = createRun('//x:kept_test');
  await makeNamespace(server.client, run);
  const firstMs = await expiresAt(run.namespace);
  assert.ok(Math.abs(firstMs - server.client.nowMs() - TTL_MS) < 10_000);
  await applyStack(stackOf(run.namespace));
  const { labels, annotations } = (await namespaceOf(run.namespace)).metadata;
  assert.equal(labels?.['fathom.internal/test'], 'true');
  assert.equal(annotations?.['fathom.internal/test-label'], '//x:kept_test');
  assert.ok(Math.abs((await expiresAt(run.namespace)) - server.client.nowMs() - TTL_MS) < 10_000);
  await removeNamespace(server.client, run);
  assert.equal(await isEnding(run.namespace), true);
});

test('a test that runs puts the end off, and says where it cannot', async () => {
  const run = createRun('//x:long_test');
  await makeNamespace(server.client, run);
  await expire(run.namespace);
  const over = new AbortController();
  const lines: string[] = [];
  const push = (line: string) => void lines.push(line);
  const log = { info: push, warn: push, error: push };
  const keeping = keepAlive(server.client, run, { signal: over.signal, log, everyMs: 50 });
  const until = async (what: string, look: () => Promise<boolean> | boolean) => {
    const deadlineMs = performance.now() + 20_000;
    while (!(await look())) {
      assert.ok(performance.now() < deadlineMs, what);
      await sleep(50);
    }
  };
  await until('the end is put off', async () => (await expiresAt(run.namespace)) > server.client.nowMs() + TTL_MS / 2);
  assert.equal(lines.length, 0);
  const other = { ...run, namespace: 't-never-made' };
  const failing = keepAlive(server.client, other, { signal: over.signal, log, everyMs: 50 });
  await until('it is said', () => lines.some((line) => line.includes('t-never-made could not be kept from expiring')));
  over.abort();
  await Promise.all([keeping, failing]);
});

test('a lifetime that is none is that of the environment', async () => {
  await applyStack(stackOf('ttl-ada'));
  for (const ttl of ['0s', '-5s', '5', 'soon', '99999999s']) {
    await namespaceTtl('ttl-ada', ttl);
    await applyStack(stackOf('ttl-ada'));
    assert.ok((await expiresAt('ttl-ada')) > Date.now() + 71 * 3_600_000, ttl);
  }
});

const namespaceTtl = (name: string, ttl: string) =>
  server.client.request({
    method: 'PATCH',
    path: `/api/v1/namespaces/${name}`,
    contentType: 'application/merge-patch+json',
    body: { metadata: { annotations: { 'fathom.internal/ttl': ttl } } },
    doing: 'Testing',
  });

test('a sweep deletes what tests have left that has expired, and nothing of people', async () => {
  const [left, used] = [createRun('//x:left_test'), createRun('//x:used_test')];
  for (const run of [left, used]) await makeNamespace(server.client, run);
  await applyStack(stackOf('bettina'));
  for (const name of [left.namespace, 'bettina']) await expire(name);
  assert.deepEqual(await sweep(server.client, ['prod']), [left.namespace]);
  assert.equal(await isEnding(left.namespace), true);
  assert.equal(await isEnding(used.namespace), false);
  assert.equal(await isEnding('bettina'), false);
});

test('namespaces.gc collects it, too', async () => {
  const run = createRun('//x:collected_test');
  await makeNamespace(server.client, run);
  await expire(run.namespace);
  await collect(['--yes']);
  assert.equal(await isEnding(run.namespace), true);
});

test('removing what is gone already does nothing', async () => {
  await removeNamespace(server.client, createRun('//x:never_made_test'));
});
