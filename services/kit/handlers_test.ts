import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, test } from 'node:test';
import { Metadata, Server, ServerCredentials, status } from '@grpc/grpc-js';
import { StatusError } from './status.ts';
import { EchoClient, echoHandlers, EchoService, type EchoWork, startEcho, testLog } from './testing/echo.ts';

async function withEcho(work: Partial<EchoWork>, run: (client: EchoClient) => Promise<void>, log = testLog()) {
  const server = await startEcho(work, { log });
  const client = new EchoClient(server.port);
  try {
    await run(client);
  } finally {
    client.close();
    await server.drain(0);
  }
}

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const messages: T[] = [];
  for await (const message of stream) messages.push(message);
  return messages;
}

test('answers the four kinds of call', { timeout: 20_000 }, () =>
  withEcho({}, async (client) => {
    assert.equal((await client.say('a')).text, 'a');
    assert.deepEqual(await collect(client.repeat('a')), ['a 0', 'a 1', 'a 2']);
    const gathered = new Promise((resolve) => {
      const stream = client.gather((error, value) => resolve(error ?? value));
      for (const text of ['a', 'b', 'c']) stream.write(text);
      stream.end();
    });
    assert.equal(await gathered, 'abc');
    const chat = client.chat();
    chat.write('a');
    assert.deepEqual(await once(chat, 'data'), ['a']);
    chat.end('b');
    assert.deepEqual(await collect(chat), ['b']);
  }),
);

describe('what a handler throws', () => {
  const trailers = new Metadata();
  trailers.set('x-why', 'because');
  const kinds = (error: () => Error): EchoWork => ({
    say: () => {
      throw error();
    },
    gather: () => Promise.reject(error()),
    // eslint-disable-next-line require-yield
    async *repeat() {
      throw error();
    },
    // eslint-disable-next-line require-yield
    async *chat() {
      throw error();
    },
  });
  const calls = (client: EchoClient): Record<string, () => Promise<unknown>> => ({
    unary: () => client.say('a'),
    clientStream: () =>
      new Promise((resolve, reject) => {
        client.gather((error, value) => (error === null ? resolve(value) : reject(error))).end();
      }),
    serverStream: () => collect(client.repeat('a')),
    bidiStream: () => collect(client.chat()),
  });
  test('is the status where it is a StatusError', { timeout: 20_000 }, () => {
    const thrown = () => new StatusError(status.NOT_FOUND, 'no such text', { metadata: trailers });
    return withEcho(kinds(thrown), async (client) => {
      for (const call of Object.values(calls(client))) {
        await assert.rejects(call(), (error: { code: number; details: string; metadata: Metadata }) => {
          assert.equal(error.code, status.NOT_FOUND);
          assert.equal(error.details, 'no such text');
          assert.deepEqual(error.metadata.get('x-why'), ['because']);
          return true;
        });
      }
    });
  });
  test('is INTERNAL where it is a defect, whose words are in the log alone', { timeout: 20_000 }, () => {
    const lines: Record<string, unknown>[] = [];
    const run = async (client: EchoClient) => {
      for (const call of Object.values(calls(client))) {
        await assert.rejects(call(), (error: { code: number; message: string }) => {
          assert.equal(error.code, status.INTERNAL);
          assert.doesNotMatch(error.message, /hunter2/);
          return true;
        });
      }
      const failed = lines.filter(({ msg }) => msg === 'call failed');
      assert.equal(failed.length, 4);
      for (const { err, requestId } of failed) {
        assert.match(JSON.stringify(err), /hunter2/);
        assert.match(String(requestId), /^[0-9a-f-]{36}$/);
      }
    };
    return withEcho(
      kinds(() => new Error('hunter2')),
      run,
      testLog(lines),
    );
  });
});

test('closes what a stream yields when the caller goes, and is not read ahead of', { timeout: 20_000 }, async () => {
  let yielded = 0;
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  await withEcho(
    {
      async *repeat() {
        try {
          for (;;) {
            yielded += 1;
            yield 'x'.repeat(10_000);
          }
        } finally {
          resolve();
        }
      },
    },
    async (client) => {
      const stream = client.repeat('a');
      await once(stream, 'data');
      stream.pause();
      await delay(100);
      stream.on('error', () => undefined); // CANCELLED, asked for below.
      stream.cancel();
      await closed;
    },
  );
  assert.ok(yielded < 1000, `${yielded} messages were made for a caller that read one`);
});

test('handlers work on a server without the interceptor as well', { timeout: 20_000 }, async () => {
  const server = new Server();
  const { promise: aborted, resolve } = Promise.withResolvers<void>();
  const say: EchoWork['say'] = (text, call) =>
    new Promise((answer) => {
      if (text === 'hang') call.signal.addEventListener('abort', () => resolve());
      else answer(text);
    });
  server.addService(EchoService, echoHandlers({ say }));
  const port = await new Promise<number>((bound, failed) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, found) =>
      error === null ? bound(found) : failed(error),
    );
  });
  const client = new EchoClient(port);
  assert.equal((await client.say('a')).text, 'a');
  await assert.rejects(client.say('hang', new Metadata(), { deadline: Date.now() + 100 }));
  await aborted;
  client.close();
  server.forceShutdown();
});
