import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ToolError } from './errors.ts';
import { createLog } from './log.ts';
import { runfile } from './runfiles.ts';
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
    ({ arguments: argv }) => captured(() => work(argv)),
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

async function inputsOf(frame: Uint8Array): Promise<readonly string[]> {
  const found: string[] = [];
  await serve(
    (async function* () {
      yield frame;
    })(),
    { write: () => undefined },
    async ({ inputs }) => {
      found.push(...inputs());
      return { exitCode: 0, output: '' };
    },
  );
  return found;
}

const encodedTwice = (text: string) => Buffer.from(text).toString('latin1');

test('tells of the inputs of an action', async () => assert.deepEqual(await inputsOf(FRAME), ['p']));

for (const { name, path, expected } of [
  { name: 'tells of an input as it is called', path: 'grüße', expected: ['grüße'] },
  {
    name: 'tells of an input whose name is encoded twice in both ways',
    path: encodedTwice('grüße'),
    expected: [encodedTwice('grüße'), 'grüße'],
  },
]) {
  test(name, async () => {
    const bytes = Buffer.from(path);
    const input = Buffer.from([0x0a, bytes.length, ...bytes]);
    const request = Buffer.from([0x12, input.length, ...input]);
    assert.deepEqual(await inputsOf(Buffer.from([request.length, ...request])), expected);
  });
}

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

const program = runfile('fathom/tools/lib/worker_fixture');
const workOf = (text: string) => {
  const request = Buffer.from([0x0a, text.length, ...Buffer.from(text)]);
  return Buffer.concat([Buffer.from([request.length]), request]);
};

/** Starts the tool as Bazel does. */
function startWorker() {
  const child = spawn(program, ['--persistent_worker'], { stdio: ['pipe', 'pipe', 'pipe'] });
  return {
    child,
    async answer(text: string): Promise<{ readonly exitCode: number | undefined; readonly said: string }> {
      child.stdin.write(workOf(text));
      const [bytes] = (await once(child.stdout, 'data')) as [Buffer];
      return { exitCode: bytes[2], said: bytes.toString('utf8') };
    },
  };
}

test('a tool that goes on running answers one request after the other, also after one has failed', async () => {
  const { child, answer } = startWorker();
  assert.match((await answer('one')).said, /told one\n/);
  const failed = await answer('fail');
  assert.equal(failed.exitCode, 1);
  assert.match(failed.said, /error: X_FAILED: Doing x\n {2}hint: Do y\.\n/);
  assert.equal((await answer('three')).exitCode, 3);
  const last = await answer('two');
  assert.equal(last.exitCode, 0);
  assert.doesNotMatch(last.said, /one|three|X_FAILED/);
  child.stdin.end();
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});

test('a tool that goes on running ends at SIGTERM, whatever it does', async () => {
  for (const work of [undefined, 'wait']) {
    const { child, answer } = startWorker();
    await answer('one');
    if (work !== undefined) {
      child.stdin.write(workOf(work));
      assert.equal(String((await once(child.stderr, 'data'))[0]), 'waiting');
    }
    child.kill('SIGTERM');
    assert.deepEqual(await once(child, 'exit'), [143, null]);
  }
});

test('a tool that is started for one piece of work takes its arguments from a file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'worker-'));
  try {
    await writeFile(join(folder, 'arguments'), 'three\nmore words\n');
    const child = spawn(program, [`@${join(folder, 'arguments')}`], { stdio: ['ignore', 'ignore', 'pipe'] });
    const said = once(child.stderr, 'data');
    assert.deepEqual(await once(child, 'exit'), [3, null]);
    assert.equal(String((await said)[0]), 'told three and more words\n');
  } finally {
    await rm(folder, { recursive: true });
  }
});
