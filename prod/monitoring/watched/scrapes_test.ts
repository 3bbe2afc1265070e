// The lists of metrics/ are what the programs themselves say: each is started, called, and scraped once.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startPrometheus } from '../../../services/dashboards/testing/prometheus.ts';
import { startApiServer } from '../../../tools/k8s/testing/apiserver.ts';
import { runfile } from '../../../tools/lib/runfiles.ts';
import { parseMetricsList } from '../../../tools/monitoring/exposition.ts';
import { startRealRegistry } from '../../../tools/oci/testing/real_registry.ts';
import { startAlertmanager } from './alertmanager.ts';
import { checkListed, nameOf } from './metrics_list.ts';

const folder = mkdtempSync(join(process.env['TEST_TMPDIR'] ?? tmpdir(), 'scrapes-'));
after(() => rmSync(folder, { recursive: true, force: true }));

async function textOf(url: string, init: RequestInit = {}): Promise<string> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(10_000) });
  return response.text();
}

test('the registry', async () => {
  const options = { hasMetrics: true };
  await using registry = await startRealRegistry(runfile('go_registry/bin/registry'), folder, options);
  const blobs = `http://${registry.endpoint}/v2/a/blobs`;
  const started = await fetch(`${blobs}/uploads/`, { method: 'POST', signal: AbortSignal.timeout(10_000) });
  const upload = new URL(started.headers.get('location') ?? '', blobs);
  const body = 'a blob';
  const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`;
  upload.searchParams.set('digest', digest);
  const headers = { 'content-type': 'application/octet-stream' };
  const put = await fetch(upload, { method: 'PUT', body, headers, signal: AbortSignal.timeout(10_000) });
  assert.equal(put.status, 201);
  assert.equal(await textOf(`${blobs}/${digest}`), body);
  checkListed('registry', await textOf(registry.metricsUrl ?? ''));
});

test('Prometheus', async () => {
  const rules = { groups: [{ name: 'all', rules: [{ record: 'all:up', expr: 'sum(up)' }] }] };
  const prometheus = await startPrometheus({ metrics: () => 'sample 1\n', rules, isSending: true });
  try {
    await prometheus.until('all:up');
    checkListed('prometheus', await textOf(new URL('/metrics', prometheus.url).href));
  } finally {
    await prometheus.stop();
  }
});

test('Alertmanager', async () => {
  const receivers = [{ name: 'chat', webhook_configs: [{ url: 'http://127.0.0.1:9/' }] }];
  await using alertmanager = await startAlertmanager({ route: { receiver: 'chat' }, receivers });
  checkListed('alertmanager', await alertmanager.call('/metrics'));
});

test('of the kubelet all that the list names is kept', () => {
  const manifest = readFileSync(runfile('fathom/prod/monitoring/manifests/cluster/kubelet.json'), 'utf8');
  interface Endpoint {
    readonly metricRelabelings: readonly { readonly regex: string }[];
  }
  const { endpoints }: { readonly endpoints: readonly Endpoint[] } = JSON.parse(manifest).spec;
  const kept = endpoints.flatMap(({ metricRelabelings: [keep] }) => (keep === undefined ? [] : [keep.regex]));
  assert.equal(kept.length, endpoints.length);
  const isKept = new RegExp(`^(${kept.join('|')})$`);
  const list = runfile('fathom/tools/monitoring/metrics/kubelet.txt');
  const names = [...parseMetricsList(readFileSync(list, 'utf8'), list).keys()];
  assert.deepEqual(
    names.filter((name) => !isKept.test(name)),
    [],
  );
});

test('the API server, and all that is asked of it is kept', async () => {
  const manifest = readFileSync(runfile('fathom/prod/monitoring/manifests/cluster/apiserver.json'), 'utf8');
  interface Relabeling {
    readonly regex: string;
  }
  const [keep, drop] = JSON.parse(manifest).spec.endpoints[0].metricRelabelings as readonly [Relabeling, Relabeling];
  const [kept, dropped] = [keep, drop].map(({ regex }) => new RegExp(`^(${regex})$`)) as [RegExp, RegExp];
  const isKept = (line: string) =>
    kept.test(nameOf(line)) && !dropped.test(`${nameOf(line)};${/le="([^"]*)"/.exec(line)?.[1] ?? ''}`);
  const server = await startApiServer();
  try {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } };
    const request = { path: '/api/v1/namespaces', doing: 'Calling' } as const;
    await server.client.request({ ...request, method: 'POST', body: namespace });
    await server.client.request({ ...request, method: 'GET' });
    const text = await server.client.requestText({ ...request, method: 'GET', path: '/metrics', accept: 'text/plain' });
    // Declarations are of the base name, whose endings are kept by name as well.
    const lines = text.split('\n').filter((line) => line.startsWith('#') || isKept(line));
    checkListed('apiserver', lines.join('\n'));
  } finally {
    await server.stop();
  }
});
