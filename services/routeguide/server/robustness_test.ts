// The server over the wire against what no good client sends: it stays up, and its memory within bounds. The bytes of a
// failing try can be made again: `FUZZ_SEED=<the printed seed>`.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { credentials, Metadata, status } from '@grpc/grpc-js';
import {
  type GetFeatureResponse,
  RouteChatRequest,
  RouteGuideClient,
} from '../../../proto/routeguide/v1/route_guide.ts';
import { readFeatures } from './features.ts';
import { callFields, FLAG, FRAME, frameBytes, headerBlock, messageBytes, PREFACE } from './testing/http2_frames.ts';
import { createTestRedis, runfilePath } from './testing/redis_server.ts';

const LAUNCHER = runfilePath('SERVER_PROGRAM');
const [PROGRAM, ARGUMENTS] =
  LAUNCHER === undefined ? [process.execPath, [fileURLToPath(new URL('main.ts', import.meta.url))]] : [LAUNCHER, []];
const MAX_MESSAGE_BYTES = 4_194_304;
const MEGABYTE = 1_048_576;
// What the server may hold more after a trial than before it: it has held several messages of the greatest size.
const MAX_GROWTH_BYTES = 200 * MEGABYTE;

let redis: Awaited<ReturnType<typeof createTestRedis>>;
let server: ChildProcess;
let port: number;
let client: RouteGuideClient;
let known: NonNullable<GetFeatureResponse['feature']>;

before(async () => {
  redis = await createTestRedis();
  await redis.start();
  const env = { PORT: '0', METRICS_PORT: '0', REDIS_ADDRESS: `127.0.0.1:${redis.port}`, ACCESS_LOG: 'none' };
  server = spawn(PROGRAM, ARGUMENTS, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  assert.ok(server.stdout);
  for await (const line of createInterface({ input: server.stdout })) {
    const entry = JSON.parse(line) as { msg: string; port?: number };
    if (entry.msg === 'listening') port = entry.port ?? 0;
    if (entry.msg === 'ready') break;
  }
  server.stdout.resume();
  client = new RouteGuideClient(`127.0.0.1:${port}`, credentials.createInsecure(), {
    'grpc.max_send_message_length': -1,
  });
  const [first] = (await readFeatures()).features;
  assert.ok(first);
  known = first;
});
after(async () => {
  client.close();
  server.kill('SIGKILL');
  await redis.remove();
});

/** The memory of the server, in bytes. */
function residentBytes(): number {
  // The launcher is replaced by node, so this is the server itself.
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}

async function isUp(): Promise<void> {
  assert.equal(server.exitCode, null, 'the server has ended');
  const feature = await new Promise((resolve, reject) => {
    const options = { deadline: Date.now() + 10_000 };
    client.getFeature({ location: known.location }, new Metadata(), options, (error, response) =>
      error === null ? resolve(response.feature) : reject(error),
    );
  });
  assert.deepEqual(feature, known);
}

/** Runs `trial`; then the server must be up and have no more memory than it may. */
async function survives(trial: () => Promise<void>): Promise<void> {
  const startBytes = residentBytes();
  await trial();
  await isUp();
  const growth = residentBytes() - startBytes;
  assert.ok(growth < MAX_GROWTH_BYTES, `the server holds ${Math.round(growth / MEGABYTE)} MB more than before`);
}

const note = (message: string) => ({ note: { location: known.location, message } });

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
  const stream = client.routeChat({ deadline: Date.now() + 20_000 });
  stream.resume();
  for (const each of notes) stream.write(each);
  stream.end();
  return endOf(stream);
}

describe('the size of a message', () => {
  test('at the limit is taken, and judged by the service', { timeout: 60_000 }, () =>
    survives(async () => {
      const { code, details } = await chatEnd(noteOf(MAX_MESSAGE_BYTES));
      assert.equal(code, status.INVALID_ARGUMENT);
      assert.match(details, /at most 1000 characters/);
    }),
  );
  test('one byte over it is not', { timeout: 60_000 }, () =>
    survives(async () => {
      const { code } = await chatEnd(noteOf(MAX_MESSAGE_BYTES + 1));
      assert.equal(code, status.RESOURCE_EXHAUSTED);
    }),
  );
  test('that is only said is not waited for', { timeout: 60_000 }, () =>
    survives(async () => {
      for (let index = 0; index < 50; index++) {
        const claim = Buffer.from([0, 0xff, 0xff, 0xff, 0xff, 1, 2, 3]);
        await talk(callOf('RouteChat', claim));
      }
    }),
  );
});

describe('the time of a call', () => {
  test('ends at its deadline, whatever the caller still sends', { timeout: 60_000 }, () =>
    survives(async () => {
      const stream = client.routeChat({ deadline: Date.now() + 300 });
      stream.resume();
      const timer = setInterval(() => stream.write(note('again')), 20);
      const { code } = await endOf(stream).finally(() => clearInterval(timer));
      assert.equal(code, status.DEADLINE_EXCEEDED);
    }),
  );
  for (const timeout of ['0n', '1n', '99999999H', '-1S', 'soon', '']) {
    test(`said as "${timeout}" is no harm`, { timeout: 60_000 }, () =>
      survives(async () => {
        await talk(callOf('GetFeature', messageBytes(Buffer.alloc(0)), { 'grpc-timeout': timeout }));
      }),
    );
  }
  test('of callers that go is not spent on', { timeout: 60_000 }, () =>
    survives(async () => {
      for (let index = 0; index < 300; index++) {
        const stream = index % 2 === 0 ? client.routeChat() : client.listFeatures({ area: undefined });
        stream.on('error', () => undefined); // CANCELLED, asked for below.
        if (index % 3 === 0) setImmediate(() => stream.cancel());
        else stream.cancel();
      }
    }),
  );
});

test('a caller of RouteChat that does not read holds no memory for what it has not read', { timeout: 120_000 }, () =>
  survives(async () => {
    // Each note is answered with up to a thousand characters for each that was left before it.
    for (let index = 0; index < 3; index++) await chatEnd(...Array.from({ length: 40 }, () => note('y'.repeat(1000))));
    const stream = client.routeChat();
    stream.on('error', () => undefined); // CANCELLED, asked for below.
    let written = 0;
    let isOver = false;
    const write = async () => {
      while (!isOver && written < 20_000) {
        written += 1;
        if (!stream.write(note('z'.repeat(1000)))) {
          await Promise.race([once(stream, 'drain').catch(() => undefined), delay(2000)]);
          if (stream.writableNeedDrain) return;
        }
      }
    };
    stream.pause();
    await write();
    isOver = true;
    assert.ok(written < 20_000, `the server took ${written} notes of a caller that reads nothing`);
    stream.cancel();
  }),
);

/** Sends bytes on a connection of its own, and waits until the server ends it or has had time to. */
async function talk(bytes: Buffer, waitMs = 30): Promise<void> {
  const socket: Socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => undefined); // The server may reset it: that is an answer.
  socket.resume();
  await Promise.race([once(socket, 'connect'), delay(2000)]);
  socket.write(bytes);
  await Promise.race([once(socket, 'close').catch(() => undefined), delay(waitMs)]);
  socket.destroy();
}

const SETTINGS = frameBytes({ type: FRAME.settings, flags: 0, stream: 0, payload: Buffer.alloc(0) });

/** The bytes of a connection with one call. */
function callOf(method: string, body: Buffer, fields: Readonly<Record<string, string>> = {}): Buffer {
  const block = headerBlock({ ...callFields(`/routeguide.v1.RouteGuide/${method}`), ...fields });
  return Buffer.concat([
    PREFACE,
    SETTINGS,
    frameBytes({ type: FRAME.headers, flags: FLAG.endHeaders, stream: 1, payload: block }),
    frameBytes({ type: FRAME.data, flags: FLAG.endStream, stream: 1, payload: body }),
  ]);
}

/** Numbers from 0 to 1 that depend on nothing but `seed`: mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const TRIES = 400;

describe('malformed bytes', () => {
  const seed = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  const random = randomOf(seed);
  const below = (count: number) => Math.floor(random() * count);
  const bytesOf = (count: number) => Buffer.from(Array.from({ length: count }, () => below(256)));
  const good = () => {
    const message = RouteChatRequest.encode(note('hello')).finish();
    const method = ['GetFeature', 'ListFeatures', 'RecordRoute', 'RouteChat', 'Nothing'][below(5)] ?? '';
    return callOf(method, messageBytes(message));
  };
  const mutations: Readonly<Record<string, () => Buffer>> = {
    noise: () => bytesOf(below(2000)),
    'noise after the preface': () => Buffer.concat([PREFACE, bytesOf(below(2000))]),
    'a call with some bytes changed': () => {
      const bytes = good();
      for (let index = 0; index <= below(8); index++) {
        bytes[PREFACE.length + below(bytes.length - PREFACE.length)] = below(256);
      }
      return bytes;
    },
    'a call cut short': () => {
      const bytes = good();
      return bytes.subarray(0, below(bytes.length));
    },
    'frames of any kind': () => {
      const frames = Array.from({ length: 1 + below(20) }, () =>
        frameBytes({ type: below(12), flags: below(256), stream: below(8), payload: bytesOf(below(64)) }),
      );
      return Buffer.concat([PREFACE, SETTINGS, ...frames]);
    },
    'a message that is none': () => callOf('RouteChat', messageBytes(bytesOf(below(500)))),
    'messages whose frames lie': () => {
      const body = messageBytes(bytesOf(below(200)));
      body.writeUInt8(below(4), 0);
      body.writeUInt32BE(below(1000), 1);
      return callOf('RouteChat', body, { 'grpc-encoding': ['gzip', 'deflate', 'identity', 'br', ''][below(5)] ?? '' });
    },
    'a call by other headers': () =>
      callOf('GetFeature', messageBytes(Buffer.alloc(0)), {
        ':method': ['GET', 'PUT', '', 'POST'][below(4)] ?? '',
        'content-type': ['application/grpc', 'text/html', '', 'application/grpc+json'][below(4)] ?? '',
        'grpc-timeout': bytesOf(below(12)).toString('hex'),
        'x-request-id': bytesOf(below(60)).toString('latin1').slice(0, 60),
      }),
  };
  test(`in ${TRIES} tries, seed ${seed}`, { timeout: 300_000 }, () =>
    survives(async () => {
      const names = Object.keys(mutations);
      for (let index = 0; index < TRIES; index++) {
        const name = names[index % names.length] ?? '';
        const bytes = mutations[name]?.() ?? Buffer.alloc(0);
        await talk(bytes, 5);
        if (server.exitCode !== null) assert.fail(`try ${index}, ${name}, ended the server: seed ${seed}`);
        if (index % 50 === 49) await isUp();
      }
    }),
  );
  test('of many streams that are reset at once', { timeout: 60_000 }, () =>
    survives(async () => {
      const block = headerBlock(callFields('/routeguide.v1.RouteGuide/RouteChat'));
      const code = Buffer.from([0, 0, 0, 8]);
      const frames = Array.from({ length: 5000 }, (_, index) => [
        frameBytes({ type: FRAME.headers, flags: FLAG.endHeaders, stream: 2 * index + 1, payload: block }),
        frameBytes({ type: FRAME.reset, flags: 0, stream: 2 * index + 1, payload: code }),
      ]);
      for (let index = 0; index < 5; index++) await talk(Buffer.concat([PREFACE, SETTINGS, ...frames.flat()]), 300);
    }),
  );
});
