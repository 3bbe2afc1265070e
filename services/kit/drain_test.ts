// What callers see of a server that ends: nothing, as long as there is another one.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';
import { credentials } from '@grpc/grpc-js';
import { service as healthService } from 'grpc-health-check';
import type { GrpcServer } from './grpc_server.ts';
import { EchoClient, type EchoWork, startEcho } from './testing/echo.ts';

const slowly: Partial<EchoWork> = {
  say: async (text) => {
    await delay(Math.random() * 5);
    return text;
  },
};

// Without a policy for retries a call is made again only where the server says that it has not looked at it.
const roundRobin = { 'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }) };

/** Calls again and again from `count` places at once until `work` is over; returns how many calls failed, and of how many. */
async function callsWhile(client: EchoClient, count: number, work: () => Promise<void>) {
  const failures: unknown[] = [];
  let calls = 0;
  let over = false;
  const caller = async () => {
    while (!over) {
      calls += 1;
      try {
        await client.say('x');
      } catch (error) {
        failures.push(error);
        // A call that fails at once must not keep timers from running.
        await delay(10);
      }
    }
  };
  const callers = Array.from({ length: count }, caller);
  await work();
  over = true;
  await Promise.all(callers);
  return { failures, calls };
}

test('a rollout of one of two servers after the other loses no call', { timeout: 60_000 }, async () => {
  const servers: GrpcServer[] = [await startEcho(slowly), await startEcho(slowly)];
  const target = `ipv4:${servers.map(({ port }) => `127.0.0.1:${port}`).join(',')}`;
  const client = new EchoClient(target, credentials.createInsecure(), roundRobin);
  const { failures, calls } = await callsWhile(client, 20, async () => {
    for (let round = 0; round < 4; round++) {
      await delay(100);
      const index = round % servers.length;
      const old = servers[index];
      assert.ok(old);
      await old.drain(5000);
      servers[index] = await startEcho(slowly, { port: old.port });
      // As a rollout does, which ends the next pod only when the new one is ready and known.
      await delay(1200);
    }
  });
  client.close();
  await Promise.all(servers.map((server) => server.drain(0)));
  assert.deepEqual(failures.slice(0, 3).map(String), []);
  assert.ok(calls > 100, `${calls} calls`);
});

test('a connection that is ended for its age loses no call', { timeout: 60_000 }, async () => {
  // A call that is refused twice is lost, so a connection must live longer than a busy machine may stand still.
  const server = await startEcho(slowly, { maxConnectionAgeMs: 1500 });
  const client = new EchoClient(server.port);
  const { failures, calls } = await callsWhile(client, 20, () => delay(4000));
  client.close();
  await server.drain(0);
  assert.deepEqual(failures.slice(0, 3).map(String), []);
  assert.ok(calls > 100, `${calls} calls`);
});

test('who watches the health is told, and does not hold up a drain', { timeout: 20_000 }, async () => {
  const server = await startEcho();
  server.setReady(true);
  const client = new EchoClient(server.port);
  const { path, requestSerialize, responseDeserialize } = healthService['Watch']!;
  const watch = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { service: '' });
  const told: unknown[] = [];
  watch.on('data', ({ status }: { status: string }) => told.push(status));
  await once(watch, 'data');
  const ended = once(watch, 'error');
  const startMs = performance.now();
  await server.drain(10_000);
  assert.ok(performance.now() - startMs < 5000);
  await ended.then(([error]: { code?: number }[]) => assert.equal(error?.code, 14));
  assert.deepEqual(told, ['SERVING', 'NOT_SERVING']);
  client.close();
});

test('a stream that runs may finish while the server drains', { timeout: 20_000 }, async () => {
  const server = await startEcho();
  const client = new EchoClient(server.port);
  const chat = client.chat();
  chat.write('before');
  await once(chat, 'data');
  const drained = server.drain(10_000);
  await delay(50);
  chat.end('during');
  assert.deepEqual(await once(chat, 'data'), ['during']);
  chat.resume();
  await drained;
  client.close();
});
