// A cluster without nodes: API server, etcd, controllers and scheduler are real, and KWOK answers for a node, on which pods
// are Ready as soon as they are scheduled. So what is timed is the tool that deploys, and no container's start.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../../tools/lib/testing/eventually.ts';
import { asList, asRecord } from '../../tools/k8s/model/object.ts';
import { type ApiServer, startApiServer } from '../../tools/k8s/testing/apiserver.ts';
import { fileOf, peerPath } from '../../tools/oci/testing/peers.ts';

/** A running one; it ends with its scope. */
export interface BenchCluster extends AsyncDisposable {
  readonly server: ApiServer;
  /** A kubeconfig whose current context is the one of {@link server}. */
  readonly kubeconfig: string;
  /** How many Deployments of a namespace have all their pods ready, by their newest template. */
  readyDeployments(namespace: string): Promise<number>;
  /** How often each Deployment of a namespace has been changed. */
  generations(namespace: string): Promise<ReadonlyMap<string, number>>;
  /** Resolves when the namespace is gone with all that is in it. */
  removeNamespace(namespace: string): Promise<void>;
}

// What a cluster of twenty requests a second would measure is those.
const UNLIMITED = ['--kube-api-qps=5000', '--kube-api-burst=5000'];
const CONTROLLERS = [
  'deployment-controller',
  'disruption-controller',
  'endpointslice-controller',
  'garbage-collector-controller',
  'namespace-controller',
  'node-lifecycle-controller',
  'replicaset-controller',
];
const GONE_WITHIN_MS = 300_000;

/** Starts it. ETCD, KUBERNETES, KWOK and KWOK_STAGES name programs and files, by runfiles. */
export async function startBenchCluster(): Promise<BenchCluster> {
  // As clusters have it: controllers read from the server's memory.
  const server = await startApiServer(['--watch-cache=true', '--max-requests-inflight=0']);
  const children: ChildProcess[] = [];
  const stop = async () => {
    for (const child of children) {
      if (child.exitCode === null && child.kill('SIGKILL')) await once(child, 'exit');
    }
    await server.stop();
  };
  try {
    const kubeconfig = join(server.folder, 'current.kubeconfig');
    const known = JSON.parse(readFileSync(server.kubeconfig, 'utf8')) as Record<string, unknown>;
    await writeFile(kubeconfig, JSON.stringify({ ...known, 'current-context': server.context }));
    const start = (name: string, program: string, args: readonly string[]) => {
      const log = openSync(join(server.folder, `${name}.log`), 'a');
      const env = { PATH: process.env['PATH'] };
      children.push(spawn(program, [...args, '--kubeconfig', kubeconfig], { stdio: ['ignore', log, log], env }));
    };
    for (const [part, args] of [
      ['kube-controller-manager', [`--controllers=${CONTROLLERS.join(',')}`, '--concurrent-deployment-syncs=20']],
      ['kube-scheduler', []],
    ] as const) {
      const program = join(server.folder, part);
      await symlink(peerPath('KUBERNETES'), program);
      start(part, program, [...args, ...UNLIMITED, '--leader-elect=false', '--secure-port=0']);
    }
    const stages = (process.env['KWOK_STAGES'] ?? '').split(' ').flatMap((stage) => ['--config', fileOf(stage)]);
    start('kwok', peerPath('KWOK'), [
      ...[...stages, '--manage-all-nodes=true', '--node-lease-duration-seconds=40'],
      ...['--cidr=10.99.0.0/16', '--node-ip=10.98.0.1'],
    ]);
    await server.client.request({ method: 'POST', path: '/api/v1/nodes', body: NODE, doing: 'Making a node' });
    await eventually('the node is Ready', () => isNodeReady(server), 60_000).catch((error: unknown) => {
      const logs = children.map((child) => `${child.spawnfile}: ${child.exitCode ?? 'runs'}`);
      throw new Error(`${logs.join(', ')}\n${readFileSync(join(server.folder, 'kwok.log'), 'utf8').slice(-2000)}`, {
        cause: error,
      });
    });
    return { server, kubeconfig, ...viewOf(server), [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function viewOf(server: ApiServer): Pick<BenchCluster, 'readyDeployments' | 'generations' | 'removeNamespace'> {
  const get = (path: string) => server.client.request({ method: 'GET', path, doing: 'Looking' });
  const deployments = async (namespace: string) => {
    const list = asRecord(await get(`/apis/apps/v1/namespaces/${namespace}/deployments`));
    return asList(list?.['items']).map((item) =>
      ['metadata', 'spec', 'status'].map((part) => asRecord(asRecord(item)?.[part]) ?? {}),
    );
  };
  return {
    async readyDeployments(namespace) {
      const all = await deployments(namespace);
      return all.filter(([metadata, spec, status]) => {
        const counts = [status?.['readyReplicas'], status?.['updatedReplicas']];
        const isSeen = status?.['observedGeneration'] === metadata?.['generation'];
        return isSeen && counts.every((count) => count === spec?.['replicas']);
      }).length;
    },
    async generations(namespace) {
      const all = await deployments(namespace);
      return new Map(all.map(([metadata]) => [String(metadata?.['name']), Number(metadata?.['generation'])]));
    },
    async removeNamespace(namespace) {
      const path = `/api/v1/namespaces/${namespace}`;
      await server.client.request({ method: 'DELETE', path, doing: 'Taking a namespace away' });
      const isGone = async () => {
        const list = asRecord(await get('/api/v1/namespaces'));
        const names = asList(list?.['items']).map((item) => asRecord(asRecord(item)?.['metadata'])?.['name']);
        return names.includes(namespace) ? undefined : true;
      };
      await eventually(`${namespace} is gone`, isGone, GONE_WITHIN_MS, 200);
    },
  };
}

async function isNodeReady(server: ApiServer): Promise<true | undefined> {
  const path = `/api/v1/nodes/${NODE.metadata.name}`;
  const node = asRecord(await server.client.request({ method: 'GET', path, doing: 'Waiting for the node' }));
  const conditions = asList(asRecord(node?.['status'])?.['conditions']).map(asRecord);
  return conditions.some((one) => one?.['type'] === 'Ready' && one['status'] === 'True') ? true : undefined;
}

const RESOURCES = { cpu: '10k', memory: '100Ti', pods: '20k' };
const NODE = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'fake', labels: { 'kubernetes.io/hostname': 'fake', 'kubernetes.io/os': 'linux' } },
  status: { allocatable: RESOURCES, capacity: RESOURCES },
};
