// The lock of a run, against a real API server.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { ToolError } from '../../lib/errors.ts';
import { eventually } from '../../lib/testing/eventually.ts';
import { isDead, thisHolder } from '../deploy/holder.ts';
import { type LockOptions, lockSets } from '../deploy/lock.ts';
import { createClient } from '../kube/client.ts';
import { findCluster } from '../kube/kubeconfig.ts';
import { type ApiServer, startApiServer } from '../testing/apiserver.ts';
import { callsTo } from '../testing/calls.ts';
import { textAt } from '../model/object.ts';
import { startFaultProxy } from '../testing/fault_proxy.ts';
import { configMap } from '../testing/objects.ts';
import { type TestStack } from '../testing/stack.ts';

let server: ApiServer;
const children: ChildProcess[] = [];
before(async () => {
  server = await startApiServer();
});
after(async () => {
  for (const child of children) child.kill('SIGKILL');
  await server.stop();
});
const { applyStack, deleteStack, get, getMap, makeNamespace, merge, post } = callsTo(() => server);

const leasePath = (namespace: string) => `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
const stackOf = (namespace: string, names: readonly string[], args: readonly string[] = []): TestStack => ({
  sets: [{ stack: 'x', namespace, objects: names.map((name) => configMap(name, namespace)) }],
  args,
});

const SILENT = { info: () => {}, warn: () => {}, error: () => {} };

/** Locks the stack of {@link stackOf} as somebody else would. */
function lockAs(
  identity: string,
  namespace: string,
  rest: Partial<Pick<LockOptions, 'client' | 'keptForMs' | 'onLost' | 'renewEveryMs' | 'renewWithinMs'>> = {},
) {
  return lockSets([{ label: '//x', stack: 'x', namespace, objects: [] }], {
    client: server.client,
    env: {},
    log: SILENT,
    signal: AbortSignal.timeout(60_000),
    waitMs: 0,
    onLost: () => {},
    holder: { identity, space: 'elsewhere', run: identity },
    ...rest,
  });
}

/** A lease of a holder, as a run that never came to its end leaves it. */
function leave(namespace: string, identity: string, space: string, seconds = 15) {
  const now = new Date().toISOString().replace('Z', '000Z');
  return post(leasePath(namespace), {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'fathom-x', namespace, annotations: { 'fathom.internal/process-space': space } },
    spec: { holderIdentity: identity, leaseDurationSeconds: seconds, acquireTime: now, renewTime: now },
  });
}

test('says who holds the lock since when, and takes it once it is given back', async () => {
  await makeNamespace('held');
  const lock = await lockAs('bob@there:1:2', 'held');
  await assert.rejects(applyStack(stackOf('held', ['a'], ['--wait-lock', '0'])), {
    code: 'K8S_LOCKED',
    message: /held\/fathom-x: held by bob@there:1:2 since 20\d\d-.*\(\d+/,
  });
  await assert.rejects(deleteStack(stackOf('held', ['a'], ['--wait-lock', '400ms'])), { code: 'K8S_LOCKED' });
  assert.equal(await getMap('held', 'a'), undefined);
  const onLine = (line: string) => {
    if (line.startsWith('waiting')) void lock.release();
  };
  const lines = await applyStack({ ...stackOf('held', ['a']), onLine });
  assert.match(lines[0] ?? '', /^waiting +lock of held\/fathom-x: held by bob@there:1:2/);
  assert.ok(await getMap('held', 'a'));
});

test('leaves no lease behind, neither after success nor after failure', async () => {
  await makeNamespace('clean');
  const leases = async () => ((await get(leasePath('clean')))?.['items'] as readonly unknown[]).length;
  await applyStack(stackOf('clean', ['a']));
  assert.equal(await leases(), 0);
  await assert.rejects(applyStack(stackOf('clean', ['not_a_name'])), { code: 'K8S_INVALID' });
  assert.equal(await leases(), 0);
  await deleteStack(stackOf('clean', ['a']));
  assert.equal(await leases(), 0);
});

test('two runs at once come one after the other', async () => {
  await makeNamespace('twice');
  const sets = ['a', 'b', 'c', 'd', 'e', 'f'];
  const runs = await Promise.all([applyStack(stackOf('twice', sets)), applyStack(stackOf('twice', sets.slice(0, 3)))]);
  assert.equal(runs.filter((lines) => lines.some((line) => line.startsWith('waiting   lock'))).length, 1);
  const names = async () =>
    ((await get('/api/v1/namespaces/twice/configmaps'))?.['items'] as { metadata: { name: string } }[])
      .map(({ metadata }) => metadata.name)
      .filter((name) => name !== 'fathom-x');
  // Whichever came last has pruned, or made anew, what the other has left.
  assert.ok([3, 6].includes((await names()).length), (await names()).join(' '));
});

test('two runs at once on a namespace that neither has yet come one after the other', async () => {
  const stack = (names: readonly string[]) => ({
    ...stackOf('myns-placeholder', names),
    env: { FATHOM_USER: 'grace' },
  });
  await Promise.all([applyStack(stack(['a', 'b'])), applyStack(stack(['a', 'b']))]);
  assert.ok(await getMap('grace', 'b'));
  assert.equal(await get('/apis/coordination.k8s.io/v1/namespaces/grace/leases/fathom-x'), undefined);
});

async function startChild(): Promise<{ child: ChildProcess; identity: string }> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  children.push(child);
  await new Promise((resolve) => child.once('spawn', resolve));
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
  return { child, identity: `bob@here:${child.pid}:${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}` };
}

test('takes the lock of a dead process of this machine over at once, and not that of a living one', async () => {
  await makeNamespace('dead');
  const { space } = thisHolder({});
  const { child, identity } = await startChild();
  await leave('dead', identity, space);
  await assert.rejects(applyStack(stackOf('dead', ['a'], ['--wait-lock', '0'])), { code: 'K8S_LOCKED' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
  await applyStack(stackOf('dead', ['a'], ['--wait-lock', '0']));
  assert.ok(await getMap('dead', 'a'));
});

test('knows a process by its start, not by its pid alone, and only among processes that it can see', () => {
  const { identity, space } = thisHolder({ USER: 'ada' });
  assert.match(identity, /^ada@.+:\d+:\d+$/);
  assert.equal(isDead(identity, space), false);
  const reused = identity.replace(/\d+$/, '1');
  assert.equal(isDead(reused, space), true);
  assert.equal(isDead(reused, 'another machine'), false);
  assert.equal(isDead(reused, ''), false);
});

test('takes the lock of another machine over when it was not renewed for as long as it lasts', async () => {
  await makeNamespace('lapsed');
  await leave('lapsed', 'bob@there:1:2', 'elsewhere', 1);
  await applyStack(stackOf('lapsed', ['a'], ['--wait-lock', '20s']));
  assert.ok(await getMap('lapsed', 'a'));
});

test('keeps its lock by renewing it', async () => {
  await makeNamespace('renewed');
  const lock = await lockAs('bob@there:1:2', 'renewed', { renewEveryMs: 20 });
  const path = `${leasePath('renewed')}/fathom-x`;
  const first = (await get(path))?.metadata.resourceVersion;
  const deadlineMs = performance.now() + 20_000;
  while ((await get(path))?.metadata.resourceVersion === first) assert.ok(performance.now() < deadlineMs);
  await lock.release();
  assert.equal(await get(path), undefined);
});

/** Locks through a proxy that may be silent about renewals. */
async function withProxy(
  namespace: string,
  isSilent: (renewals: number) => boolean,
  use: (lock: Locked) => Promise<void>,
) {
  await makeNamespace(namespace);
  let renewals = 0;
  const proxy = await startFaultProxy(server, ({ method, path }) =>
    method === 'PUT' && path.includes('/leases/') && isSilent(++renewals) ? 'silent' : undefined,
  );
  const { kubeconfig, context } = proxy.server;
  const access = await findCluster({ env: {}, context, cluster: '', user: '', files: [kubeconfig] });
  const client = createClient(access, { signal: AbortSignal.timeout(60_000) });
  const lost = Promise.withResolvers<ToolError>();
  const times = { renewEveryMs: 50, renewWithinMs: 100, keptForMs: 1000 };
  const lock = await lockAs('bob@there:1:2', namespace, { client, onLost: lost.resolve, ...times });
  try {
    await use({ lost: lost.promise, renewals: () => renewals });
  } finally {
    await lock.release();
    client.close();
    await proxy.stop();
  }
}

interface Locked {
  readonly lost: Promise<ToolError>;
  readonly renewals: () => number;
}

test('stops before others may take its lock when renewals get no answer', { timeout: 20_000 }, async () => {
  await withProxy(
    'silent',
    () => true,
    async ({ lost, renewals }) => {
      const { code, message } = await lost;
      assert.equal(code, 'K8S_LOCK_LOST');
      assert.match(message, /silent\/fathom-x: it could not be renewed/);
      assert.ok(renewals() > 1, 'one that hangs is not the only one');
    },
  );
});

test('keeps its lock when a renewal gets no answer and the next one does', { timeout: 20_000 }, async () => {
  await withProxy(
    'patient',
    (renewals) => renewals % 2 === 1,
    async ({ lost, renewals }) => {
      let isLost = false;
      lost.then(() => (isLost = true)).catch(() => {});
      await eventually('twenty renewals', () => (renewals() >= 20 || isLost ? true : undefined));
      assert.equal(isLost, false);
    },
  );
});

test('renews the lock that it has while it waits for another', { timeout: 20_000 }, async () => {
  await makeNamespace('first');
  await makeNamespace('second');
  const other = await lockAs('eve@there:3:4', 'second');
  const sets = ['first', 'second'].map((namespace) => ({ label: '//x', stack: 'x', namespace, objects: [] }));
  const holder = { identity: 'bob@there:1:2', space: 'elsewhere', run: 'bob' };
  const locking = lockSets(sets, {
    ...{ client: server.client, env: {}, log: SILENT, signal: AbortSignal.timeout(60_000), waitMs: 15_000 },
    ...{ onLost: () => {}, holder, renewEveryMs: 20 },
  });
  const lease = () => get(`${leasePath('first')}/fathom-x`);
  await eventually('a renewal', async () => {
    const spec = (await lease())?.['spec'];
    const [acquired, renewed] = ['acquireTime', 'renewTime'].map((field) => textAt(spec, field));
    return acquired === renewed ? undefined : true;
  });
  await other.release();
  const lock = await locking;
  await lock.release();
  assert.equal(await lease(), undefined);
});

test('stops when somebody else has taken its lock', { timeout: 20_000 }, async () => {
  await makeNamespace('lost');
  const lost = await new Promise<ToolError>((resolve, reject) => {
    lockAs('bob@there:1:2', 'lost', { renewEveryMs: 20, onLost: resolve })
      .then(() => merge(`${leasePath('lost')}/fathom-x`, { spec: { holderIdentity: 'eve@there:3:4' } }))
      .catch(reject);
  });
  assert.equal(lost.code, 'K8S_LOCK_LOST');
});
