// Frames and messages that are none, over the wire: the server stays up, and its memory within bounds. The bytes of a
// failing test can be made again: `FUZZ_SEED=<the printed seed>`.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { RouteChatRequest } from '../../../proto/routeguide/v1/route_guide.ts';
import {
  callFields,
  callOf,
  FLAG,
  FRAME,
  frameBytes,
  headerBlock,
  messageBytes,
  PREFACE,
  SETTINGS,
} from './testing/http2_frames.ts';
import { type ServerProcess, startServerProcess } from './testing/server_process.ts';

let server: ServerProcess;
before(async () => {
  server = await startServerProcess();
});
after(() => server.close());

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

const TRIES = 240;

describe('malformed bytes', () => {
  const seed = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  const random = randomOf(seed);
  const below = (count: number) => Math.floor(random() * count);
  const bytesOf = (count: number) => Buffer.from(Array.from({ length: count }, () => below(256)));
  const good = () => {
    const message = RouteChatRequest.encode({ note: { location: server.known.location, message: 'hello' } }).finish();
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
    server.survives(async () => {
      const names = Object.keys(mutations);
      for (let index = 0; index < TRIES; index++) {
        const name = names[index % names.length] ?? '';
        const bytes = mutations[name]?.() ?? Buffer.alloc(0);
        await server.talk(bytes, 5);
        if (server.hasEnded()) assert.fail(`try ${index}, ${name}, ended the server: seed ${seed}`);
        if (index % 50 === 49) await server.isUp();
      }
    }),
  );
  test('of many streams that are reset at once', { timeout: 60_000 }, () =>
    server.survives(async () => {
      const block = headerBlock(callFields('/routeguide.v1.RouteGuide/RouteChat'));
      const code = Buffer.from([0, 0, 0, 8]);
      const frames = Array.from({ length: 5000 }, (_, index) => [
        frameBytes({ type: FRAME.headers, flags: FLAG.endHeaders, stream: 2 * index + 1, payload: block }),
        frameBytes({ type: FRAME.reset, flags: 0, stream: 2 * index + 1, payload: code }),
      ]);
      for (let index = 0; index < 5; index++)
        await server.talk(Buffer.concat([PREFACE, SETTINGS, ...frames.flat()]), 300);
    }),
  );
});
