import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { Client, credentials, loadPackageDefinition, type ServiceDefinition } from '@grpc/grpc-js';
import { service } from 'grpc-health-check';
import { type GrpcServer, LIVENESS, startGrpcServer } from './grpc_server.ts';
import { createLogger } from './log.ts';
import { EchoClient, echoHandlers, EchoService, startEcho } from './testing/echo.ts';
import { withoutIpv6 } from './testing/no_ipv6.ts';

const log = createLogger({ service: 'test', level: 'silent' });
const HealthClient = loadPackageDefinition({ 'grpc.health.v1.Health': service }) as unknown as {
  grpc: { health: { v1: { Health: new (target: string, creds: unknown) => HealthCalls } } };
};
type HealthCalls = Client & {
  check(request: { service: string }, callback: (error: Error | null, response?: { status: string }) => void): void;
};

async function withServer(work: (server: GrpcServer, check: (name: string) => Promise<string>) => Promise<void>) {
  const server = await startGrpcServer({
    port: 0,
    host: '127.0.0.1',
    serviceNames: ['a.v1.A'],
    register: () => undefined,
    log,
  });
  const client = new HealthClient.grpc.health.v1.Health(`127.0.0.1:${server.port}`, credentials.createInsecure());
  const check = (name: string) =>
    new Promise<string>((resolve, reject) => {
      client.check({ service: name }, (error, response) =>
        error === null ? resolve(response?.status ?? '') : reject(error),
      );
    });
  try {
    await work(server, check);
  } finally {
    client.close();
    await server.drain(0);
  }
}

test('is alive but not ready at first, and its services follow its readiness', () =>
  withServer(async (server, check) => {
    assert.equal(await check(LIVENESS), 'SERVING');
    assert.equal(await check(''), 'NOT_SERVING');
    server.setReady(true);
    assert.equal(await check(''), 'SERVING');
    assert.equal(await check('a.v1.A'), 'SERVING');
    server.setReady(false);
    assert.equal(await check('a.v1.A'), 'NOT_SERVING');
    await assert.rejects(check('b.v1.B'), { code: 5 });
  }));

test('ends calls that outlast the drain, and refuses new ones', { timeout: 20_000 }, async () => {
  const definition: ServiceDefinition = {
    hang: {
      path: '/test.Test/Hang',
      requestStream: false,
      responseStream: false,
      requestSerialize: (value: Buffer) => value,
      requestDeserialize: (value: Buffer) => value,
      responseSerialize: (value: Buffer) => value,
      responseDeserialize: (value: Buffer) => value,
    },
  };
  const { promise: entered, resolve: enter } = Promise.withResolvers<void>();
  const server = await startGrpcServer({
    port: 0,
    host: '127.0.0.1',
    serviceNames: [],
    register: (grpc) => grpc.addService(definition, { hang: () => enter() }),
    log,
  });
  const client = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure());
  const call = () =>
    new Promise((resolve, reject) => {
      const same = (value: Buffer) => value;
      client.makeUnaryRequest(
        '/test.Test/Hang',
        same,
        same,
        Buffer.alloc(0),
        { deadline: Date.now() + 5000 },
        (error) => (error === null ? resolve(undefined) : reject(error)),
      );
    });
  const hanging = assert.rejects(call(), /CANCELLED|UNAVAILABLE|INTERNAL/);
  await entered;
  await server.drain(50);
  await hanging;
  await assert.rejects(call(), { code: 14 });
  client.close();
});

test('fails with the reason when the port is taken', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  const starting = startGrpcServer({ port, host: '127.0.0.1', serviceNames: [], register: () => undefined, log });
  await assert.rejects(starting, /EADDRINUSE/);
  taken.close();
});

test('listens at all interfaces of IPv4 where there is no IPv6, and drains', { timeout: 20_000 }, async (context) => {
  withoutIpv6(context);
  await assert.rejects(startEcho({}, { host: '[::]' }), /EAFNOSUPPORT/);
  const server = await startGrpcServer({
    port: 0,
    serviceNames: [],
    register: (grpc) => grpc.addService(EchoService, echoHandlers({}, log)),
    log,
  });
  const client = new EchoClient(server.port);
  assert.equal((await client.say('a')).text, 'a');
  const chat = client.chat();
  chat.write('b');
  await once(chat, 'data');
  const ended = once(chat, 'error');
  // What outlasts the drain is ended by the address that was bound.
  await server.drain(50);
  await ended;
  client.close();
});
