// What is told of the objects of a real API server, as they come, change and go.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { KubeConfig } from '@kubernetes/client-node';
import { type ApiServer, startApiServer } from '../../tools/k8s/testing/apiserver.ts';
import { callsTo } from '../../tools/k8s/testing/calls.ts';
import { checkMetricsFile } from '../../tools/monitoring/metrics_file.ts';
import { createLogger, createMetrics } from '../kit/index.ts';
import { KINDS } from './kinds.ts';
import { registerKind } from './register.ts';
import { type Followed, follow } from './watch.ts';

const DEADLINE_MS = 20_000;
const metrics = createMetrics();
let server: ApiServer;
let followed: readonly Followed[] = [];
const { applyStack, makeNamespace, merge, remove } = callsTo(() => server);

before(async () => {
  server = await startApiServer();
  const config = new KubeConfig();
  config.loadFromFile(server.kubeconfig);
  config.setCurrentContext(server.context);
  const log = createLogger({ service: 'kube-state' });
  followed = KINDS.map((kind) => {
    const objects = follow(config, kind, log);
    registerKind(metrics, kind, () => objects.list());
    return objects;
  });
});
after(async () => {
  await Promise.all(followed.map((one) => one.stop()));
  await server.stop();
});

/** Waits until the lines of a metric that have `labels` are these values. */
async function until(name: string, labels: string, expected: readonly string[]): Promise<void> {
  const endMs = performance.now() + DEADLINE_MS;
  for (;;) {
    const text = await metrics.metrics();
    const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) && line.includes(labels));
    const values = lines.map((line) => line.slice(line.lastIndexOf(' ') + 1));
    if (values.join() === expected.join()) return;
    assert.ok(performance.now() < endMs, `${name}{${labels}} is [${values}], not [${expected}]`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const POD = '/api/v1/namespaces/default/pods/web-1';

async function makePod(): Promise<void> {
  await server.client.request({
    method: 'POST',
    path: '/api/v1/namespaces/default/pods',
    body: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web-1' },
      spec: {
        containers: [{ name: 'web', image: 'web:1', resources: { requests: { cpu: '250m', memory: '64Mi' } } }],
      },
    },
    doing: 'Making a pod',
  });
}

test('all kinds are read', { timeout: 60_000 }, async () => {
  const endMs = performance.now() + DEADLINE_MS;
  while (!followed.every((one) => one.isRead())) {
    assert.ok(performance.now() < endMs, 'not read within the deadline');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await until('kube_namespace_status_phase', 'namespace="default",phase="Active"', ['1']);
});

test('a pod is told of, followed, and forgotten when it is gone', { timeout: 60_000 }, async () => {
  await makePod();
  await until('kube_pod_status_phase', 'pod="web-1",phase="Pending"', ['1']);
  await until('kube_pod_container_resource_requests', 'resource="cpu"', ['0.25']);
  await until('kube_pod_container_resource_requests', 'resource="memory"', ['67108864']);
  await server.client.request({
    method: 'PATCH',
    path: `${POD}/status`,
    contentType: 'application/merge-patch+json',
    body: {
      status: {
        phase: 'Running',
        containerStatuses: [
          {
            name: 'web',
            ready: false,
            restartCount: 3,
            image: 'web:1',
            imageID: 'web:1',
            state: { waiting: { reason: 'CrashLoopBackOff' } },
            lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } },
          },
        ],
        initContainerStatuses: [
          {
            name: 'migrate',
            ready: false,
            restartCount: 4,
            image: 'web:1',
            imageID: 'web:1',
            state: { waiting: { reason: 'CrashLoopBackOff' } },
            lastState: { terminated: { exitCode: 1, reason: 'Error' } },
          },
        ],
      },
    },
    doing: 'Changing the pod',
  });
  await until('kube_pod_status_phase', 'pod="web-1",phase="Running"', ['1']);
  await until('kube_pod_status_phase', 'pod="web-1",phase="Pending"', ['0']);
  await until('kube_pod_container_status_restarts_total', 'container="web"', ['3']);
  await until('kube_pod_container_status_waiting_reason', 'reason="CrashLoopBackOff"', ['1']);
  await until('kube_pod_container_status_last_terminated_reason', 'reason="OOMKilled"', ['1']);
  // Init containers have metrics of their own.
  await until('kube_pod_init_container_status_restarts_total', 'container="migrate"', ['4']);
  await until('kube_pod_init_container_status_waiting_reason', 'container="migrate",reason="CrashLoopBackOff"', ['1']);
  await until('kube_pod_init_container_status_last_terminated_reason', 'reason="Error"', ['1']);
  await until('kube_pod_init_container_status_ready', 'container="migrate"', ['0']);
  assert.doesNotMatch(
    await metrics.metrics(),
    /^kube_pod_container_\w+\{.*migrate|^kube_pod_init_\w+\{.*container="web"/m,
  );
  await server.client.request({ method: 'DELETE', path: `${POD}?gracePeriodSeconds=0`, doing: 'Deleting the pod' });
  await until('kube_pod_status_phase', 'pod="web-1"', []);
});

test('a Deployment without a controller has the replicas that it shall have, and none that are there', async () => {
  const labels = { app: 'api' };
  await server.client.request({
    method: 'POST',
    path: '/apis/apps/v1/namespaces/default/deployments',
    body: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'api' },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'api', image: 'api:1' }] } },
      },
    },
    doing: 'Making a Deployment',
  });
  await until('kube_deployment_spec_replicas', 'deployment="api"', ['2']);
  await until('kube_deployment_status_replicas_available', 'deployment="api"', ['0']);
});

test('the newest deploy of a stack is told of, as the engine tells of it, and no other ConfigMap', async () => {
  await makeNamespace('shop');
  const map = (x: string) => ({
    ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'shop' }, data: { x } },
  });
  const deploy = (x: string) => applyStack({ sets: [{ stack: 'web', namespace: 'shop', objects: [map(x)] }] });
  for (const x of ['1', '2', '3', '4']) await deploy(x);
  await until('fathom_deploy_info', 'namespace="shop",stack="web",revision="4",verb="apply"', ['1']);
  await until('fathom_deploy_objects', 'stack="web",action="update"', ['1']);
  await until('fathom_deploy_objects', 'stack="web",action="create"', ['0']);
  await until('fathom_deploy_unfinished', 'stack="web"', ['0']);
  await until('fathom_deploy_error', 'stack="web"', []);
  const text = await metrics.metrics();
  const valueOf = (line: RegExp) => Number(line.exec(text)?.[1] ?? Number.NaN);
  const started = valueOf(/^fathom_deploy_started_timestamp_seconds\{namespace="shop",stack="web"\} (\S+)$/m);
  assert.ok(Math.abs(started - Date.now() / 1000) < 600, text);
  assert.ok(valueOf(/^fathom_deploy_phase_seconds\{namespace="shop",stack="web",phase="apply"\} (\S+)$/m) > 0);
  assert.ok(valueOf(/^fathom_deploy_usual_duration_seconds\{namespace="shop",stack="web"\} (\S+)$/m) > 0);
  assert.doesNotMatch(text, /stack="a"/);
  // One that is cut off.
  const path = '/api/v1/namespaces/shop/configmaps/fathom-web';
  const run = { number: 5, when: '2026-11-26T10:00:00Z', state: 'started', error: 'K8S_NOT_READY', planned: 3 };
  await merge(path, { data: { 'deploys.json': JSON.stringify([run]) } });
  await until('fathom_deploy_unfinished', 'stack="web"', ['1']);
  await until('fathom_deploy_error', 'stack="web",code="K8S_NOT_READY"', ['1']);
  await until('fathom_deploy_started_timestamp_seconds', 'stack="web"', ['1795687200']);
  await until('fathom_deploy_finished_timestamp_seconds', 'stack="web"', []);
  await remove(path);
  await until('fathom_deploy_info', 'stack="web"', []);
});

test('what it exposes is what the list says by which rules and dashboards are checked', async () => {
  // A series for each metric that no object of this test has, with the labels that it would have.
  const declared = KINDS.flatMap(({ isNamespaced, label, families }) =>
    families.map(({ name, labels }) => {
      const all = [...(isNamespaced ? ['namespace'] : []), label, ...labels];
      return `${name}{${all.map((one) => `${one}=""`).join()}} 0`;
    }),
  );
  // What it tells of its own process is of no cluster.
  const scraped = (await metrics.metrics()).split('\n').filter((line) => /^(# TYPE )?(kube|fathom)_/.test(line));
  const list = new URL('../../tools/monitoring/metrics/kube_state.txt', import.meta.url);
  checkMetricsFile(list, [...scraped, ...declared].join('\n'));
});
