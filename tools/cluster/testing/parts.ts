// The parts of a cluster that are killed, and how well the cluster is meanwhile.
import assert from 'node:assert/strict';
import { eventually } from '../../lib/testing/eventually.ts';
import type { OwnCluster } from './own_cluster.ts';
import { clusterProcesses, type ClusterProcess } from './processes.ts';
import { BUSYBOX, answering, container, pod, service } from './workloads.ts';

/** A part, in the words of a person. */
export interface Part {
  readonly part: string;
  /** The machine that it is on. */
  readonly machine: string;
  readonly is: (process: ClusterProcess) => boolean;
}

const runs = (word: string) => (process: ClusterProcess) => process.words.includes(word);
const runsProgram = (name: string) => (process: ClusterProcess) =>
  process.words[0]?.endsWith(`/bin/${name}`) === true || process.words[1]?.endsWith(`/${name}`) === true;

/** Each part of a cluster of two nodes that comes back by itself. */
export const PARTS: readonly Part[] = [
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

const RECOVERY_MS = 90_000;

/** Starts what {@link troubleOf} looks at. */
export function deployCallers(cluster: OwnCluster): void {
  cluster.apply(
    pod('web', { nodeName: 'node-2', containers: [container(answering('hello'))] }),
    service('web'),
    pod('caller', { nodeName: 'node-1', containers: [container(['sleep', '100000'])] }),
  );
  cluster.kubectl(['wait', '--for=condition=Ready', 'pod', '--all', '--timeout=60s']);
}

/** What is not as it should be; empty when pods find each other by name across nodes, and a new pod starts and ends. */
export function troubleOf(cluster: OwnCluster): string {
  const call = cluster.tryKubectl(['exec', 'caller', '--', 'wget', '-qO-', 'http://web.default.svc.cluster.local']);
  if (call.stdout !== 'hello\n') return `calling: ${call.stderr}`;
  const nodes = cluster.tryKubectl(['wait', '--for=condition=Ready', 'node', '--all', '--timeout=1s']);
  if (nodes.status !== 0) return `nodes: ${nodes.stderr}`;
  const flags = ['--restart=Never', '--rm', '--attach', '--quiet', '--pod-running-timeout=20s', `--image=${BUSYBOX}`];
  const started = cluster.tryKubectl(['run', 'fresh', ...flags, '--', 'echo', 'new']);
  if (started.status === 0) return '';
  cluster.tryKubectl(['delete', 'pod', 'fresh', '--ignore-not-found', '--now']);
  return `starting a pod: ${started.stderr}`;
}

/** Ends a part with kill -9, and resolves when another one has taken its place and all is well. */
export async function killPart(cluster: OwnCluster, { part, machine, is }: Part): Promise<{ readonly ms: number }> {
  const those = () => clusterProcesses(cluster.initPid).filter((one) => one.machine === machine && is(one));
  const [victim] = those();
  assert.ok(victim !== undefined, `${part} runs`);
  process.kill(victim.pid, 'SIGKILL');
  const startMs = performance.now();
  const isBack = () => (those().some(({ pid }) => pid !== victim.pid) ? true : undefined);
  await eventually(`${part} runs again`, isBack, RECOVERY_MS);
  await untilWell(cluster);
  return { ms: performance.now() - startMs };
}

/** Waits until nothing is the matter with a cluster. */
export async function untilWell(cluster: OwnCluster): Promise<void> {
  let last = '';
  const check = () => ((last = troubleOf(cluster)) === '' ? true : undefined);
  await eventually('all is well', check, RECOVERY_MS, 100).catch((error: unknown) =>
    assert.fail(`${String(error)}: ${last}`),
  );
}
