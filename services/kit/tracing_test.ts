import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { Metadata } from '@grpc/grpc-js';
import { accessLog } from './access_log.ts';
import { createClient } from './client.ts';
import { readConfig } from './config.ts';
import { EchoClient, startEcho, testLog } from './testing/echo.ts';
import { startTracing, TRACE_SETTINGS } from './tracing.ts';

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, unknown> }[];
  readonly status: { readonly code?: number; readonly message?: string };
}

const received: Span[] = [];
const services = new Set<unknown>();
const paths = new Set<unknown>();
let collector: Server;
let endpoint: string;

/** What a collector of OTLP does, as far as JSON over HTTP goes. */
before(async () => {
  collector = createServer((request, response) => {
    paths.add(`${request.method} ${request.url} ${request.headers['content-type']}`);
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (text) => (body += text));
    request.on('end', () => {
      const { resourceSpans } = JSON.parse(body) as {
        resourceSpans: { resource: { attributes: Span['attributes'] }; scopeSpans: { spans: Span[] }[] }[];
      };
      for (const { resource, scopeSpans } of resourceSpans) {
        services.add(resource.attributes.find(({ key }) => key === 'service.name')?.value['stringValue']);
        received.push(...scopeSpans.flatMap(({ spans }) => spans));
      }
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(collector, 'listening');
  endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
});
after(() => collector.close());

const config = (env: Record<string, string>) => readConfig(TRACE_SETTINGS, env);
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const CALLER_ID = 'b7ad6b7169203331';

test('a call, and the call that it makes, are spans of the trace of their caller', { timeout: 30_000 }, async () => {
  const lines: Record<string, unknown>[] = [];
  const tracing = await startTracing({
    service: 'front',
    config: config({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }),
    log: testLog(),
  });
  assert.ok(tracing);
  const observers = [tracing.observer, accessLog(testLog(lines))];
  const back = await startEcho({ say: () => Promise.reject(new Error('a defect')) }, { observers });
  const client = createClient(EchoClient, { address: `127.0.0.1:${back.port}` });
  const say = async (text: string) => (await client.say(text).catch(() => ({ text: 'failed' }))).text;
  const front = await startEcho({ say }, { observers });
  const caller = new EchoClient(front.port);
  const sent = new Metadata();
  sent.set('traceparent', `00-${TRACE_ID}-${CALLER_ID}-01`);
  assert.equal((await caller.say('x', sent)).text, 'failed');
  caller.close();
  client.close();
  await front.drain(1000);
  await back.drain(1000);
  await tracing.close();

  assert.deepEqual([...paths], ['POST /v1/traces application/json']);
  assert.deepEqual([...services], ['front']);
  assert.equal(received.length, 3);
  const [outer] = received.filter(({ parentSpanId }) => parentSpanId === CALLER_ID);
  const [between] = received.filter(({ parentSpanId }) => parentSpanId === outer?.spanId);
  const [inner] = received.filter(({ parentSpanId }) => parentSpanId === between?.spanId);
  assert.deepEqual(
    [outer, between, inner].map((span) => [span?.traceId, span?.name, span?.kind, span?.status.code ?? 0]),
    [
      [TRACE_ID, 'kit.test.v1.Echo/Say', 2, 0],
      [TRACE_ID, 'kit.test.v1.Echo/Say', 3, 2],
      [TRACE_ID, 'kit.test.v1.Echo/Say', 2, 2],
    ],
  );
  const codes = [outer, between, inner].map(
    (span) => span?.attributes.find(({ key }) => key === 'rpc.grpc.status_code')?.value['intValue'],
  );
  assert.deepEqual(codes, [0, 13, 13]);
  assert.deepEqual(
    lines.filter(({ msg }) => msg === 'call').map(({ traceId }) => traceId),
    [TRACE_ID, TRACE_ID],
  );
});

test('a caller that does not want to be traced is not', { timeout: 30_000 }, async () => {
  received.length = 0;
  const options = { service: 'x', config: config({ OTEL_EXPORTER_OTLP_ENDPOINT: `${endpoint}/` }), log: testLog() };
  const tracing = await startTracing(options);
  assert.ok(tracing);
  const echo = await startEcho({}, { observers: [tracing.observer] });
  const caller = new EchoClient(echo.port);
  const sent = new Metadata();
  sent.set('traceparent', `00-${TRACE_ID}-${CALLER_ID}-00`);
  await caller.say('x', sent);
  await caller.say('x');
  caller.close();
  await echo.drain(1000);
  await tracing.close();
  assert.equal(received.length, 1);
  assert.notEqual(received[0]?.traceId, TRACE_ID);
});

test('a collector that is away holds nothing up', { timeout: 30_000 }, async () => {
  const options = {
    service: 'x',
    config: config({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' }),
    log: testLog(),
  };
  const tracing = await startTracing(options);
  assert.ok(tracing);
  const echo = await startEcho({}, { observers: [tracing.observer] });
  const caller = new EchoClient(echo.port);
  assert.equal((await caller.say('x')).text, 'x');
  caller.close();
  await echo.drain(1000);
  const startMs = performance.now();
  await tracing.close();
  assert.ok(performance.now() - startMs < 6000);
});

test('without an endpoint nothing is traced, and a bad one is told', async () => {
  assert.equal(await startTracing({ service: 'x', config: config({}), log: testLog() }), undefined);
  for (const wrong of ['collector:4318', 'ftp://collector', 'http://user:hunter2@collector']) {
    assert.throws(
      () => config({ OTEL_EXPORTER_OTLP_ENDPOINT: wrong }),
      (error: Error) => !error.message.includes('hunter2') && error.message.includes('must be a URL that begins with'),
    );
  }
});
