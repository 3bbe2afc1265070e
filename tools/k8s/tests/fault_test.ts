// Deployments through a network that fails: each converges, or ends with an error that says what to do.
// FATHOM_FAULT_ROUNDS sets how many; FATHOM_SEED repeats them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ToolError } from '../../lib/errors.ts';
import { type ApiServer, startApiServer } from '../testing/apiserver.ts';
import { callsTo } from '../testing/calls.ts';
import { FAULTS, type Chooser, type Fault, startFaultProxy } from '../testing/fault_proxy.ts';
import { hundredObjects, snapshot, undisturbed } from '../testing/hundred.ts';
import { runEngine } from '../testing/process.ts';
import { chooseSeed, createRandom, roundsOf } from '../../lib/testing/random.ts';
import { configMap, custom, definition } from '../testing/objects.ts';
import { type TestStack, withSession } from '../testing/stack.ts';
import { applyVerb } from '../verbs/apply.ts';

let server: ApiServer;
let expected: Awaited<ReturnType<typeof snapshot>>;
const ROUNDS = roundsOf('FATHOM_FAULT_ROUNDS', 8);
const random = createRandom(chooseSeed());

before(async () => {
  server = await startApiServer();
  expected = await undisturbed(server);
});
after(() => server.stop());
const { applyStack, get, getMap, makeNamespace } = callsTo(() => server);

/** Applies a stack through a proxy. */
async function applyThrough(stack: TestStack, choose: Chooser) {
  const proxy = await startFaultProxy(server, choose);
  try {
    await withSession(proxy.server, stack, ({ session }) => applyVerb(session, 'apply'));
  } finally {
    await proxy.stop();
  }
  return proxy.counts;
}

for (let round = 0; round < ROUNDS; round++) {
  // From a line that fails now and then to one that fails every third time.
  const share = 0.02 + 0.3 * random();
  test(`a deployment of which ${Math.round(share * 100)} % of the requests fail converges or ends with a clear error, round ${round}`, async () => {
    const namespace = `round-${round}`;
    await makeNamespace(namespace);
    await applyStack(hundredObjects(1, namespace));
    const choose = () => (random() < share ? FAULTS[Math.floor(random() * FAULTS.length)] : undefined);
    try {
      await applyThrough(hundredObjects(2, namespace), choose);
    } catch (error) {
      assert.ok(error instanceof ToolError, String(error));
      assert.ok((error.hint ?? '').length > 10 && error.code.startsWith('K8S_'), `${error.code}: ${error.message}`);
      await applyStack(hundredObjects(2, namespace));
    }
    // A lease that could not be given back may be there still; it ends by itself.
    const { [`Lease/NS/fathom-hundred`]: _lease, ...found } = await snapshot(server, namespace);
    assert.deepEqual(found, expected);
  });
}

for (const fault of FAULTS) {
  test(`an apply goes on after one answer each that is ${fault}`, async () => {
    const namespace = `once-${fault}`;
    await makeNamespace(namespace);
    const seen = new Set<string>();
    // Every request fails once.
    const choose: Chooser = ({ method, path }) => {
      const key = `${method} ${path}`;
      if (seen.has(key)) return undefined;
      seen.add(key);
      return fault;
    };
    const objects = [configMap('a', namespace, { x: '1' })];
    const counts = await applyThrough({ sets: [{ stack: 'x', namespace, objects }] }, choose);
    assert.ok((counts.get(fault) ?? 0) > 5);
    assert.deepEqual((await getMap(namespace, 'a'))?.['data'], { x: '1' });
    assert.deepEqual((await get(`/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`))?.['items'], []);
  });
}

test('an apply goes on after one conflict each over the version of what it changes', async () => {
  await makeNamespace('stale');
  const stack = (x: string) => ({
    sets: [{ stack: 'x', namespace: 'stale', objects: [configMap('a', 'stale', { x })] }],
  });
  await applyStack(stack('1'));
  const seen = new Set<string>();
  const choose: Chooser = ({ method, path }) => {
    if (method !== 'PATCH' || seen.has(path)) return undefined;
    seen.add(path);
    return 'stale';
  };
  const counts = await applyThrough(stack('2'), choose);
  // The dry run, the object, and the two times that its revision is written.
  assert.ok((counts.get('stale') ?? 0) >= 3, `${counts.get('stale')}`);
  assert.deepEqual((await getMap('stale', 'a'))?.['data'], { x: '2' });
});

test('an apply goes on while the server still takes custom resources by the definition of before', async () => {
  await makeNamespace('defined');
  const stack = (fields: readonly string[], size: number): TestStack => {
    const spec = Object.fromEntries(fields.map((field) => [field, size]));
    const objects = [definition('Gear', fields), custom('Gear', { name: 'a', namespace: 'defined' }, spec)];
    return { sets: [{ stack: 'x', namespace: 'defined', objects }] };
  };
  await applyStack(stack(['teeth'], 1));
  let left = 3;
  const choose: Chooser = ({ method, path }) =>
    method === 'PATCH' && path.includes('/gears/') && !path.includes('dryRun') && left-- > 0 ? 'refused' : undefined;
  const counts = await applyThrough(stack(['teeth', 'size'], 1), choose);
  assert.equal(counts.get('refused'), 3);
  assert.deepEqual((await get('/apis/example.com/v1/namespaces/defined/gears/a'))?.['spec'], { teeth: 1, size: 1 });
  left = 3;
  await assert.rejects(applyThrough(stack(['teeth', 'size'], 2), choose), { code: 'K8S_BAD_REQUEST' });
  assert.equal(left, 2, 'nothing of its definition has changed');
});

test('a server that stays away is an error that says so, in time', async () => {
  await makeNamespace('away');
  const stack = { sets: [{ stack: 'x', namespace: 'away', objects: [configMap('a', 'away')] }] };
  let isAway = false;
  const choose: Chooser = ({ method }) => {
    isAway ||= method === 'POST';
    return isAway ? 'reset' : undefined;
  };
  await assert.rejects(applyThrough(stack, choose), { code: 'K8S_CONNECTION_LOST', hint: /again/ });
});

test('SIGINT finishes what is being written, says how far it came, and leaves no lock', async () => {
  await makeNamespace('interrupted');
  // So slow that it is in the middle when the signal comes.
  const slow = (): Fault => 'slow';
  const proxy = await startFaultProxy(server, slow);
  const stack = { ...hundredObjects(1, 'interrupted'), args: ['--output=json'] };
  let isSent = false;
  const outcome = await runEngine(proxy.server, stack, {
    verb: 'apply',
    // Once: a second signal would end it at once.
    onEvent: ({ kind }, child) => {
      if (kind === 'object' && !isSent) isSent = child.kill('SIGINT');
    },
  });
  await proxy.stop();
  assert.equal(outcome.code, 130, outcome.stderr);
  assert.match(outcome.stderr, /INTERRUPTED/);
  const [, done = ''] = /stopped with (\d+) of 100 objects done; they stay/.exec(outcome.stderr) ?? [];
  const names = Object.keys(await snapshot(server, 'interrupted')).filter((key) => !key.includes('fathom-'));
  assert.equal(names.length, Number(done), 'what was being written counts as done');
  assert.ok(names.length > 0 && names.length < 100, outcome.stderr);
  assert.equal(await get('/apis/coordination.k8s.io/v1/namespaces/interrupted/leases/fathom-hundred'), undefined);
  await applyStack(hundredObjects(1, 'interrupted'));
  assert.equal(Object.keys(await snapshot(server, 'interrupted')).length, 101);
});
