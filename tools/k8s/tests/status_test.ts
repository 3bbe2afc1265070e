// What is printed of a stack's state, and its pods' logs, against a real API server.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { statusLines, statusVerb } from '../verbs/status.ts';
import { colorsFor } from '../deploy/report.ts';
import type { StatusNode } from '../deploy/status_tree.ts';
import { type ApiServer, startApiServer } from '../testing/apiserver.ts';
import { callsTo } from '../testing/calls.ts';
import { type LogNode, startLogNode } from '../testing/kubelet.ts';
import { configMap, deployment, pod, service } from '../testing/objects.ts';
import { type TestStack, withSession } from '../testing/stack.ts';
import { describeVerb } from '../verbs/describe.ts';
import { logsVerb } from '../verbs/logs.ts';

let server: ApiServer;
before(async () => {
  server = await startApiServer();
});
after(() => server.stop());
const { applyStack, makeNamespace, post, remove, setStatus } = callsTo(() => server);

const DIGEST = `sha256:0123456789ab${'c'.repeat(52)}`;
const READY = { observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 };

async function statusOf(stack: TestStack): Promise<{ code: number; text: string }> {
  const lines: string[] = [];
  const code = await withSession(server, stack, ({ session }) => statusVerb(session, (line) => lines.push(line)));
  return { code, text: lines.join('\n') };
}

test('says 0 and a line for each object while all is ready', async () => {
  await makeNamespace('ready');
  const objects = [configMap('a', 'ready'), deployment('ready', 1, `example.com/web@${DIGEST}`)];
  const stack: TestStack = { sets: [{ stack: 'web', namespace: 'ready', objects }], args: ['--no-wait'] };
  await applyStack(stack);
  await setStatus('/apis/apps/v1/namespaces/ready/deployments/web', READY);
  const { code, text } = await statusOf(stack);
  assert.equal(code, 0, text);
  const lines = text.split('\n');
  assert.match(lines[1] ?? '', /^ready +stack +ready\/web +2\/2$/);
  assert.match(lines[2] ?? '', /^ready +ConfigMap +ready\/a +- +\d+s +-$/);
  assert.match(lines[3] ?? '', /^ready +Deployment +ready\/web +1\/1 +\d+s +0123456789ab$/);
  assert.equal(lines[4], '2 objects: all ready');
});

test('says 1 and why: a pod that crashes, an object that is missing, one that would be pruned', async () => {
  await makeNamespace('ill');
  const set = (objects: TestStack['sets'][number]['objects']): TestStack => ({
    sets: [{ stack: 'web', namespace: 'ill', objects }],
    args: ['--no-wait'],
  });
  const wanted = [deployment('ill', 1), service('ill')];
  const safe = configMap('safe', 'ill');
  const metadata = { ...safe.metadata, annotations: { 'fathom.internal/on-delete': 'keep' } };
  await applyStack(set([...wanted, configMap('old', 'ill'), { ...safe, metadata }]));
  await remove('/api/v1/namespaces/ill/services/web');
  await setStatus('/apis/apps/v1/namespaces/ill/deployments/web', { ...READY, availableReplicas: 0 });
  await post('/api/v1/namespaces/ill/pods', pod('web-1', 'ill'));
  const crashing = {
    ...{ name: 'web', image: '', imageID: '', ready: false, restartCount: 2 },
    state: { waiting: { reason: 'CrashLoopBackOff' } },
    lastState: { terminated: { exitCode: 3, reason: 'Error' } },
  };
  await setStatus('/api/v1/namespaces/ill/pods/web-1', { phase: 'Running', containerStatuses: [crashing] });
  const { code, text } = await statusOf(set(wanted));
  assert.equal(code, 1);
  assert.match(text, /^unready +stack +ill\/web +0\/2$/m);
  assert.match(text, /^progressing +Deployment +ill\/web +0\/1 .* 0 of 1 replicas ready$/m);
  assert.match(text, /^progressing +Pod +ill\/web-1 +0\/1 .*CrashLoopBackOff \(exit code 3, Error\)$/m);
  assert.match(text, /^missing +Service +ill\/web .*it is not in the cluster$/m);
  assert.match(text, /^ready +ConfigMap +ill\/old .*the next apply prunes it$/m);
  assert.match(text, /^ready +ConfigMap +ill\/safe .*it is kept \(fathom\.internal\/on-delete: keep\)$/m);
  assert.match(text, /4 objects: 2 not ready$/);
});

test('prints the same as JSON', async () => {
  await makeNamespace('json');
  const stack: TestStack = { sets: [{ stack: 'x', namespace: 'json', objects: [configMap('a', 'json')] }] };
  const before = JSON.parse((await statusOf({ ...stack, args: ['--output=json'] })).text);
  assert.deepEqual([before.isReady, before.sets[0].objects[0].state], [false, 'missing']);
  await applyStack(stack);
  const { code, text } = await statusOf({ ...stack, args: ['-o', 'json'] });
  const { isReady, context, sets } = JSON.parse(text);
  assert.deepEqual([code, isReady, context, sets.length], [0, true, server.context, 1]);
  const { created, ...rest } = sets[0].objects[0];
  assert.ok(Date.now() - Date.parse(created) < 600_000);
  assert.deepEqual(rest, {
    ...{ state: 'ready', kind: 'ConfigMap', namespace: 'json', name: 'a' },
    ...{ images: [], message: '', causes: [], pods: [], isLeftOver: false },
  });
});

test('shows an object that is applied alone by its target', async () => {
  await makeNamespace('single');
  const stack: TestStack = { sets: [{ stack: '', namespace: 'single', objects: [configMap('a', 'single')] }] };
  await applyStack(stack);
  assert.match((await statusOf(stack)).text, /^ready +object +\/\/test:object +1\/1$/m);
});

test('describe prints each object with its image, its conditions, its pods and why it is not ready', async () => {
  await makeNamespace('described');
  const stack: TestStack = {
    sets: [{ stack: 'x', namespace: 'described', objects: [configMap('a', 'described'), deployment('described', 1)] }],
    args: ['--no-wait'],
  };
  const describe = async () => {
    const printed: string[] = [];
    await withSession(server, stack, ({ session }) => describeVerb(session, (text) => printed.push(text)));
    return printed.join('\n').split('\n\n');
  };
  assert.deepEqual(await describe(), ['ConfigMap described/a: is not there', 'Deployment described/web: is not there']);
  await applyStack(stack);
  const conditions = [{ type: 'Available', status: 'False', reason: 'MinimumReplicasUnavailable', message: 'too few' }];
  await setStatus('/apis/apps/v1/namespaces/described/deployments/web', { observedGeneration: 1, conditions });
  await post('/api/v1/namespaces/described/pods', pod('web-1', 'described', { nodeName: 'n1' }));
  const state = { waiting: { reason: 'ErrImagePull', message: 'no such image' } };
  const containerStatuses = [{ name: 'web', image: '', imageID: '', ready: false, restartCount: 0, state }];
  await setStatus('/api/v1/namespaces/described/pods/web-1', { phase: 'Pending', containerStatuses });
  const [map, workload = ''] = await describe();
  assert.match(map ?? '', /^ConfigMap described\/a: ready\n {2}created +20\d\d-\S+, generation none$/);
  assert.match(workload, /^Deployment described\/web: progressing: 0 of 1 replicas updated\n/);
  for (const line of [
    '  image      example.com/web',
    '  condition  Available=False  MinimumReplicasUnavailable: too few',
    '  pod        web-1: Pending on n1, container web: ErrImagePull: no such image',
    '  cause      pod web-1: container web: ErrImagePull: no such image',
  ]) {
    assert.ok(workload.split('\n').includes(line), workload);
  }
});

test('aligns its columns whatever is in them, and colours what is not ready', () => {
  const node = (name: string, rest: Partial<StatusNode> = {}): StatusNode => ({
    ...{ state: 'ready', kind: 'Service', namespace: 'n', name, images: [], message: '', causes: [], pods: [] },
    ...{ isLeftOver: false, ...rest },
  });
  const objects = [node('short'), node('a-much-longer-name', { state: 'failed', message: 'why' })];
  const sets = [{ stack: 's', namespace: 'n', label: '//s', objects }];
  const plain = statusLines(sets, { colors: colorsFor({}, {}), nowMs: 0 });
  const columns = plain.slice(0, 4).map((line) => (line.indexOf('n/') < 0 ? line.indexOf('name') : line.indexOf('n/')));
  assert.equal(new Set(columns).size, 1, plain.join('\n'));
  const coloured = statusLines(sets, { colors: colorsFor({ isTTY: true }, {}), nowMs: 0 });
  assert.match(coloured[3] ?? '', /^\u001b\[31mfailed/);
  assert.doesNotMatch(coloured[2] ?? '', /\u001b/);
});

/** A namespace with a Deployment of two pods on a node of its own; one pod has two containers. */
async function runningStack(namespace: string, node: LogNode): Promise<TestStack> {
  await makeNamespace(namespace);
  const objects = [deployment(namespace, 2), configMap('a', namespace)];
  const stack: TestStack = { sets: [{ stack: 'web', namespace, objects }], args: ['--no-wait'] };
  await applyStack(stack);
  const containers = ['web', 'sidecar'].map((name) => ({ name, image: 'example.com/web' }));
  const path = `/api/v1/namespaces/${namespace}/pods`;
  await post(path, pod('web-1', namespace, { nodeName: node.name }));
  await post(path, pod('web-2', namespace, { nodeName: node.name, containers }));
  await post(path, { ...pod('foreign', namespace, { nodeName: node.name }), metadata: { name: 'foreign' } });
  return stack;
}

test('prints the logs of all containers of a stack, each line with its pod, and passes on what is asked', async () => {
  const node = await startLogNode(server, 'logs', (source, _query, response) => {
    response.end(`${source} 1\n${source} 2\n`);
  });
  const stack = await runningStack('logs', node);
  const lines: string[] = [];
  const args = ['--tail', '7', '--since', '90s'];
  await withSession(server, { ...stack, args }, ({ session }) => logsVerb(session, (line) => lines.push(line)));
  assert.deepEqual(lines.sort(), [
    ...['web-1 | logs/web-1/web 1', 'web-1 | logs/web-1/web 2'],
    ...['web-2/sidecar | logs/web-2/sidecar 1', 'web-2/sidecar | logs/web-2/sidecar 2'],
    ...['web-2/web | logs/web-2/web 1', 'web-2/web | logs/web-2/web 2'],
  ]);
  for (const query of node.queries) {
    const asked = new URLSearchParams(query);
    assert.deepEqual([asked.get('tailLines'), asked.get('sinceSeconds')], ['7', '90'], query);
  }
  await node.stop();
});

test('follows logs line by line until it is interrupted, and says which container has none', async () => {
  const node = await startLogNode(server, 'follow', (source, query, response) => {
    assert.equal(query.get('follow'), 'true');
    if (source.endsWith('sidecar')) {
      response.statusCode = 500;
      return void response.end('it is waiting to start');
    }
    response.write(`${source} half`);
    setImmediate(() => response.write(' a line\nand'));
  });
  const stack = await runningStack('follow', node);
  const controller = new AbortController();
  const seen: string[] = [];
  const warned: string[] = [];
  const check = () => {
    if (seen.length >= 2 && warned.length >= 1) controller.abort(new Error('interrupted'));
  };
  const following = withSession(
    server,
    {
      ...stack,
      args: ['--follow'],
      signal: controller.signal,
      onLine: (line) => {
        warned.push(line);
        check();
      },
    },
    ({ session }) =>
      logsVerb(session, (line) => {
        seen.push(line);
        check();
      }),
  );
  await assert.rejects(following, { message: 'interrupted' });
  assert.deepEqual(seen.sort(), ['web-1 | follow/web-1/web half a line', 'web-2/web | follow/web-2/web half a line']);
  assert.match(warned.join('\n'), /web-2\/sidecar: no log: .*/);
  await node.stop();
});

test('says that a stack without pods has no logs', async () => {
  await makeNamespace('podless');
  const stack: TestStack = { sets: [{ stack: 'x', namespace: 'podless', objects: [configMap('a', 'podless')] }] };
  await assert.rejects(
    withSession(server, stack, ({ session }) => logsVerb(session, () => {})),
    { code: 'K8S_NO_PODS' },
  );
});
