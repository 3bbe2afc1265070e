import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, test } from 'node:test';
import { Metadata, status } from '@grpc/grpc-js';
import { CallEndedError, currentCall } from './call_context.ts';
import { DEFAULT_DEADLINES } from './deadlines.ts';
import type { GrpcServerOptions } from './grpc_server.ts';
import type { CallObserver } from './observed_call.ts';
import { type Status, StatusError } from './status.ts';
import { EchoClient, type EchoWork, startEcho } from './testing/echo.ts';

/** Runs `run` against a server. */
async function served(...given: Parameters<typeof observed>): Promise<void> {
  await observed(...given);
}

/** Runs `run` against a server; returns how its calls ended, as `method code`, in order. */
async function observed(
  work: Partial<EchoWork>,
  run: (client: EchoClient) => Promise<unknown>,
  options: Partial<GrpcServerOptions> & { readonly refuse?: Status } = {},
): Promise<readonly string[]> {
  const ends: string[] = [];
  const observers: readonly CallObserver[] = [
    { end: (call, { code }) => ends.push(`${call.method.name} ${status[code]}`) },
    { begin: () => options.refuse, end: () => assert.equal(options.refuse, undefined) },
  ];
  const server = await startEcho(work, { ...options, observers });
  const client = new EchoClient(server.port);
  try {
    await run(client);
  } finally {
    client.close();
    await server.drain(1000);
  }
  return ends;
}

const request = (key: string, value: string) => {
  const metadata = new Metadata();
  metadata.set(key, value);
  return metadata;
};

describe('a request id', () => {
  const rows = [
    { name: 'is the one that the caller sent', sent: 'abc-1', kept: true },
    { name: 'is made where the caller sent none', sent: undefined, kept: false },
    { name: 'is made where the caller sent one that is too long', sent: 'a'.repeat(129), kept: false },
    { name: 'is made where the caller sent one that a log could stumble over', sent: 'a b"c', kept: false },
  ];
  for (const { name, sent, kept } of rows) {
    test(name, { timeout: 20_000 }, () =>
      served({ say: async () => (await delay(1), currentCall()?.requestId ?? '') }, async (client) => {
        const metadata = sent === undefined ? new Metadata() : request('x-request-id', sent);
        const { text } = await client.say('x', metadata);
        if (kept) assert.equal(text, sent);
        else assert.match(text, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      }),
    );
  }
  test('is in the trailers of a call that fails', { timeout: 20_000 }, () => {
    const fail = async () => {
      throw new StatusError(status.NOT_FOUND, currentCall()?.requestId ?? '');
    };
    return served({ say: fail }, async (client) => {
      for (const sent of [new Metadata(), request('x-request-id', 'abc-1')]) {
        const error: unknown = await client.say('x', sent).catch((caught: unknown) => caught);
        assert.ok(error instanceof Error && 'metadata' in error && error.metadata instanceof Metadata);
        assert.deepEqual(error.metadata.get('x-request-id'), ['details' in error ? error.details : '']);
      }
    });
  });
  test('belongs to one call among many at a time, also in streams', { timeout: 20_000 }, () => {
    const id = async () => {
      await delay(Math.random() * 5);
      return currentCall()?.requestId ?? '';
    };
    const work: Partial<EchoWork> = {
      say: id,
      async *chat(texts) {
        for await (const _ of texts) yield await id();
      },
    };
    return served(work, async (client) => {
      const ids = Array.from({ length: 50 }, (_, index) => `id-${index}`);
      const told = await Promise.all(ids.map((sent) => client.say('x', request('x-request-id', sent))));
      assert.deepEqual(
        told.map(({ text }) => text),
        ids,
      );
      const chats = [client.chat(), client.chat()];
      const answers = chats.map(async (chat) => {
        for (let index = 0; index < 5; index++) chat.write('x');
        chat.end();
        const all = new Set<string>();
        for await (const text of chat) all.add(text as string);
        return all;
      });
      const [a, b] = await Promise.all(answers);
      assert.equal(a?.size, 1);
      assert.equal(b?.size, 1);
      assert.notDeepEqual(a, b);
    });
  });
});

describe('the end of a call', () => {
  test('is told once, with its code', { timeout: 20_000 }, async () => {
    const ends = await observed({}, async (client) => {
      await client.say('a');
      for await (const _ of client.repeat('a'));
    });
    assert.deepEqual(ends, ['Say OK', 'Repeat OK']);
  });
  test('is CANCELLED when the caller goes, and the signal says so', { timeout: 20_000 }, async () => {
    const { promise: reason, resolve } = Promise.withResolvers<unknown>();
    const { promise: entered, resolve: enter } = Promise.withResolvers<void>();
    const work: Partial<EchoWork> = {
      // eslint-disable-next-line require-yield
      async *chat(_, { signal }) {
        signal.addEventListener('abort', () => resolve(signal.reason));
        enter();
        await delay(10_000, undefined, { signal });
      },
    };
    const ends = await observed(work, async (client) => {
      const chat = client.chat();
      chat.on('error', () => undefined); // CANCELLED, asked for below.
      await entered;
      chat.cancel();
      const error = await reason;
      assert.ok(error instanceof CallEndedError);
      assert.equal(error.code, status.CANCELLED);
    });
    assert.deepEqual(ends, ['Chat CANCELLED']);
  });
  test('is DEADLINE_EXCEEDED at the deadline of the caller', { timeout: 20_000 }, async () => {
    const reasons: unknown[] = [];
    const say: EchoWork['say'] = (_, { signal }) =>
      delay(10_000, '', { signal }).catch(() => {
        reasons.push(signal.reason);
        throw signal.reason;
      });
    const ends = await observed({ say }, (client) =>
      assert.rejects(client.say('x', new Metadata(), { deadline: Date.now() + 100 }), {
        code: status.DEADLINE_EXCEEDED,
      }),
    );
    assert.deepEqual(ends, ['Say DEADLINE_EXCEEDED']);
    assert.deepEqual(
      reasons.map((error) => error instanceof CallEndedError && error.code),
      [status.DEADLINE_EXCEEDED],
    );
  });
  test('is told also where grpc-js itself ends the call', { timeout: 20_000 }, async () => {
    const ends = await observed(
      { say: (text) => text.repeat(20) },
      async (client) => {
        await assert.rejects(client.say('a'.repeat(101)), { code: status.RESOURCE_EXHAUSTED });
        await assert.rejects(client.say('a'.repeat(50)), { code: status.RESOURCE_EXHAUSTED });
      },
      { maxMessageBytes: 100 },
    );
    assert.deepEqual(ends, ['Say RESOURCE_EXHAUSTED', 'Say RESOURCE_EXHAUSTED']);
  });
  test('comes before any handler where an observer refuses', { timeout: 20_000 }, async () => {
    let ran = 0;
    const say = (text: string) => {
      ran += 1;
      return text;
    };
    const refuse = { code: status.RESOURCE_EXHAUSTED, details: 'full' };
    const ends = await observed(
      { say },
      (client) => assert.rejects(client.say('a'), { code: status.RESOURCE_EXHAUSTED, details: 'full' }),
      { refuse },
    );
    assert.deepEqual(ends, ['Say RESOURCE_EXHAUSTED']);
    assert.equal(ran, 0);
  });
});

describe('deadlines of the server', () => {
  const hang: Partial<EchoWork> = { say: (_, { signal }) => delay(10_000, '', { signal }) };
  const timed = async (work: () => Promise<unknown>) => {
    const startMs = performance.now();
    await work();
    return performance.now() - startMs;
  };
  const none = { deadline: Number.POSITIVE_INFINITY };
  test('a unary call without a deadline gets one', { timeout: 20_000 }, () =>
    served(
      hang,
      async (client) => {
        const ms = await timed(() =>
          assert.rejects(client.say('x', new Metadata(), none), {
            code: status.DEADLINE_EXCEEDED,
            details: 'Deadline exceeded: the limit of the server',
          }),
        );
        assert.ok(ms < 5000, `${ms}`);
      },
      { deadlines: { ...DEFAULT_DEADLINES, unaryDefaultMs: 50 } },
    ),
  );
  test('a long deadline is cut', { timeout: 20_000 }, () =>
    served(hang, (client) => assert.rejects(client.say('x'), { code: status.DEADLINE_EXCEEDED }), {
      deadlines: { ...DEFAULT_DEADLINES, unaryMaxMs: 50 },
    }),
  );
  test('a stream has no limit by default, and one where it is set', { timeout: 20_000 }, async () => {
    const deadlines = { ...DEFAULT_DEADLINES, unaryDefaultMs: 50, unaryMaxMs: 50 };
    const slow: Partial<EchoWork> = {
      async *repeat(text) {
        await delay(150);
        yield text;
      },
    };
    const read = async (client: EchoClient) => {
      for await (const text of client.repeat('a')) assert.equal(text, 'a');
    };
    assert.deepEqual(await observed(slow, read, { deadlines }), ['Repeat OK']);
    const cut = (client: EchoClient) => assert.rejects(read(client), { code: status.DEADLINE_EXCEEDED });
    assert.deepEqual(await observed(slow, cut, { deadlines: { ...deadlines, streamMaxMs: 50 } }), [
      'Repeat DEADLINE_EXCEEDED',
    ]);
  });
  test('a stream whose caller stops reading is closed at its limit', { timeout: 20_000 }, async () => {
    const { promise: closed, resolve: close } = Promise.withResolvers<void>();
    const endless: Partial<EchoWork> = {
      async *repeat(text) {
        try {
          for (;;) yield text.repeat(10_000);
        } finally {
          close();
        }
      },
    };
    const wait = async (client: EchoClient) => {
      const stream = client.repeat('a');
      // One that has never read takes whatever comes.
      stream.once('data', () => stream.pause());
      stream.on('error', () => undefined); // CANCELLED, asked for below.
      await closed;
      stream.cancel();
    };
    const ends = await observed(endless, wait, { deadlines: { ...DEFAULT_DEADLINES, streamMaxMs: 200 } });
    assert.deepEqual(ends, ['Repeat DEADLINE_EXCEEDED']);
  });
});

test('a status may hold any text', { timeout: 20_000 }, async () => {
  const refuse = { code: status.ABORTED, details: `half a pair \ud800, ${'x'.repeat(5000)}` };
  await observed(
    {},
    (client) =>
      assert.rejects(client.say('a'), (error: { code: number; details: string }) => {
        assert.equal(error.code, status.ABORTED);
        assert.match(error.details, /^half a pair \ufffd, x+…$/);
        return true;
      }),
    { refuse },
  );
});
