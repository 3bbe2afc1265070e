// A cluster's life, beside another cluster of the same machine: up, used, up again, killed, up again, down. Needs root.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { runfile } from '../../lib/runfiles.ts';
import { differences, listening, networkNamespacesInUse, snapshotHost } from '../testing/host_snapshot.ts';

const root = mkdtempSync(join(tmpdir(), 'fathom-lifecycle-'));
const state = join(root, 'state');
const folder = join(state, 'life');
const before = snapshotHost(folder);
const listeningBefore = new Set(listening());

/** Runs the cluster tool; returns its exit code and what it said. */
function cluster(...args: readonly string[]) {
  const env = { ...process.env, FATHOM_STATE: state };
  const { status, stderr } = spawnSync(runfile('fathom/tools/cluster/cluster'), [...args, '--name', 'life'], {
    env,
    encoding: 'utf8',
    timeout: 240_000,
  });
  return { status, stderr };
}

function up(): void {
  const { status, stderr } = cluster('up');
  assert.equal(status, 0, stderr);
}

function tryKubectl(args: readonly string[], input = '') {
  const program = join(folder, 'kit', 'bin', 'kubernetes');
  return spawnSync(program, ['kubectl', '--kubeconfig', join(folder, 'kubeconfig'), ...args], {
    input,
    encoding: 'utf8',
    timeout: 120_000,
  });
}

function kubectl(args: readonly string[], input = ''): string {
  const result = tryKubectl(args, input);
  assert.equal(result.status, 0, `kubectl ${args.join(' ')}: ${result.stderr}`);
  return result.stdout;
}

function registryPort(): number {
  const { registry } = JSON.parse(readFileSync(join(folder, 'cluster.json'), 'utf8')) as {
    registry: { endpoint: string };
  };
  return Number(registry.endpoint.split(':')[1]);
}

const initPid = () => (JSON.parse(readFileSync(join(folder, 'init.pid.json'), 'utf8')) as { pid: number }).pid;

async function eventually(what: string, problem: () => string, timeoutMs = 20_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (problem() !== '') {
    assert.ok(performance.now() < deadline, `${what}: ${problem()}`);
    await sleep(200);
  }
}

after(() => {
  cluster('down');
  rmSync(root, { recursive: true, force: true });
});

test('an interrupted start is continued by the next', async () => {
  const env = { ...process.env, FATHOM_STATE: state };
  const child = spawn(runfile('fathom/tools/cluster/cluster'), ['up', '--name', 'life'], { env, stdio: 'ignore' });
  await sleep(1500);
  child.kill('SIGINT');
  await new Promise((resolve) => child.once('exit', resolve));
  up();
});

test('a second start changes nothing', () => {
  const pid = initPid();
  up();
  assert.equal(initPid(), pid);
});

test('the host listens for the cluster on one loopback port only', () => {
  const port = registryPort().toString(16).toUpperCase().padStart(4, '0');
  const opened = listening().filter((address) => !listeningBefore.has(address));
  assert.ok(opened.includes(`0100007F:${port}`), opened.join(' '));
  const beyondLoopback = opened.filter((address) => !/^(0100007F|0{24}01000000):/.test(address));
  assert.deepEqual(beyondLoopback, []);
});

test('the API answers nobody without a certificate', async () => {
  const config = JSON.parse(readFileSync(join(folder, 'kubeconfig'), 'utf8')) as {
    clusters: readonly { cluster: { server: string } }[];
  };
  const url = `${config.clusters[0]?.cluster.server}/version`;
  const status = await new Promise((resolve, reject) => {
    request(url, { rejectUnauthorized: false }, (response) => resolve(response.resume().statusCode))
      .once('error', reject)
      .end();
  });
  assert.equal(status, 401);
});

test('pods get a volume, resolve names and reach services', () => {
  kubectl(['apply', '-f', '-'], JSON.stringify(workload()));
  kubectl(['wait', '--for=condition=Ready', 'pod/client', 'pod/server', '--timeout=100s']);
  const answer = kubectl(['exec', 'client', '--', 'wget', '-qO-', 'http://server.default.svc.cluster.local']);
  assert.equal(answer, 'hello\n');
  kubectl(['exec', 'client', '--', 'sh', '-c', 'echo kept >/data/file; sync']);
});

test('network policies are enforced, on what goes through a service too', async () => {
  const url = 'http://server.default.svc.cluster.local';
  const call = () => tryKubectl(['exec', 'client', '--', 'wget', '-qO-', url]);
  const refused = async (what: string) => {
    await eventually(what, () => (call().status === 0 ? 'the call went through' : ''));
    assert.match(call().stderr, /can't connect to remote host \([0-9.]+\): No route to host/);
  };
  const heard = (what: string) => eventually(what, () => (call().stdout === 'hello\n' ? '' : call().stderr));
  const ports = [{ port: 8080 }];
  const friends = { from: [{ podSelector: { matchLabels: { friend: 'yes' } } }], ports };
  const names = {
    to: [{ namespaceSelector: {}, podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } }],
    ports: [{ protocol: 'UDP', port: 53 }],
  };

  kubectl(['apply', '-f', '-'], policy('server', 'server', { policyTypes: ['Ingress'], ingress: [friends] }));
  await refused('isolating the server');
  kubectl(['label', 'pod', 'client', 'friend=yes']);
  await heard('letting a friend in');
  kubectl(['apply', '-f', '-'], policy('client', 'client', { policyTypes: ['Egress'], egress: [names] }));
  await refused('isolating the client, which still resolves names');
  kubectl(['delete', 'networkpolicy', '--all']);
  await heard('opening both again');
});

test('a cluster whose first process was killed comes back with all that it had', async () => {
  process.kill(initPid(), 'SIGKILL');
  await eventually('ending all processes', () => (snapshotHost(folder)['processes'] ?? []).join('\n'));
  await refusesTakenPort();
  up();
  kubectl(['wait', '--for=condition=Ready', 'pod/client', '--timeout=100s']);
  assert.equal(kubectl(['exec', 'client', '--', 'cat', '/data/file']), 'kept\n');
});

test('down leaves the machine as it was', async () => {
  const namespaces = snapshotHost(folder)['networkNamespaces'] ?? [];
  assert.ok(namespaces.length >= 4, 'the switch, the control plane, the node and its pods have one each');
  const { status, stderr } = cluster('down');
  assert.equal(status, 0, stderr);
  await eventually('taking down', () => differences(before, snapshotHost(folder)).join('\n'));
  const inUse = networkNamespacesInUse();
  assert.deepEqual(
    namespaces.filter((namespace) => inUse.has(namespace)),
    [],
  );
});

/** Somebody else took the registry's port while the cluster was not there: said, and nothing started. */
async function refusesTakenPort(): Promise<void> {
  const port = registryPort();
  const other = createServer().listen(port, '127.0.0.1');
  await once(other, 'listening');
  const { status, stderr } = cluster('up');
  other.close();
  await once(other, 'close');
  assert.equal(status, 1, stderr);
  assert.match(
    stderr,
    new RegExp(`error: CLUSTER_PORT_IN_USE: Taking port 127\\.0\\.0\\.1:${port} .*\\n  hint: End that process`),
  );
  assert.deepEqual(snapshotHost(folder)['processes'], []);
}

/** A NetworkPolicy about the pods of an app. */
function policy(name: string, app: string, spec: object): string {
  return JSON.stringify({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name },
    spec: { podSelector: { matchLabels: { app } }, ...spec },
  });
}

function workload() {
  const image = 'registry.fathom.internal/prod/images/busybox:built';
  const pod = (name: string, spec: object) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: name } },
    spec: { terminationGracePeriodSeconds: 1, ...spec },
  });
  const answer = `while :; do printf 'HTTP/1.0 200 OK\\r\\n\\r\\nhello\\n' | busybox nc -l -p 8080; done`;
  return {
    apiVersion: 'v1',
    kind: 'List',
    items: [
      pod('server', { containers: [{ name: 'main', image, command: ['sh', '-c', answer] }] }),
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'server' },
        spec: { selector: { app: 'server' }, ports: [{ port: 80, targetPort: 8080 }] },
      },
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'data' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
      },
      pod('client', {
        containers: [
          { name: 'main', image, command: ['sleep', '100000'], volumeMounts: [{ name: 'data', mountPath: '/data' }] },
        ],
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
      }),
    ],
  };
}
