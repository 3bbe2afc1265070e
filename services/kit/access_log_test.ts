import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Metadata, status } from '@grpc/grpc-js';
import { accessLog } from './access_log.ts';
import { StatusError } from './status.ts';
import { EchoClient, type EchoWork, startEcho, testLog } from './testing/echo.ts';

const work: Partial<EchoWork> = {
  say: (text) => {
    if (text === 'good') return text;
    throw new StatusError(text === 'bad' ? status.INVALID_ARGUMENT : status.UNAVAILABLE, `it is ${text}`);
  },
};

/** The lines about calls that three calls and a health check leave. */
async function lines(which: Parameters<typeof accessLog>[1]): Promise<Record<string, unknown>[]> {
  const all: Record<string, unknown>[] = [];
  const server = await startEcho(work, { observers: [accessLog(testLog(all), which)] });
  const client = new EchoClient(server.port);
  const sent = new Metadata();
  sent.set('x-request-id', 'id-1');
  sent.set('traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
  await client.say('good', sent);
  await client.say('bad').catch(() => undefined);
  await client.say('ugly').catch(() => undefined);
  await client.check();
  client.close();
  await server.drain(1000);
  return all;
}

test('a call leaves one line, a health check none', { timeout: 20_000 }, async () => {
  const [good, bad, ugly, ...more] = await lines('all');
  assert.deepEqual(more, []);
  const { durationMs, peer, time, ...rest } = good ?? {};
  assert.deepEqual(rest, {
    level: 'info',
    service: 'test',
    method: '/kit.test.v1.Echo/Say',
    code: 'OK',
    requestId: 'id-1',
    traceId: '0af7651916cd43dd8448eb211c80319c',
    msg: 'call',
  });
  assert.ok(Number(durationMs) > 0 && Number(durationMs) < 5000);
  assert.match(String(peer), /^127\.0\.0\.1:\d+$/);
  assert.match(String(time), /^\d{4}-/);
  assert.deepEqual([bad?.['level'], bad?.['code'], bad?.['details']], ['info', 'INVALID_ARGUMENT', 'it is bad']);
  assert.deepEqual([ugly?.['level'], ugly?.['code'], ugly?.['details']], ['warn', 'UNAVAILABLE', 'it is ugly']);
});

test('failed calls alone are logged, or none', { timeout: 20_000 }, async () => {
  assert.deepEqual(
    (await lines('failed')).map(({ code }) => code),
    ['INVALID_ARGUMENT', 'UNAVAILABLE'],
  );
  assert.deepEqual(await lines('none'), []);
});
