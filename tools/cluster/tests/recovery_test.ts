// kill -9 of each part of a cluster in turn, while it is written to: everything comes back, and nothing is lost.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { eventually } from '../../lib/testing/eventually.ts';
import { OwnCluster } from '../testing/own_cluster.ts';
import { clusterProcesses, type ClusterProcess } from '../testing/processes.ts';
import { BUSYBOX, answering, container, pod, service } from '../testing/workloads.ts';
import { writeUntil } from '../testing/writer.ts';

const cluster = new OwnCluster('recovery');
const RECOVERY_MS = 90_000;

before(() => {
  cluster.tool('up', '--nodes', '2');
  cluster.apply(
    pod('web', { nodeName: 'node-2', containers: [container(answering('hello'))] }),
    service('web'),
    pod('caller', { nodeName: 'node-1', containers: [container(['sleep', '100000'])] }),
  );
  cluster.kubectl(['wait', '--for=condition=Ready', 'pod', '--all', '--timeout=60s']);
});
after(() => cluster.remove());

const runs = (word: string) => (process: ClusterProcess) => process.words.includes(word);
const runsProgram = (name: string) => (process: ClusterProcess) =>
  process.words[0]?.endsWith(`/bin/${name}`) === true || process.words[1]?.endsWith(`/${name}`) === true;

/** What is killed, by the words that a person would call it. */
const PARTS: readonly {
  readonly part: string;
  readonly machine: string;
  readonly is: (one: ClusterProcess) => boolean;
}[] = [
  { part: 'etcd', machine: 'control', is: runsProgram('etcd') },
  { part: 'the API server', machine: 'control', is: runs('kube-apiserver') },
  { part: 'the controller manager', machine: 'control', is: runs('kube-controller-manager') },
  { part: 'the scheduler', machine: 'control', is: runs('kube-scheduler') },
  { part: 'the control plane as a whole', machine: 'control', is: runsProgram('tini') },
  { part: 'containerd', machine: 'node-2', is: runsProgram('containerd') },
  { part: "a pod's shim", machine: 'node-2', is: runsProgram('containerd-shim-runc-v2') },
  { part: 'the kubelet', machine: 'node-2', is: runs('kubelet') },
  { part: 'kube-proxy', machine: 'node-1', is: runs('kube-proxy') },
  { part: 'the enforcer of network policies', machine: 'node-2', is: runsProgram('policy.mjs') },
  { part: 'a node as a whole', machine: 'node-2', is: runsProgram('tini') },
  { part: 'the forwarder to the registry', machine: 'cluster', is: runs('forward') },
];

for (const { part, machine, is } of PARTS) {
  test(`${part} comes back after a kill, and nothing that was acknowledged is lost`, async (context) => {
    const stop = new AbortController();
    const writing = writeUntil(join(cluster.folder, 'kubeconfig'), stop.signal);
    const victim = clusterProcesses(cluster.initPid).find((one) => one.machine === machine && is(one));
    assert.ok(victim !== undefined, `${part} runs`);
    process.kill(victim.pid, 'SIGKILL');
    const startMs = performance.now();
    await eventually(`${part} runs again`, () => (successorOf(victim, is) ? true : undefined), RECOVERY_MS);
    await eventually('all is well', () => (trouble() === '' ? true : undefined), RECOVERY_MS, 200).catch((error) =>
      assert.fail(`${String(error)}: ${trouble()}`),
    );
    context.diagnostic(`${part}: well after ${Math.round(performance.now() - startMs)} ms`);
    stop.abort();
    const { acknowledged, failed } = await writing;
    assert.ok(acknowledged.length > 0, 'something was written');
    context.diagnostic(`${acknowledged.length} writes acknowledged, ${failed} failed`);
    assert.deepEqual(missing(acknowledged), []);
    cluster.kubectl(['delete', 'configmap', '--selector=written=yes']);
  });
}

test('the switch cannot come back alone: the cluster ends as a whole, and up brings it back with all that it had', async () => {
  cluster.kubectl(['create', 'configmap', 'kept']);
  const root = cluster.initPid;
  const victim = clusterProcesses(root).find((one) => one.machine === 'cluster' && one.words[0] === 'sleep');
  assert.ok(victim !== undefined, 'the switch runs');
  process.kill(victim.pid, 'SIGKILL');
  await eventually('all has ended', () => (clusterProcesses(root).length === 0 ? true : undefined), RECOVERY_MS);
  cluster.tool('up');
  await eventually('all is well', () => (trouble() === '' ? true : undefined), RECOVERY_MS, 200);
  cluster.kubectl(['get', 'configmap', 'kept']);
});

/** Another process that is what the killed one was. */
function successorOf(victim: ClusterProcess, is: (one: ClusterProcess) => boolean): boolean {
  return clusterProcesses(cluster.initPid).some(
    (one) => one.machine === victim.machine && one.pid !== victim.pid && is(one),
  );
}

/** What is not as it should be; empty when pods find each other by name across nodes, and a new pod starts. */
function trouble(): string {
  const call = cluster.tryKubectl(['exec', 'caller', '--', 'wget', '-qO-', 'http://web.default.svc.cluster.local']);
  if (call.stdout !== 'hello\n') return `calling: ${call.stderr}`;
  const nodes = cluster.tryKubectl(['wait', '--for=condition=Ready', 'node', '--all', '--timeout=1s']);
  if (nodes.status !== 0) return `nodes: ${nodes.stderr}`;
  const fresh = ['run', 'fresh', '--restart=Never', '--rm', '--attach', '--quiet', '--pod-running-timeout=20s'];
  const started = cluster.tryKubectl([...fresh, `--image=${BUSYBOX}`, '--', 'echo', 'new']);
  if (started.status === 0) return '';
  cluster.tryKubectl(['delete', 'pod', 'fresh', '--ignore-not-found', '--now']);
  return `starting a pod: ${started.stderr}`;
}

function missing(names: readonly string[]): readonly string[] {
  const there = new Set(cluster.kubectl(['get', 'configmaps', '--selector=written=yes', '--output=name']).split('\n'));
  return names.filter((name) => !there.has(`configmap/${name}`));
}
