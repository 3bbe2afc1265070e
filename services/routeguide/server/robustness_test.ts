// The server over the wire against callers that ask for much, go, or do not read: it stays up, and its memory within
// bounds.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { RouteChatRequest, type RouteGuideClient } from '../../../proto/routeguide/v1/route_guide.ts';
import { callOf, messageBytes } from './testing/http2_frames.ts';
import { type ServerProcess, startServerProcess } from './testing/server_process.ts';

const MAX_MESSAGE_BYTES = 4_194_304;
// Below the deadline that a server gives to callers who have none.
const WRITES_MS = 5000;

let server: ServerProcess;
before(async () => {
  server = await startServerProcess();
});
after(() => server.close());

const note = (message: string) => ({ note: { location: server.known.location, message } });

/** A RouteChatRequest of exactly `bytes` bytes. */
function noteOf(bytes: number) {
  const lengthOf = (length: number) => RouteChatRequest.encode(note('x'.repeat(length))).finish().length;
  let length = bytes;
  while (lengthOf(length) > bytes) length -= lengthOf(length) - bytes;
  assert.equal(lengthOf(length), bytes);
  return note('x'.repeat(length));
}

/** How a call ends. */
function endOf(stream: ReturnType<RouteGuideClient['routeChat']>): Promise<{ code: number; details: string }> {
  stream.on('error', () => undefined); // The status says it.
  return new Promise((resolve) => stream.on('status', ({ code, details }) => resolve({ code, details })));
}

/** How a RouteChat with these notes ends. */
function chatEnd(...notes: readonly ReturnType<typeof note>[]): Promise<{ code: number; details: string }> {
  const stream = server.client.routeChat({ deadline: Date.now() + 20_000 });
  stream.resume();
  for (const each of notes) stream.write(each);
  stream.end();
  return endOf(stream);
}

describe('the size of a message', () => {
  test('at the limit is taken, and judged by the service', { timeout: 60_000 }, () =>
    server.survives(async () => {
      const { code, details } = await chatEnd(noteOf(MAX_MESSAGE_BYTES));
      assert.equal(code, status.INVALID_ARGUMENT);
      assert.match(details, /at most 1000 characters/);
    }),
  );
  test('one byte over it is not', { timeout: 60_000 }, () =>
    server.survives(async () => {
      const { code } = await chatEnd(noteOf(MAX_MESSAGE_BYTES + 1));
      assert.equal(code, status.RESOURCE_EXHAUSTED);
    }),
  );
  test('that is only said is not waited for', { timeout: 60_000 }, () =>
    server.survives(async () => {
      for (let index = 0; index < 50; index++) {
        const claim = Buffer.from([0, 0xff, 0xff, 0xff, 0xff, 1, 2, 3]);
        await server.talk(callOf('RouteChat', claim));
      }
    }),
  );
});

describe('the time of a call', () => {
  test('ends at its deadline, whatever the caller still sends', { timeout: 60_000 }, () =>
    server.survives(async () => {
      const end = async () => {
        const stream = server.client.routeChat({ deadline: Date.now() + 300 });
        stream.resume();
        const timer = setInterval(() => stream.write(note('again')), 20);
        return endOf(stream).finally(() => clearInterval(timer));
      };
      let { code } = await end();
      // On a busy machine the server may just not hear of its store in time: it says so, and comes back.
      for (let tries = 0; code === status.UNAVAILABLE && tries < 20; tries++) {
        await server.isUp();
        ({ code } = await end());
      }
      assert.equal(code, status.DEADLINE_EXCEEDED);
    }),
  );
  for (const timeout of ['0n', '1n', '99999999H', '-1S', 'soon', '']) {
    test(`said as "${timeout}" is no harm`, { timeout: 60_000 }, () =>
      server.survives(async () => {
        await server.talk(callOf('GetFeature', messageBytes(Buffer.alloc(0)), { 'grpc-timeout': timeout }));
      }),
    );
  }
  test('of callers that go is not spent on', { timeout: 60_000 }, () =>
    server.survives(async () => {
      for (let index = 0; index < 300; index++) {
        const stream = index % 2 === 0 ? server.client.routeChat() : server.client.listFeatures({ area: undefined });
        stream.on('error', () => undefined); // CANCELLED, asked for below.
        if (index % 3 === 0) setImmediate(() => stream.cancel());
        else stream.cancel();
      }
    }),
  );
});

test('a caller of RouteChat that does not read holds no memory for what it has not read', { timeout: 120_000 }, () =>
  server.survives(async () => {
    // Each note is answered with up to a thousand characters for each that was left before it.
    for (let index = 0; index < 3; index++) await chatEnd(...Array.from({ length: 40 }, () => note('y'.repeat(1000))));
    const stream = server.client.routeChat();
    stream.on('error', () => undefined); // CANCELLED, asked for below.
    const untilMs = performance.now() + WRITES_MS;
    const write = async () => {
      // A server that took all of it would have to keep a hundred times as much of answers.
      for (let written = 0; written < 20_000 && performance.now() < untilMs; written++) {
        if (!stream.write(note('z'.repeat(1000)))) {
          await Promise.race([once(stream, 'drain').catch(() => undefined), delay(2000)]);
          if (stream.writableNeedDrain) return;
        }
      }
    };
    stream.pause();
    await write();
    stream.cancel();
  }),
);
