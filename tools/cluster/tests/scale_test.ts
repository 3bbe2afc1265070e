// The engine in a cluster of 500 nodes and 10,000 pods. KWOK answers for nodes and pods; the rest is real.
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import type { KubeObject } from '../../k8s/model/object.ts';
import { runEngine } from '../../k8s/testing/process.ts';
import { runfile } from '../../lib/runfiles.ts';
import { eventually } from '../../lib/testing/eventually.ts';
import { OwnCluster } from '../testing/own_cluster.ts';

const NODES = 500;
const DEPLOYMENTS = 200;
const REPLICAS = 50;
const NAMESPACE = 'scale';
const WITHIN_MS = 1_500_000;

const cluster = new OwnCluster('scale');
let kwok: ChildProcess | undefined;

before(async () => {
  cluster.tool('up');
  const log = openSync(join(cluster.state, 'kwok.log'), 'a');
  kwok = spawn(
    external(process.env['KWOK']),
    [
      ...(process.env['KWOK_STAGES'] ?? '').split(' ').flatMap((stage) => ['--config', external(stage)]),
      ...['--kubeconfig', join(cluster.folder, 'kubeconfig')],
      ...['--manage-all-nodes=false', '--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake'],
      ...['--node-lease-duration-seconds=40', '--cidr=10.99.0.0/16', '--node-ip=10.98.0.1'],
    ],
    { stdio: ['ignore', log, log], env: { PATH: process.env['PATH'] } },
  );
  cluster.apply(...Array.from({ length: NODES }, (_, number) => fakeNode(number)));
  cluster.kubectl(['create', 'namespace', NAMESPACE]);
  await eventually('all nodes are Ready', () => (readyNodes() === NODES + 1 ? true : undefined), 240_000, 2000).catch(
    (error: unknown) =>
      assert.fail(`${String(error)}: ${readFileSync(join(cluster.state, 'kwok.log'), 'utf8').slice(-2000)}`),
  );
});

after(async () => {
  cluster.remove();
  kwok?.kill('SIGTERM');
  if (kwok?.exitCode === null) await once(kwok, 'exit');
});

test('a stack of 10,000 pods is applied, and every one of them is waited for', async (context) => {
  await engine(context, 'apply', 0);
  const pods = cluster.kubectl([
    'get',
    'pods',
    `--namespace=${NAMESPACE}`,
    '--output=name',
    '--field-selector=status.phase=Running',
  ]);
  assert.equal(pods.trim().split('\n').length, DEPLOYMENTS * REPLICAS);
});

test('a second apply changes nothing, and diff finds nothing', async (context) => {
  const versions = () =>
    cluster.kubectl([
      'get',
      'deployments',
      `--namespace=${NAMESPACE}`,
      '--output=jsonpath={.items[*].metadata.generation}',
    ]);
  const before = versions();
  await engine(context, 'apply', 0);
  assert.equal(versions(), before);
  const { stdout } = await engine(context, 'diff', 0);
  assert.match(stdout, /fathom: 0 differences\n$/);
});

test('the stack is deleted, and every pod of it is waited for', async (context) => {
  await engine(context, 'delete', 0);
  assert.equal(cluster.kubectl(['get', 'deployments', `--namespace=${NAMESPACE}`, '--output=name']), '');
});

/** A file of another repository, named as $(rootpath) does. */
function external(path = ''): string {
  return runfile(path.replace(/^(\.\.|external)\//, ''));
}

/** Runs a verb on the stack; tells how long it took. */
async function engine(context: TestContext, verb: string, code: number) {
  const server = { kubeconfig: join(cluster.folder, 'kubeconfig'), context: `fathom-${cluster.name}` };
  const objects = Array.from({ length: DEPLOYMENTS }, (_, number) => deployment(number));
  const stack = { sets: [{ stack: 'scale', namespace: NAMESPACE, objects }], args: ['--timeout=20m'] };
  const startMs = performance.now();
  const outcome = await runEngine(server, stack, { verb, endsWithinMs: WITHIN_MS });
  context.diagnostic(`${verb}: ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
  assert.equal(outcome.code, code, outcome.stderr.slice(-4000));
  return outcome;
}

function readyNodes(): number {
  const ready = '--output=jsonpath={range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}';
  return cluster
    .kubectl(['get', 'nodes', ready])
    .split('\n')
    .filter((status) => status === 'True').length;
}

function fakeNode(number: number): object {
  const name = `fake-${number}`;
  const resources = { cpu: '32', memory: '256Gi', pods: '110' };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      annotations: { 'kwok.x-k8s.io/node': 'fake' },
      labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', fake: 'yes' },
    },
    spec: { taints: [{ key: 'fake', value: 'yes', effect: 'NoSchedule' }] },
    status: { allocatable: resources, capacity: resources },
  };
}

function deployment(number: number): KubeObject {
  const name = `web-${number}`;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: NAMESPACE },
    spec: {
      replicas: REPLICAS,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          nodeSelector: { fake: 'yes' },
          tolerations: [{ key: 'fake', operator: 'Exists' }],
          containers: [{ name: 'web', image: 'example.com/web', resources: { requests: { cpu: '100m' } } }],
        },
      },
    },
  };
}
