// Build tools that Bazel may keep running: starting node takes longer than most of what they do.
// The protocol is https://github.com/bazelbuild/bazel/blob/master/src/main/protobuf/worker_protocol.proto: on stdin a
// length and a WorkRequest, on stdout a length and a WorkResponse, one after the other.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type MainContext, renderError, runMain } from './cli.ts';

/** One piece of work. */
export interface WorkRequest {
  readonly arguments: readonly string[];
  readonly requestId: number;
}

/** A request that is longer is not one: arguments are paths. */
const MAX_REQUEST_BYTES = 64 * 1024 * 1024;

/** Whether this process is to go on running. */
export function isWorker(argv: readonly string[] = process.argv): boolean {
  return argv.includes('--persistent_worker');
}

/** How a piece of work ended, and what Bazel shows of it. */
export interface WorkResult {
  readonly exitCode: number;
  readonly output: string;
}

/**
 * Runs a tool once, with its arguments or with those of a file (`@FILE`, one a line), as {@link runMain} does; or, with
 * `--persistent_worker`, for each request that comes on stdin. Nothing but answers may go to stdout then; what goes to
 * stderr is part of the answer.
 */
export async function runTool(main: (context: MainContext) => Promise<number | void>): Promise<void> {
  await runMain(async (context) => {
    if (!isWorker(context.argv)) return main({ ...context, argv: await expandArguments(context.argv) });
    const served = serve(process.stdin, process.stdout, (argv) => captured(() => main({ ...context, argv })));
    // At a signal nobody waits for what is not done yet: Bazel sends one, and then waits without a limit.
    await Promise.race([served, once(context.signal, 'abort')]);
    return 0;
  });
}

/** What `main` returns or throws, and all that it writes to stderr meanwhile: a worker's own stderr is seen by nobody. */
export async function captured(main: () => Promise<number | void>): Promise<WorkResult> {
  const { stderr } = process;
  const chunks: Buffer[] = [];
  // An own property hides the stream's method, and is taken away again. At a signal runMain waits for what it writes.
  stderr.write = (chunk: string | Uint8Array, ...rest: readonly unknown[]) => {
    chunks.push(Buffer.from(chunk as string));
    const done = rest.find((one) => typeof one === 'function');
    if (done !== undefined) process.nextTick(done as () => void);
    return true;
  };
  let exitCode: number;
  try {
    exitCode = (await main()) ?? 0;
  } catch (error) {
    chunks.push(Buffer.from(`${renderError(error)}\n`));
    exitCode = 1;
  } finally {
    Reflect.deleteProperty(stderr, 'write');
  }
  return { exitCode, output: Buffer.concat(chunks).toString('utf8') };
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

/** Answers requests until there are no more, one after the other. `work` must not throw: what fails is told in its result. */
export async function serve(
  input: AsyncIterable<Uint8Array>,
  output: { write(bytes: Uint8Array): unknown },
  work: (argv: readonly string[]) => Promise<WorkResult>,
): Promise<void> {
  for await (const frame of frames(input)) {
    const { arguments: argv, requestId } = parseRequest(frame);
    output.write(encodeResponse(await work(argv), requestId));
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

function encodeResponse({ exitCode, output }: WorkResult, requestId: number): Buffer {
  const text = Buffer.from(output, 'utf8');
  const body = Buffer.concat([
    Buffer.from([0x08, ...varintBytes(exitCode)]),
    Buffer.from([0x12, ...varintBytes(text.length)]),
    text,
    Buffer.from([0x18, ...varintBytes(requestId)]),
  ]);
  return Buffer.concat([Buffer.from(varintBytes(body.length)), body]);
}

function varintBytes(value: number): number[] {
  const bytes = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return [...bytes, rest];
}
