// A cluster's life, beside another cluster of the same machine: up, used, up again, killed, up again, down. Needs root.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../lib/testing/eventually.ts';
import { differences, listening, networkNamespacesInUse, snapshotHost } from '../testing/host_snapshot.ts';
import { OwnCluster } from '../testing/own_cluster.ts';
import { answering, claim, container, pod, policy, service } from '../testing/workloads.ts';

const cluster = new OwnCluster('life');
const { folder } = cluster;
const before = snapshotHost(folder);
const listeningBefore = new Set(listening());

/** Waits until `problem` says nothing any more. */
async function until(what: string, problem: () => string): Promise<void> {
  let last = '';
  const check = () => ((last = problem()) === '' ? true : undefined);
  await eventually(what, check, 20_000, 200).catch((error: unknown) => assert.fail(`${String(error)}: ${last}`));
}

after(() => cluster.remove());

test('an interrupted start is continued by the next', async () => {
  const child = spawn(OwnCluster.tool, ['up', '--name', cluster.name], { env: { ...cluster.env }, stdio: 'ignore' });
  await sleep(1500);
  child.kill('SIGINT');
  await new Promise((resolve) => child.once('exit', resolve));
  cluster.tool('up');
});

test('a second start changes nothing', () => {
  const pid = cluster.initPid;
  cluster.tool('up');
  assert.equal(cluster.initPid, pid);
});

test('the host listens for the cluster on one loopback port only', () => {
  const port = cluster.registryPort.toString(16).toUpperCase().padStart(4, '0');
  const opened = listening().filter((address) => !listeningBefore.has(address));
  assert.ok(opened.includes(`0100007F:${port}`), opened.join(' '));
  const beyondLoopback = opened.filter((address) => !/^(0100007F|0{24}01000000):/.test(address));
  assert.deepEqual(beyondLoopback, []);
});

test('pods of all nodes together may take three quarters of the memory', () => {
  const { id } = JSON.parse(readFileSync(join(folder, 'plan.json'), 'utf8')) as { id: string };
  const limits = ['memory/fathom-ID/memory.limit_in_bytes', 'fathom-ID/memory.max', 'unified/fathom-ID/memory.max']
    .map((path) => join('/sys/fs/cgroup', path.replace('ID', id)))
    .filter((path) => existsSync(path))
    .map((path) => Number(readFileSync(path, 'utf8')));
  assert.deepEqual(
    limits.map((bytes) => (bytes / totalmem()).toFixed(3)),
    ['0.750'],
  );
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
  cluster.apply(...workload());
  cluster.kubectl(['wait', '--for=condition=Ready', 'pod/client', 'pod/server', '--timeout=100s']);
  const answer = cluster.kubectl(['exec', 'client', '--', 'wget', '-qO-', 'http://server.default.svc.cluster.local']);
  assert.equal(answer, 'hello\n');
  cluster.kubectl(['exec', 'client', '--', 'sh', '-c', 'echo kept >/data/file; sync']);
});

test('network policies are enforced, on what goes through a service too', async () => {
  const url = 'http://server.default.svc.cluster.local';
  const call = () => cluster.tryKubectl(['exec', 'client', '--', 'wget', '-qO-', url]);
  const refused = async (what: string) => {
    await until(what, () => (call().status === 0 ? 'the call went through' : ''));
    assert.match(call().stderr, /can't connect to remote host \([0-9.]+\): No route to host/);
  };
  const heard = (what: string) => until(what, () => (call().stdout === 'hello\n' ? '' : call().stderr));
  const ports = [{ port: 8080 }];
  const friends = { from: [{ podSelector: { matchLabels: { friend: 'yes' } } }], ports };
  const names = {
    to: [{ namespaceSelector: {}, podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } }],
    ports: [{ protocol: 'UDP', port: 53 }],
  };

  cluster.apply(policy('server', 'server', { policyTypes: ['Ingress'], ingress: [friends] }));
  await refused('isolating the server');
  cluster.kubectl(['label', 'pod', 'client', 'friend=yes']);
  await heard('letting a friend in');
  cluster.apply(policy('client', 'client', { policyTypes: ['Egress'], egress: [names] }));
  await refused('isolating the client, which still resolves names');
  cluster.kubectl(['delete', 'networkpolicy', '--all']);
  await heard('opening both again');
});

test('a cluster whose first process was killed comes back with all that it had', async () => {
  process.kill(cluster.initPid, 'SIGKILL');
  await until('ending all processes', () => (snapshotHost(folder)['processes'] ?? []).join('\n'));
  await refusesTakenPort();
  cluster.tool('up');
  cluster.kubectl(['wait', '--for=condition=Ready', 'pod/client', '--timeout=100s']);
  assert.equal(cluster.kubectl(['exec', 'client', '--', 'cat', '/data/file']), 'kept\n');
});

test('down leaves the machine as it was', async () => {
  const namespaces = snapshotHost(folder)['networkNamespaces'] ?? [];
  assert.ok(namespaces.length >= 4, 'the switch, the control plane, the node and its pods have one each');
  const { status, stderr } = cluster.tryTool('down');
  assert.equal(status, 0, stderr);
  await until('taking down', () => differences(before, snapshotHost(folder)).join('\n'));
  const inUse = networkNamespacesInUse();
  assert.deepEqual(
    namespaces.filter((namespace) => inUse.has(namespace)),
    [],
  );
});

/** Somebody else took the registry's port while the cluster was not there: said, and nothing started. */
async function refusesTakenPort(): Promise<void> {
  const port = cluster.registryPort;
  const other = createServer().listen(port, '127.0.0.1');
  await once(other, 'listening');
  const { status, stderr } = cluster.tryTool('up');
  other.close();
  await once(other, 'close');
  assert.equal(status, 1, stderr);
  assert.match(
    stderr,
    new RegExp(`error: CLUSTER_PORT_IN_USE: Taking port 127\\.0\\.0\\.1:${port} .*\\n  hint: End that process`),
  );
  assert.deepEqual(snapshotHost(folder)['processes'], []);
}

function workload(): readonly object[] {
  const volumeMounts = [{ name: 'data', mountPath: '/data' }];
  return [
    pod('server', { containers: [container(answering('hello'))] }),
    service('server'),
    claim('data'),
    pod('client', {
      containers: [container(['sleep', '100000'], { volumeMounts })],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
    }),
  ];
}
