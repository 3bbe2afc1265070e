// The registry as a workload, against a real API server; pods come and go as this test says, as there is no node.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../deploy/session.ts';
import { execInPod } from '../forward/exec.ts';
import { type KubeObject, at, textAt } from '../model/object.ts';
import { type ApiServer, startApiServer } from '../testing/apiserver.ts';
import { callsTo } from '../testing/calls.ts';
import { type ExecCall, type ExecNode, startExecNode } from '../testing/exec_node.ts';
import { configMap } from '../testing/objects.ts';
import { type TestStack, withSession } from '../testing/stack.ts';
import { type RegistryHost, createPodHost } from './host.ts';

const SETTINGS = {
  ...{ registry: 'registry.test', deployment: 'registry', program: '/usr/bin/registry' },
  ...{ config: '/etc/config.yml', readOnlyConfig: '/etc/read_only.yml' },
};
const LABELS = { app: 'registry' };
const DEPLOYMENT = '/apis/apps/v1/namespaces/default/deployments/registry';
const PODS = '/api/v1/namespaces/default/pods';

let server: ApiServer;
let node: ExecNode;
let onExec: (call: ExecCall) => void = ({ exit }) => exit(0);
const { get, post, merge, remove, setStatus, applyStack } = callsTo(() => server);
before(async () => {
  server = await startApiServer();
  node = await startExecNode(server, 'node-1', (call) => onExec(call));
  await applyStack(stackOf());
  await roll();
});
after(async () => {
  await node.stop();
  await server.stop();
});

function stackOf(data = 'as it is'): TestStack {
  const container = { name: 'registry', image: 'registry:built', args: ['serve', SETTINGS.config] };
  const spec = {
    replicas: 1,
    selector: { matchLabels: LABELS },
    strategy: { type: 'Recreate' },
    template: { metadata: { labels: LABELS }, spec: { containers: [container] } },
  };
  const metadata = { name: 'registry', namespace: 'default' };
  const deployment: KubeObject = { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec };
  const objects = [deployment, configMap('registry', 'default', { data })];
  return { sets: [{ stack: 'registry', namespace: 'default', objects }], args: ['--no-wait', '--timeout=10s'] };
}

/** Runs with the registry of the stack. */
function withHost<T>(use: (host: RegistryHost, lines: readonly string[]) => Promise<T>, stack = stackOf()): Promise<T> {
  return withSession(server, stack, async ({ session, lines }) => {
    const connected = await connect(session);
    try {
      return await use(createPodHost(session, connected, SETTINGS), lines);
    } finally {
      connected.client.close();
    }
  });
}

let podCount = 0;

/** What controllers and a node do after a Deployment has changed; the former pod stays where `isKeeping`. */
async function roll({ isKeeping = false } = {}): Promise<void> {
  const live = await get(DEPLOYMENT);
  if (!isKeeping && podCount > 0) await remove(`${PODS}/registry-${podCount}?gracePeriodSeconds=0`);
  const name = `registry-${++podCount}`;
  const spec = { ...(at(live, 'spec', 'template', 'spec') as object), nodeName: 'node-1' };
  await post(PODS, { apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: LABELS }, spec });
  await setStatus(`${PODS}/${name}`, { phase: 'Running' });
  const counts = { replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 };
  await setStatus(DEPLOYMENT, { observedGeneration: live?.metadata.generation, ...counts });
}

const argumentsNow = async () =>
  (at(await get(DEPLOYMENT), 'spec', 'template', 'spec', 'containers') as readonly unknown[]).map((one) =>
    at(one, 'args'),
  );

/** Rolls as soon as the Deployment has these arguments. */
async function rollAfter(config: string, options?: { readonly isKeeping: boolean }): Promise<void> {
  const deadlineMs = performance.now() + 20_000;
  while (!JSON.stringify(await argumentsNow()).includes(config)) {
    assert.ok(performance.now() < deadlineMs, `${config}: not started`);
    await sleep(50);
  }
  await roll(options);
}

const exec = (command: readonly string[], signal = AbortSignal.timeout(20_000)) =>
  execInPod(server.client, {
    ...{ namespace: 'default', pod: `registry-${podCount}`, container: 'registry' },
    ...{ command, doing: 'Trying', signal },
  });

test('runs a program in a pod and returns what it prints, in however many pieces', async () => {
  let seen: readonly unknown[] = [];
  onExec = ({ pod, container, command, print, exit }) => {
    seen = [pod, container, command];
    const text = Buffer.from('prints "ü"\n');
    print('some warning', 'stderr');
    for (const byte of text) print(Buffer.of(byte));
    print('and more\n');
    exit(0);
  };
  const printed = await exec(['program', '--flag', 'two words']);
  assert.equal(printed, 'prints "ü"\nand more\n');
  assert.deepEqual(seen, [`registry-${podCount}`, 'registry', ['program', '--flag', 'two words']]);
});

test('asks a node again that does not know the pod yet', async () => {
  let count = 0;
  onExec = ({ exit }) => {
    count++;
    exit(0);
  };
  node.refuse(2);
  await exec(['program']);
  assert.equal(count, 1);
});

test('says how a program failed, and what it said', async () => {
  onExec = ({ print, exit }) => {
    print('no such file\n', 'stderr');
    exit(3);
  };
  await assert.rejects(exec(['program']), {
    code: 'K8S_EXEC_FAILED',
    message: 'Trying: program: exit code 3: no such file',
    hint: /registry-1/,
  });
});

test('a connection that ends before the program is no success', async () => {
  onExec = ({ print, socket }) => {
    print('half of it');
    socket.close();
  };
  await assert.rejects(exec(['program']), { code: 'K8S_CONNECTION_LOST' });
  onExec = ({ print }) => print('never ends');
  const reason = new Error('enough');
  const controller = new AbortController();
  const waiting = exec(['program'], controller.signal);
  setTimeout(() => controller.abort(reason), 300);
  await assert.rejects(waiting, reason);
});

test('lists in the pod of the registry, and sweeps where that takes no pushes', async () => {
  const commands: string[] = [];
  onExec = ({ command, print, exit }) => {
    commands.push(command.join(' '));
    print('{"kind":"end"}\n');
    exit(0);
  };
  await withHost(async (host) => {
    await host.prepare();
    assert.equal(await host.inventory(), '{"kind":"end"}\n');
    await assert.rejects(host.sweep(), { code: 'K8S_REGISTRY_CHANGED', message: /registry-1 takes pushes/ });
    const { signal } = new AbortController();
    await Promise.all([host.start('read-only', signal), rollAfter(SETTINGS.readOnlyConfig)]);
    await host.sweep();
    await Promise.all([host.start('writable', signal), rollAfter(SETTINGS.config)]);
  });
  assert.deepEqual(commands, [
    '/usr/bin/registry inventory /etc/config.yml',
    '/usr/bin/registry garbage-collect --quiet /etc/config.yml',
  ]);
});

test('starts the registry read-only and as it was, and waits until the former pod is gone', async () => {
  const { signal } = new AbortController();
  await withHost(async (host) => {
    const started = host.start('read-only', signal);
    let isDone = false;
    void started.finally(() => (isDone = true)).catch(() => undefined);
    await rollAfter(SETTINGS.readOnlyConfig, { isKeeping: true });
    await sleep(1000);
    assert.equal(isDone, false, 'a pod that takes pushes is still there');
    await remove(`${PODS}/registry-${podCount - 1}?gracePeriodSeconds=0`);
    await started;
    assert.deepEqual(await argumentsNow(), [['serve', SETTINGS.readOnlyConfig]]);
    await Promise.all([host.start('writable', signal), rollAfter(SETTINGS.config)]);
  });
  assert.deepEqual(await argumentsNow(), [['serve', SETTINGS.config]]);
  const managers = (await get(DEPLOYMENT))?.metadata.managedFields?.filter(
    ({ subresource }) => subresource === undefined,
  );
  assert.deepEqual(
    managers?.map(({ manager, operation }) => `${manager} ${operation}`),
    ['fathom Apply'],
  );
});

test('gives up a registry that does not start', async () => {
  const { signal } = new AbortController();
  const stack = { ...stackOf(), args: ['--timeout=1s'] };
  await withHost((host) => assert.rejects(host.start('read-only', signal), { code: 'K8S_NOT_READY' }), stack);
  await roll();
});

test('what a killed collection has left is undone by the next one', async () => {
  assert.deepEqual(await argumentsNow(), [['serve', SETTINGS.readOnlyConfig]]);
  await withHost(async (host, lines) => {
    await Promise.all([host.prepare(), rollAfter(SETTINGS.config)]);
    assert.match(lines.join('\n'), /a collection was cut off/);
    await host.prepare();
  });
  assert.deepEqual(await argumentsNow(), [['serve', SETTINGS.config]]);
});

test('what a killed collection has left is undone by an apply', async () => {
  const { signal } = new AbortController();
  await withHost((host) => Promise.all([host.start('read-only', signal), rollAfter(SETTINGS.readOnlyConfig)]));
  await applyStack(stackOf());
  assert.deepEqual(await argumentsNow(), [['serve', SETTINGS.config]]);
  await roll();
});

test('a start leaves no revision', async () => {
  const revision = (await get('/api/v1/namespaces/default/secrets/fathom-registry'))?.metadata.annotations;
  // The first apply, and the one that undid what was left.
  assert.equal(textAt(revision, 'fathom.internal/revision'), '2');
});

test('refuses a registry that is not as its stack says', async () => {
  const code = 'K8S_REGISTRY_CHANGED';
  const later = { ...stackOf('of a later commit') };
  await withHost(
    (host) => assert.rejects(host.prepare(), { code, message: /ConfigMap default\/registry \(update\)/ }),
    later,
  );
  await merge(DEPLOYMENT, { spec: { replicas: 2 } });
  await withHost((host) => assert.rejects(host.prepare(), { message: /Deployment default\/registry|replicas/ }));
  await merge(DEPLOYMENT, { spec: { replicas: 1 } });
  // One of two pods could take pushes while the other one is swept.
  await roll({ isKeeping: true });
  await withHost((host) => assert.rejects(host.inventory(), { code, message: /2 pods/ }));
});
