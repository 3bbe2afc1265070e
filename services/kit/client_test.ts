import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, test } from 'node:test';
import { Metadata, status } from '@grpc/grpc-js';
import { currentCall } from './call_context.ts';
import { createClient, type CreateClientOptions } from './client.ts';
import type { GrpcServer } from './grpc_server.ts';
import { createMetrics } from './metrics.ts';
import { StatusError } from './status.ts';
import { EchoClient, type EchoService, type EchoWork, startEcho } from './testing/echo.ts';

type Options = Partial<CreateClientOptions<typeof EchoService>>;

/** Runs `run` with a client of servers that do `works`, one each. */
async function withServers(
  works: readonly Partial<EchoWork>[],
  options: Options,
  run: (client: EchoClient, servers: readonly GrpcServer[]) => Promise<void>,
) {
  const servers = await Promise.all(works.map((work) => startEcho(work)));
  const address = `ipv4:${servers.map(({ port }) => `127.0.0.1:${port}`).join(',')}`;
  const client = createClient(EchoClient, { address, ...options });
  try {
    await run(client, servers);
  } finally {
    client.close();
    await Promise.all(servers.map((server) => server.drain(0)));
  }
}

/** Fails the first `failures` calls with `code`. */
function flaky(failures: number, code: status = status.UNAVAILABLE) {
  let calls = 0;
  const say = (text: string) => {
    calls += 1;
    if (calls <= failures) throw new StatusError(code, `call ${calls} fails`);
    return text;
  };
  return { say, calls: () => calls };
}

describe('retries', () => {
  test('hide a server that is UNAVAILABLE, of methods that are idempotent', { timeout: 20_000 }, () => {
    const { say, calls } = flaky(3);
    return withServers([{ say }], { idempotent: ['say'] }, async (client) => {
      assert.equal((await client.say('a')).text, 'a');
      assert.equal(calls(), 4);
    });
  });
  test('end after four attempts', { timeout: 20_000 }, () => {
    const { say, calls } = flaky(9);
    return withServers([{ say }], { idempotent: ['say'] }, async (client) => {
      await assert.rejects(client.say('a'), { code: status.UNAVAILABLE });
      assert.equal(calls(), 4);
    });
  });
  test('are not made of other methods, nor for other codes', { timeout: 20_000 }, async () => {
    const first = flaky(1);
    await withServers([first], {}, async (client) => {
      await assert.rejects(client.say('a'), { code: status.UNAVAILABLE });
      assert.equal(first.calls(), 1);
    });
    const second = flaky(1, status.INTERNAL);
    await withServers([second], { idempotent: ['say'] }, async (client) => {
      await assert.rejects(client.say('a'), { code: status.INTERNAL });
      assert.equal(second.calls(), 1);
    });
  });
  test('stop when most of them fail as well', { timeout: 20_000 }, () => {
    const { say, calls } = flaky(10_000);
    return withServers([{ say }], { idempotent: ['say'] }, async (client) => {
      for (let index = 0; index < 15; index++) await client.say('a').catch(() => undefined);
      const before = calls();
      await assert.rejects(client.say('a'), { code: status.UNAVAILABLE });
      assert.equal(calls(), before + 1);
    });
  });
});

test('a method that is none is told at once', () => {
  // @ts-expect-error The compiler tells as well.
  assert.throws(() => createClient(EchoClient, { address: 'x', idempotent: ['shout'] }), {
    message: 'The service has no method shout, it has say, gather, repeat, chat',
  });
});

test('calls go to all servers in turn', { timeout: 20_000 }, () => {
  const counts = [0, 0, 0];
  const works = counts.map((_, index) => ({
    say: (text: string) => {
      counts[index] = (counts[index] ?? 0) + 1;
      return text;
    },
  }));
  return withServers(works, { waitForReady: true }, async (client) => {
    await client.say('first');
    // Until all three are connected.
    for (let index = 0; index < 200 && counts.includes(0); index++) {
      await client.say('more');
      await delay(5);
    }
    counts.fill(0);
    for (let index = 0; index < 30; index++) await client.say('a');
    assert.deepEqual(counts, [10, 10, 10]);
  });
});

test('hedging asks the next server when one is slow, where it is asked for', { timeout: 20_000 }, () => {
  const seen = new Set<string>();
  const worker = (name: string, waitMs: number): Partial<EchoWork> => ({
    say: (text, { signal }) => {
      seen.add(name);
      return text === 'warm' ? text : delay(waitMs, text, { signal });
    },
  });
  const hedging = { methods: ['say'], maxAttempts: 3, delayMs: 20 };
  return withServers([worker('slow', 60_000), worker('quick', 0)], { hedging, waitForReady: true }, async (client) => {
    for (let index = 0; index < 500 && seen.size < 2; index++) {
      await client.say('warm');
      await delay(5);
    }
    for (let index = 0; index < 5; index++) assert.equal((await client.say('a')).text, 'a');
  });
});

describe('a call that is made while another is handled', () => {
  /** A front server whose Say calls the back server's Say with `metadata`. */
  async function withFront(
    back: EchoWork['say'],
    run: (front: EchoClient) => Promise<void>,
    options: Options = {},
    metadata = new Metadata(),
  ) {
    await withServers([{ say: back }], options, async (backClient) => {
      const say = async (text: string) => {
        await delay(1);
        return (await backClient.say(text, metadata, {})).text;
      };
      await withServers([{ say }], { deadlineMs: 0 }, run);
    });
  }
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  test('carries its request id and its trace', { timeout: 20_000 }, () => {
    const back = () => {
      const { requestId, trace, tracestate } = currentCall() ?? {};
      return JSON.stringify([requestId, trace?.traceId, tracestate]);
    };
    return withFront(back, async (front) => {
      const sent = new Metadata();
      sent.set('x-request-id', 'id-1');
      sent.set('traceparent', traceparent);
      sent.set('tracestate', 'a=b');
      const { text } = await front.say('x', sent);
      assert.deepEqual(JSON.parse(text), ['id-1', '0af7651916cd43dd8448eb211c80319c', 'a=b']);
    });
  });
  test('does not mix the ids of calls that share metadata', { timeout: 20_000 }, () =>
    withFront(
      () => currentCall()?.requestId ?? '',
      async (front) => {
        const ids = Array.from({ length: 30 }, (_, index) => `id-${index}`);
        const answers = ids.map((id) => {
          const sent = new Metadata();
          sent.set('x-request-id', id);
          return front.say('x', sent);
        });
        assert.deepEqual(
          (await Promise.all(answers)).map(({ text }) => text),
          ids,
        );
      },
    ),
  );
  test('has no more time than it has', { timeout: 20_000 }, () =>
    withFront(
      () => String((currentCall()?.deadlineMs ?? 0) - Date.now()),
      async (front) => {
        const options = { deadline: Date.now() + 2000 };
        const remainingMs = Number((await front.say('x', new Metadata(), options)).text);
        assert.ok(remainingMs > 0 && remainingMs <= 2001, `${remainingMs}`);
      },
    ),
  );
  test('is given up when the caller goes', { timeout: 20_000 }, async () => {
    const { promise: aborted, resolve } = Promise.withResolvers<void>();
    const back: EchoWork['say'] = (_, { signal }) =>
      new Promise((answer) => {
        signal.addEventListener('abort', () => {
          resolve();
          answer('too late');
        });
      });
    await withFront(back, async (front) => {
      await assert.rejects(front.say('x', new Metadata(), { deadline: Date.now() + 200 }));
      await aborted;
    });
  });
});

test('unary calls have a deadline, of the channel or their own', { timeout: 20_000 }, () =>
  withServers(
    [{ say: (_, { deadlineMs }) => String(deadlineMs - Date.now()) }],
    { deadlineMs: 3000 },
    async (client) => {
      const byDefault = Number((await client.say('x', new Metadata(), {})).text);
      assert.ok(byDefault > 2000 && byDefault <= 3001, `${byDefault}`);
      const own = Number((await client.say('x', new Metadata(), { deadline: Date.now() + 60_000 })).text);
      assert.ok(own > 50_000, `${own}`);
    },
  ),
);

test('calls are counted by code, and two clients may share metrics', { timeout: 20_000 }, async () => {
  const metrics = createMetrics();
  await withServers([flaky(1)], { metrics, idempotent: ['say'] }, async (client) => {
    await client.say('a');
    await withServers([flaky(1)], { metrics }, async (other) => {
      await other.say('a').catch(() => undefined);
    });
    const text = await metrics.metrics();
    const labels = 'grpc_type="unary",grpc_service="kit.test.v1.Echo",grpc_method="Say"';
    const lines = text.split('\n');
    for (const line of [
      `grpc_client_started_total{${labels}} 2`,
      `grpc_client_handled_total{${labels},grpc_code="OK"} 1`,
      `grpc_client_handled_total{${labels},grpc_code="UNAVAILABLE"} 1`,
      `grpc_client_in_flight{${labels}} 0`,
      `grpc_client_handling_seconds_count{${labels},grpc_code="OK"} 1`,
    ]) {
      assert.ok(lines.includes(line), line);
    }
  });
});

test('finds servers by name', { timeout: 20_000 }, async () => {
  const server = await startEcho({}, { host: '0.0.0.0' });
  const client = createClient(EchoClient, { address: { host: 'localhost', port: server.port }, waitForReady: true });
  assert.equal((await client.say('a')).text, 'a');
  client.close();
  await server.drain(0);
});
