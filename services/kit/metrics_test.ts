import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { Metadata } from '@grpc/grpc-js';
import { implementation } from './grpc_service.ts';
import { Counter, createMetrics } from './metrics.ts';
import { type MetricsServer, startMetricsServer } from './metrics_server.ts';
import { serverMetrics } from './server_metrics.ts';
import { EchoClient, EchoService, echoHandlers, startEcho, testLog } from './testing/echo.ts';
import { withoutIpv6 } from './testing/no_ipv6.ts';

const metrics = createMetrics();
const lines: Record<string, unknown>[] = [];
let server: MetricsServer;
before(async () => {
  server = await startMetricsServer({ port: 0, host: '127.0.0.1', metrics, log: testLog(lines) });
});
after(() => server.close());

const get = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${server.port}${path}`, init);

/** The value of the line that begins with `name{labels}`. */
async function value(series: string): Promise<number | undefined> {
  const text = await (await get('/metrics')).text();
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

test('calls are counted by method and code, timed, and seen while they run', { timeout: 20_000 }, async () => {
  const { promise: entered, resolve: enter } = Promise.withResolvers<void>();
  const { promise: answer, resolve: finish } = Promise.withResolvers<string>();
  const say = (text: string) => {
    if (text === 'bad') throw new Error('a defect');
    if (text !== 'slow') return text;
    enter();
    return answer;
  };
  const echo = await startEcho({ say }, { observers: [serverMetrics(metrics)] });
  const client = new EchoClient(echo.port);
  const labels = 'grpc_type="unary",grpc_service="kit.test.v1.Echo",grpc_method="Say"';
  await client.say('a');
  await client.say('b');
  await client.say('bad').catch(() => undefined);
  const slow = client.say('slow');
  await entered;
  assert.equal(await value(`grpc_server_in_flight{${labels}}`), 1);
  assert.equal(await value(`grpc_server_started_total{${labels}}`), 4);
  finish('done');
  await slow;
  assert.equal(await value(`grpc_server_in_flight{${labels}}`), 0);
  assert.equal(await value(`grpc_server_handled_total{${labels},grpc_code="OK"}`), 3);
  assert.equal(await value(`grpc_server_handled_total{${labels},grpc_code="INTERNAL"}`), 1);
  assert.equal(await value(`grpc_server_handling_seconds_count{${labels},grpc_code="OK"}`), 3);
  assert.equal(await value(`grpc_server_handling_seconds_bucket{le="10",${labels},grpc_code="OK"}`), 3);
  await assert.rejects(client.say('late', new Metadata(), { deadline: Date.now() - 1 }));
  assert.equal(await value(`grpc_server_in_flight{${labels}}`), 0);
  client.close();
  await echo.drain(1000);
});

test('methods are there before they are called, by every code, and probes are not', { timeout: 20_000 }, async () => {
  const own = createMetrics();
  const observer = serverMetrics(own);
  observer.expect(implementation(EchoService, echoHandlers()).methods);
  const echo = await startEcho({}, { observers: [observer] });
  const client = new EchoClient(echo.port);
  await client.check();
  await client.say('a');
  const text = await own.metrics();
  const labels = 'grpc_type="server_stream",grpc_service="kit.test.v1.Echo",grpc_method="Repeat"';
  for (const line of [
    `grpc_server_started_total{${labels}} 0`,
    `grpc_server_in_flight{${labels}} 0`,
    `grpc_server_handled_total{${labels},grpc_code="OK"} 0`,
    `grpc_server_handled_total{${labels},grpc_code="UNAVAILABLE"} 0`,
    `grpc_server_handling_seconds_count{${labels},grpc_code="OK"} 0`,
    'grpc_server_started_total{grpc_type="unary",grpc_service="kit.test.v1.Echo",grpc_method="Say"} 1',
  ])
    assert.ok(text.split('\n').includes(line), line);
  assert.doesNotMatch(text, /grpc_server_handling_seconds_count\{.*grpc_code="UNAVAILABLE"/);
  assert.doesNotMatch(text, /grpc[.]health/);
  client.close();
  await echo.drain(1000);
});

test('has the lag of the event loop, memory, and what a service adds', { timeout: 20_000 }, async () => {
  new Counter({ name: 'test_things_total', help: 'Things.', registers: [metrics] }).inc(3);
  assert.equal(await value('test_things_total'), 3);
  assert.ok(((await value('process_resident_memory_bytes')) ?? 0) > 1e6);
  assert.ok(((await value('nodejs_eventloop_lag_p99_seconds')) ?? -1) >= 0);
});

test('answers GET and HEAD alone', { timeout: 20_000 }, async () => {
  const ok = await get('/metrics?x=1');
  assert.equal(ok.status, 200);
  assert.match(ok.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  await ok.text();
  const head = await get('/metrics', { method: 'HEAD' });
  assert.deepEqual([head.status, await head.text()], [200, '']);
  assert.equal((await get('/metrics', { method: 'POST', body: 'x' })).status, 405);
  assert.equal((await get('/')).status, 404);
  assert.equal((await get('/metricsx')).status, 404);
});

test('answers probes over HTTP', { timeout: 20_000 }, async () => {
  let ready = false;
  const options = { port: 0, host: '127.0.0.1', metrics, log: testLog(), isReady: () => ready };
  const other = await startMetricsServer(options);
  const statusOf = async (path: string) => (await fetch(`http://127.0.0.1:${other.port}${path}`)).status;
  assert.deepEqual([await statusOf('/livez'), await statusOf('/readyz')], [200, 503]);
  ready = true;
  assert.deepEqual([await statusOf('/livez'), await statusOf('/readyz')], [200, 200]);
  await other.close();
});

test('answers by IPv4 where there is no IPv6', { timeout: 20_000 }, async (context) => {
  withoutIpv6(context);
  const other = await startMetricsServer({ port: 0, metrics, log: testLog() });
  assert.equal((await fetch(`http://127.0.0.1:${other.port}/livez`)).status, 200);
  await other.close();
});

test('says in the log what could not be collected, and answers 500', { timeout: 20_000 }, async () => {
  const broken = createMetrics();
  new Counter({
    name: 'broken_total',
    help: 'Fails.',
    registers: [broken],
    collect: () => {
      throw new Error('no value today');
    },
  });
  const other = await startMetricsServer({ port: 0, host: '127.0.0.1', metrics: broken, log: testLog(lines) });
  const answer = await fetch(`http://127.0.0.1:${other.port}/metrics`);
  assert.equal(answer.status, 500);
  assert.doesNotMatch(await answer.text(), /no value/);
  assert.match(JSON.stringify(lines.find(({ msg }) => msg === 'collecting metrics failed')), /no value today/);
  await other.close();
});

test('fails with the reason when the port is taken', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  await assert.rejects(startMetricsServer({ port, host: '127.0.0.1', metrics, log: testLog() }), /EADDRINUSE/);
  taken.close();
});
