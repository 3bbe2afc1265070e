// Build tools that Bazel may keep running: starting node takes longer than most of what they do.
// The protocol is https://github.com/bazelbuild/bazel/blob/master/src/main/protobuf/worker_protocol.proto: on stdin a
// length and a WorkRequest, on stdout a length and a WorkResponse, one after the other.
import { readFile } from 'node:fs/promises';
import { type MainContext, renderError, runMain } from './cli.ts';

/** One piece of work. */
export interface WorkRequest {
  readonly arguments: readonly string[];
  readonly requestId: number;
}

/** A request that is longer is not one: arguments are paths. */
const MAX_REQUEST_BYTES = 64 * 1024 * 1024;

/**
 * Runs a tool once, with its arguments or with those of a file (`@FILE`, one a line), as {@link runMain} does; or, with
 * `--persistent_worker`, for each request that comes on stdin. Nothing but answers may go to stdout then.
 */
export async function runTool(main: (context: MainContext) => Promise<void>): Promise<void> {
  await runMain(async (context) => {
    if (context.argv.includes('--persistent_worker')) {
      await serve(process.stdin, process.stdout, (argv) => main({ ...context, argv }));
    } else {
      await main({ ...context, argv: await expandArguments(context.argv) });
    }
  });
}

async function expandArguments(argv: readonly string[]): Promise<string[]> {
  const parts = await Promise.all(
    argv.map(async (argument) =>
      argument.startsWith('@')
        ? (await readFile(argument.slice(1), 'utf8')).split('\n').filter((line) => line !== '')
        : [argument],
    ),
  );
  return parts.flat();
}

/** Answers requests until there are no more. What fails is told in the answer, and ends nothing else. */
export async function serve(
  input: AsyncIterable<Uint8Array>,
  output: { write(bytes: Uint8Array): unknown },
  work: (argv: readonly string[]) => Promise<void>,
): Promise<void> {
  for await (const frame of frames(input)) {
    const request = parseRequest(frame);
    let answer = { exitCode: 0, output: '' };
    try {
      await work(request.arguments);
    } catch (error) {
      answer = { exitCode: 1, output: renderError(error) };
    }
    output.write(encodeResponse({ ...answer, requestId: request.requestId }));
  }
}

/** The messages of a stream in which each follows its length. Throws where the stream ends within one. */
async function* frames(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let pending = Buffer.alloc(0);
  for await (const chunk of input) {
    pending = Buffer.concat([pending, chunk]);
    for (let head = readVarint(pending, 0); head !== undefined; head = readVarint(pending, 0)) {
      const { value: length, next } = head;
      if (length > MAX_REQUEST_BYTES) throw new RangeError(`Reading a request: it would have ${length} bytes`);
      if (pending.length < next + length) break;
      yield pending.subarray(next, next + length);
      pending = pending.subarray(next + length);
    }
  }
  if (pending.length > 0) throw new RangeError('Reading a request: the stream ends within it');
}

/** The number at `at` and where it ends; undefined where its end is not there yet. */
function readVarint(bytes: Uint8Array, at: number): { readonly value: number; readonly next: number } | undefined {
  let value = 0;
  for (let index = at; index < bytes.length; index++) {
    const byte = bytes[index] ?? 0;
    value += (byte & 0x7f) * 2 ** (7 * (index - at));
    if (byte < 0x80) return { value, next: index + 1 };
    if (index - at >= 9) break;
  }
  if (bytes.length - at > 9) throw new RangeError('Reading a request: a number is too long');
  return undefined;
}

const ARGUMENTS = 1;
const REQUEST_ID = 3;

/** The fields of a WorkRequest that matter here; others are skipped. */
function parseRequest(bytes: Uint8Array): WorkRequest {
  const found: { arguments: string[]; requestId: number } = { arguments: [], requestId: 0 };
  let at = 0;
  const varint = () => {
    const read = readVarint(bytes, at);
    if (read === undefined) throw new RangeError('Reading a request: a field is cut off');
    at = read.next;
    return read.value;
  };
  while (at < bytes.length) {
    const tag = varint();
    const [field, wireType] = [Math.floor(tag / 8), tag % 8];
    if (wireType === 0) {
      const value = varint();
      if (field === REQUEST_ID) found.requestId = value;
    } else if (wireType === 2) {
      const end = varint() + at;
      if (end > bytes.length) throw new RangeError('Reading a request: a field is cut off');
      if (field === ARGUMENTS) found.arguments.push(Buffer.from(bytes.subarray(at, end)).toString('utf8'));
      at = end;
    } else if (wireType === 1 || wireType === 5) {
      at += wireType === 1 ? 8 : 4;
    } else {
      throw new RangeError(`Reading a request: field ${field} has the unknown type ${wireType}`);
    }
  }
  return found;
}

function encodeResponse(response: {
  readonly exitCode: number;
  readonly output: string;
  readonly requestId: number;
}): Buffer {
  const text = Buffer.from(response.output, 'utf8');
  const body = Buffer.concat([
    Buffer.from([0x08, ...varintBytes(response.exitCode)]),
    Buffer.from([0x12, ...varintBytes(text.length)]),
    text,
    Buffer.from([0x18, ...varintBytes(response.requestId)]),
  ]);
  return Buffer.concat([Buffer.from(varintBytes(body.length)), body]);
}

function varintBytes(value: number): number[] {
  const bytes = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return [...bytes, rest];
}
