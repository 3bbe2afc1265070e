// The process: it knows nothing that a kill could lose, and ends when it is told to.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runfile } from '../../tools/lib/runfiles.ts';
import { type ApiServer, startApiServer } from '../../tools/k8s/testing/apiserver.ts';
import { callsTo } from '../../tools/k8s/testing/calls.ts';
import type { DashboardList } from './shared/api.ts';
import { programOf } from './testing/programs.ts';
import { eventually } from './testing/running.ts';
import { configMap, SAMPLE } from './testing/samples.ts';

let cluster: ApiServer;
let proxy: ChildProcess;
let proxyUrl = '';
const children: ChildProcess[] = [];
const { makeNamespace, post } = callsTo(() => cluster);

before(async () => {
  cluster = await startApiServer();
  const args = ['kubectl', 'proxy', '--port=0', '--kubeconfig', cluster.kubeconfig, '--context', cluster.context];
  proxy = spawn(programOf('KUBERNETES'), args, { stdio: ['ignore', 'pipe', 'inherit'] });
  assert.ok(proxy.stdout !== null);
  for await (const line of createInterface({ input: proxy.stdout })) {
    const [, address] = /serve on (127\.0\.0\.1:\d+)/.exec(line) ?? [];
    if (address === undefined) continue;
    proxyUrl = `http://${address}`;
    break;
  }
  await makeNamespace('shop');
  await post('/api/v1/namespaces/shop/configmaps', configMap('shop', SAMPLE));
});
after(async () => {
  for (const child of [...children, proxy]) await end(child, 'SIGKILL');
  await cluster.stop();
});

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
  return child.exitCode;
}

/** Starts the program; resolves once it listens. */
async function start(port = 0, env: Readonly<Record<string, string>> = {}) {
  const isBuilt = process.env['TEST_SRCDIR'] !== undefined;
  const source = fileURLToPath(new URL('main.ts', import.meta.url));
  const [command, args] = isBuilt ? [runfile('fathom/services/dashboards/main'), []] : [process.execPath, [source]];
  const child = spawn(command, args, {
    env: {
      ...process.env,
      ...{ PORT: String(port), METRICS_PORT: '0', KUBERNETES_URL: proxyUrl, PROMETHEUS_URL: 'http://127.0.0.1:9' },
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  for await (const line of createInterface({ input: child.stdout })) {
    const { msg, port: listening, metricsPort } = JSON.parse(line) as Readonly<Record<string, unknown>>;
    if (msg !== 'listening') continue;
    child.stdout.resume();
    return { child, port: Number(listening), metricsPort: Number(metricsPort) };
  }
  throw new Error(`The server ended with ${child.exitCode}`);
}

/** After how long it would give up ending, in milliseconds, as its log says. */
async function stopDeadline(log: NodeJS.ReadableStream): Promise<unknown> {
  for await (const line of createInterface({ input: log })) {
    const { msg, deadlineMs } = JSON.parse(line) as Readonly<Record<string, unknown>>;
    if (msg === 'stopping') return deadlineMs;
  }
  return undefined;
}

const get = async (port: number, path: string) => fetch(`http://127.0.0.1:${port}${path}`);
const listOf = async (port: number) => (await (await get(port, '/api/dashboards')).json()) as DashboardList;

test('is the same after kill -9 as before', async () => {
  const first = await start();
  const before = await eventually(
    () => listOf(first.port),
    ({ dashboards, stale }) => dashboards.length === 1 && stale === undefined,
  );
  await end(first.child, 'SIGKILL');
  const second = await start(first.port);
  assert.deepEqual(
    await eventually(
      () => listOf(second.port),
      ({ dashboards, stale }) => dashboards.length === 1 && stale === undefined,
    ),
    before,
  );
  await end(second.child, 'SIGKILL');
});

test('is ready once it knows the dashboards, and ends at SIGTERM although pages are open', async () => {
  const { child, port, metricsPort } = await start(0, { DRAIN_TIMEOUT_MS: '60000' });
  await eventually(
    async () => (await get(metricsPort, '/readyz')).status,
    (status) => status === 200,
  );
  const events = await get(port, '/api/events');
  assert.equal(events.status, 200);
  const metrics = await (await get(metricsPort, '/metrics')).text();
  assert.match(metrics, /^dashboards_known\{state="faulty"\} 1$/m);
  const deadline = stopDeadline(child.stdout);
  const startMs = performance.now();
  assert.equal(await end(child, 'SIGTERM'), 0);
  assert.ok(performance.now() - startMs < 5000, 'it took longer than an open page may');
  // Answers may go on for all of the time that the setting gives them.
  assert.equal(await deadline, 70_000);
  await events.body?.cancel();
});
