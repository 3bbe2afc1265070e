// Several nodes on one machine: added, stopped, started, cut off, while a cluster runs. Needs root.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createLog } from '../../lib/log.ts';
import { runfile } from '../../lib/runfiles.ts';
import { eventually } from '../../lib/testing/eventually.ts';
import { loadEmbedded } from '../embedded/load.ts';
import { OwnCluster } from '../testing/own_cluster.ts';
import { clusterProcesses } from '../testing/processes.ts';
import { answering, claim, container, pod, policy, service } from '../testing/workloads.ts';

const cluster = new OwnCluster('nodes');

// A node that says nothing is given up after 50 s; pods that tolerate that for two more seconds move then.
const MOVE_MS = 120_000;
const LEAVES_SOON = ['not-ready', 'unreachable'].map((reason) => ({
  key: `node.kubernetes.io/${reason}`,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: 2,
}));

before(() => cluster.tool('up', '--nodes', '2'));
after(() => cluster.remove());

interface PodInfo {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly spec: { readonly nodeName?: string };
  readonly status: { readonly podIP?: string; readonly conditions?: readonly { type: string; status: string }[] };
}

const list = (...args: readonly string[]) =>
  (JSON.parse(cluster.kubectl(['get', ...args, '--output=json'])) as { items: readonly PodInfo[] }).items;
const isReady = ({ status }: PodInfo) =>
  status.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') === true;
const readyNodes = () =>
  list('nodes')
    .filter(isReady)
    .map(({ metadata }) => metadata.name);
const podsOf = (app: string) => list('pods', '--selector', `app=${app}`);
const nodesOf = (app: string) =>
  podsOf(app)
    .filter((one) => isReady(one) && one.metadata.deletionTimestamp === undefined)
    .map(({ spec }) => spec.nodeName ?? '')
    .sort();
const call = (from: string, url: string) => cluster.tryKubectl(['exec', from, '--', 'wget', '-qO-', url]);

/** Waits until `look` returns true; what it saw last is told when it never does. */
async function until(what: string, look: () => unknown, holds: (seen: never) => boolean, timeoutMs = 60_000) {
  let seen: unknown;
  const check = () => (holds((seen = look()) as never) ? true : undefined);
  await eventually(what, check, timeoutMs, 500).catch((cause: unknown) =>
    assert.fail(`${String(cause)}: ${JSON.stringify(seen)}`),
  );
}

test('a node is added while the cluster runs, and the others go on', () => {
  const pid = cluster.initPid;
  cluster.tool('add-node');
  assert.deepEqual(readyNodes(), ['node-1', 'node-2', 'node-3']);
  assert.equal(cluster.initPid, pid);
});

test('pods spread over all nodes, and find each other by name across them', async () => {
  cluster.apply(
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: {
        replicas: 3,
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: {
            terminationGracePeriodSeconds: 1,
            tolerations: LEAVES_SOON,
            topologySpreadConstraints: [
              {
                maxSkew: 1,
                topologyKey: 'kubernetes.io/hostname',
                whenUnsatisfiable: 'ScheduleAnyway',
                labelSelector: { matchLabels: { app: 'web' } },
              },
            ],
            containers: [container(answering('$(hostname)'))],
          },
        },
      },
    },
    service('web'),
    ...['node-1', 'node-2', 'node-3'].map((nodeName) =>
      pod(`caller-${nodeName}`, { nodeName, containers: [container(['sleep', '100000'])] }),
    ),
  );
  await until(
    'three pods on three nodes',
    () => nodesOf('web'),
    (seen: string[]) => seen.join() === 'node-1,node-2,node-3',
  );
  cluster.kubectl(['wait', '--for=condition=Ready', 'pod', '--all', '--timeout=60s']);
  for (const node of ['node-1', 'node-2', 'node-3']) {
    for (const { status, metadata } of podsOf('web')) {
      assert.equal(call(`caller-${node}`, `http://${status.podIP}:8080`).stdout, `${metadata.name}\n`, `from ${node}`);
    }
    const { stdout, stderr } = call(`caller-${node}`, 'http://web.default.svc.cluster.local');
    assert.match(stdout, /^web-/, `from ${node}: ${stderr}`);
  }
});

test('network policies hold between nodes', async () => {
  const from = [{ podSelector: { matchLabels: { app: 'caller-node-1' } } }];
  cluster.apply(policy('web', 'web', { policyTypes: ['Ingress'], ingress: [{ from, ports: [{ port: 8080 }] }] }));
  const heard = (node: string) =>
    podsOf('web').map(({ status }) => call(`caller-${node}`, `http://${status.podIP}:8080`).status === 0);
  await until(
    'the others are refused',
    () => [...heard('node-2'), ...heard('node-3')],
    (seen: boolean[]) => !seen.includes(true),
  );
  assert.deepEqual(heard('node-1'), [true, true, true]);
  cluster.kubectl(['delete', 'networkpolicy', 'web']);
  await until(
    'all are heard again',
    () => [...heard('node-2'), ...heard('node-3')],
    (seen: boolean[]) => !seen.includes(false),
  );
});

test('pods of a stopped node move, one with a volume waits there, names are found again, and the node comes back', async () => {
  const [dns] = list('pods', '--namespace=kube-system', '--selector=app.kubernetes.io/name=coredns');
  const node = dns?.spec.nodeName ?? '';
  const others = ['node-1', 'node-2', 'node-3'].filter((name) => name !== node);
  cluster.apply(...store(node));
  await until(
    'the pod with a volume runs',
    () => nodesOf('store'),
    (seen: string[]) => seen.join() === node,
  );
  cluster.kubectl(['exec', 'store-0', '--', 'sh', '-c', 'echo kept >/data/file; sync']);

  cluster.tool('stop-node', node);
  cluster.tool('stop-node', node);
  const left = others[0] ?? '';
  await until(
    'the Deployment is whole elsewhere',
    () => nodesOf('web'),
    (seen: string[]) => seen.length === 3 && !seen.includes(node),
    MOVE_MS,
  );
  const named = () => call(`caller-${left}`, 'http://web.default.svc.cluster.local').status;
  await until('names are found without the node that had DNS', named, (seen: number) => seen === 0, MOVE_MS);
  assert.deepEqual(
    podsOf('store').map(({ metadata, spec }) => [metadata.name, spec.nodeName]),
    [['store-0', node]],
    'nobody else may take the place of a pod that may still run',
  );

  // Neither a start of what runs nor a new look at the cluster starts what was stopped on purpose.
  const { stderr } = cluster.tool('up');
  assert.match(stderr, new RegExp(`${node} was stopped: .*start-node ${node}`));
  assert.deepEqual(readyNodes(), others);
  cluster.tool('start-node', node);
  assert.deepEqual(readyNodes(), ['node-1', 'node-2', 'node-3']);
  await until(
    'the pod with a volume runs again',
    () => nodesOf('store'),
    (seen: string[]) => seen.join() === node,
  );
  assert.equal(cluster.kubectl(['exec', 'store-0', '--', 'cat', '/data/file']), 'kept\n');
});

test('a node that is cut off is given up, and is taken back when the cut heals', async () => {
  const ready = () => readyNodes();
  const count = () => nodesOf('web').filter((node) => node === 'node-2').length;
  await until(
    'something is on node-2',
    () => (cluster.kubectl(['rollout', 'restart', 'deployment/web']), count()),
    (seen: number) => seen > 0,
  );
  inSwitch('ip', 'link', 'set', 'node-2', 'down');
  try {
    await until('node-2 is not Ready', ready, (seen: string[]) => seen.join() === 'node-1,node-3', MOVE_MS);
    await until(
      'its pods are elsewhere',
      () => nodesOf('web'),
      (seen: string[]) => seen.length === 3 && !seen.includes('node-2'),
      MOVE_MS,
    );
    // Names may have been served from there, too.
    const near = () => call('caller-node-1', 'http://web.default.svc.cluster.local').status;
    await until('what is elsewhere is found', near, (seen: number) => seen === 0, MOVE_MS);
  } finally {
    inSwitch('ip', 'link', 'set', 'node-2', 'up');
  }
  await until('node-2 is Ready', ready, (seen: string[]) => seen.join() === 'node-1,node-2,node-3');
  const across = () => call('caller-node-2', 'http://web.default.svc.cluster.local').status;
  await until('what is on node-2 reaches the others', across, (seen: number) => seen === 0);
});

test('an image that is loaded starts on every node, without a registry', async () => {
  const folder = join(cluster.state, 'image');
  const tar = `${folder}.tar`;
  mkdirSync(folder);
  cluster.command(
    'tar',
    '--extract',
    `--file=${runfile('fathom/prod/images/busybox/tarball.tar')}`,
    `--directory=${folder}`,
  );
  const index = readFileSync(join(folder, 'index.json'), 'utf8');
  writeFileSync(
    join(folder, 'index.json'),
    index.replaceAll('registry.fathom.internal/prod/images/busybox', 'none.example/box'),
  );
  cluster.command('tar', '--create', `--file=${tar}`, `--directory=${folder}`, 'blobs', 'index.json', 'oci-layout');
  const { signal } = new AbortController();
  const [image = ''] = await loadEmbedded({ folder: cluster.folder, tar, log: createLog(), signal });
  assert.equal(image, 'none.example/box:built');
  const started = ['node-1', 'node-2', 'node-3'].map((nodeName) => `loaded-${nodeName}`);
  cluster.apply(
    ...started.map((name) =>
      pod(name, {
        nodeName: name.slice('loaded-'.length),
        containers: [{ name: 'main', image, imagePullPolicy: 'Never', command: ['sleep', '100000'] }],
      }),
    ),
  );
  cluster.kubectl(['wait', '--for=condition=Ready', ...started.map((name) => `pod/${name}`), '--timeout=60s']);
});

test('refuses to stop what is not there, and what is the last', () => {
  const missing = cluster.tryTool('stop-node', 'node-9');
  assert.match(missing.stderr, /error: CLUSTER_NO_NODE: .*node-9.*\n {2}hint: Name one of: node-1, node-2, node-3\./);
  cluster.tool('stop-node', 'node-2');
  cluster.tool('stop-node', 'node-3');
  const last = cluster.tryTool('stop-node', 'node-1');
  assert.match(last.stderr, /error: CLUSTER_LAST_NODE: Stopping node-1: it is the last node that runs/);
  assert.deepEqual([missing.status, last.status], [1, 1]);
});

/** Runs a command in the network namespace of the cluster's switch, which is held by a process that does nothing else. */
function inSwitch(...command: readonly string[]): void {
  const holder = clusterProcesses(cluster.initPid).find(
    ({ machine, words }) => machine === 'cluster' && words[0] === 'sleep',
  );
  assert.ok(holder !== undefined, 'the switch runs');
  cluster.command('nsenter', `--net=/proc/${holder.pid}/ns/net`, '--', ...command);
}

/** A StatefulSet with a volume, whose one pod starts on `node`. */
function store(node: string): readonly object[] {
  const volumeMounts = [{ name: 'data', mountPath: '/data' }];
  return [
    service('store'),
    claim('data'),
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'store' },
      spec: {
        serviceName: 'store',
        replicas: 1,
        selector: { matchLabels: { app: 'store' } },
        template: {
          metadata: { labels: { app: 'store' } },
          spec: {
            terminationGracePeriodSeconds: 1,
            tolerations: LEAVES_SOON,
            nodeSelector: { 'kubernetes.io/hostname': node },
            containers: [container(['sleep', '100000'], { volumeMounts })],
            volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
          },
        },
      },
    },
  ];
}
