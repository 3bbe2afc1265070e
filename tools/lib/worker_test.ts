import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ToolError } from './errors.ts';
import { createLog } from './log.ts';
import { captured, serve } from './worker.ts';

// A WorkRequest with arguments "a" and "bc", an input (path "p", digest "d"), request id 300 and a sandbox folder "s".
const REQUEST = Buffer.from([
  ...[0x0a, 1, 0x61, 0x0a, 2, 0x62, 0x63, 0x12, 6, 0x0a, 1, 0x70, 0x12, 1, 0x64],
  ...[0x18, 0xac, 0x02, 0x32, 1, 0x73],
]);
const FRAME = Buffer.concat([Buffer.from([REQUEST.length]), REQUEST]);

async function answers(chunks: readonly Uint8Array[], work: (argv: readonly string[]) => Promise<number | void>) {
  const written: Uint8Array[] = [];
  await serve(
    (async function* () {
      yield* chunks;
    })(),
    { write: (bytes) => written.push(bytes) },
    (argv) => captured(() => work(argv)),
  );
  return written.map((bytes) => [...bytes]);
}

// Exit code 0, no output, request id 300.
const SUCCESS = [7, 0x08, 0, 0x12, 0, 0x18, 0xac, 0x02];

async function seen(chunks: readonly Uint8Array[]) {
  const calls: string[][] = [];
  const replies = await answers(chunks, async (argv) => void calls.push([...argv]));
  return { calls, replies };
}

test('answers a request with its id', async () => {
  assert.deepEqual(await seen([FRAME]), { calls: [['a', 'bc']], replies: [SUCCESS] });
});

test('answers a request that comes byte by byte', async () => {
  const bytes = [...FRAME].map((byte) => Uint8Array.of(byte));
  assert.deepEqual(await seen(bytes), { calls: [['a', 'bc']], replies: [SUCCESS] });
});

test('answers requests that come at once, and one that is cut in two', async () => {
  const three = Buffer.concat([FRAME, FRAME, FRAME]);
  const { calls, replies } = await seen([three.subarray(0, 50), three.subarray(50)]);
  assert.deepEqual(calls, [
    ['a', 'bc'],
    ['a', 'bc'],
    ['a', 'bc'],
  ]);
  assert.deepEqual(replies, [SUCCESS, SUCCESS, SUCCESS]);
});

test('answers a request longer than 127 bytes', async () => {
  const argument = 'x'.repeat(300);
  const request = Buffer.concat([Buffer.from([0x0a, 0xac, 0x02]), Buffer.from(argument)]);
  const { calls } = await seen([Buffer.concat([Buffer.from([0xaf, 0x02]), request])]);
  assert.deepEqual(calls, [[argument]]);
});

test('answers an empty request', async () => {
  assert.deepEqual((await seen([Uint8Array.of(0)])).calls, [[]]);
});

test('tells what failed, and goes on', async () => {
  let count = 0;
  const replies = await answers([FRAME, FRAME], async () => {
    if (count++ === 0) throw new ToolError('SOME_CODE', 'Making x', { hint: 'Mend x.' });
  });
  const text = Buffer.from(replies[0] ?? []).toString('utf8');
  assert.match(text, /error: SOME_CODE: Making x\n {2}hint: Mend x\./);
  assert.equal(replies[0]?.[2], 1);
  assert.deepEqual(replies[1], SUCCESS);
});

test('answers with the exit code of what fails without an error, and with what it wrote to stderr', async () => {
  const own = process.stderr.write;
  const replies = await answers([FRAME, FRAME], async () => {
    process.stderr.write('one\n');
    process.stderr.write(Buffer.from('two\n'));
    return 3;
  });
  const answer = [7 + 8, 0x08, 3, 0x12, 8, ...Buffer.from('one\ntwo\n'), 0x18, 0xac, 0x02];
  assert.deepEqual(replies, [answer, answer]);
  assert.equal(process.stderr.write, own);
});

test('answers with warnings of what succeeds', async () => {
  const [reply = []] = await answers([FRAME], async () => {
    createLog().warn('mind this');
  });
  assert.match(Buffer.from(reply).toString('utf8'), /warning: mind this\n/);
  assert.equal(reply[2], 0);
});

for (const [what, bytes] of [
  ['a stream that ends within a request', FRAME.subarray(0, 10)],
  ['a field that is cut off', Buffer.from([2, 0x0a, 9])],
  ['a length that has no end', Buffer.alloc(12, 0xff)],
  ['a field of an unknown type', Buffer.from([1, 0x0b])],
  ['a length of gigabytes', Buffer.from([0x80, 0x80, 0x80, 0x80, 0x7f, 0])],
] as const)
  test(`refuses ${what}`, () => assert.rejects(seen([bytes]), RangeError));

test('ends when there are no more requests', async () => {
  assert.deepEqual(await seen([]), { calls: [], replies: [] });
});
