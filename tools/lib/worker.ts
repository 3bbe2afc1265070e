// Build tools that Bazel may keep running: starting node takes longer than most of what they do.
// The protocol is https://github.com/bazelbuild/bazel/blob/master/src/main/protobuf/worker_protocol.proto: on stdin a
// length and a WorkRequest, on stdout a length and a WorkResponse, one after the other.
import { isUtf8 } from 'node:buffer';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type MainContext, renderError, runMain } from './cli.ts';

/** One piece of work. */
export interface WorkRequest {
  readonly arguments: readonly string[];
  readonly requestId: number;
  /** The paths of the action's inputs, from the folder that the process works in; decoded when called. */
  inputs(): readonly string[];
}

/** What {@link runTool} gives to a tool. */
export interface ToolContext extends MainContext {
  /** In a worker, which sees more files than its action has: those that it has. */
  readonly inputs?: () => readonly string[];
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
export async function runTool(main: (context: ToolContext) => Promise<number | void>): Promise<void> {
  await runMain(async (context) => {
    if (!isWorker(context.argv)) return main({ ...context, argv: await expandArguments(context.argv) });
    const served = serve(process.stdin, process.stdout, ({ arguments: argv, inputs }) =>
      captured(() => main({ ...context, argv, inputs })),
    );
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
  work: (request: WorkRequest) => Promise<WorkResult>,
): Promise<void> {
  for await (const frame of frames(input)) {
    const request = parseRequest(frame);
    output.write(encodeResponse(await work(request), request.requestId));
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

// Fields of WorkRequest, and of the Inputs in it.
const ARGUMENTS = 1;
const INPUTS = 2;
const REQUEST_ID = 3;
const PATH = 1;

/** The fields of a WorkRequest that matter here; others are skipped. */
function parseRequest(bytes: Uint8Array): WorkRequest {
  const argv: string[] = [];
  const inputs: Uint8Array[] = [];
  let requestId = 0;
  for (const { field, value } of fields(bytes)) {
    if (typeof value === 'number') {
      if (field === REQUEST_ID) requestId = value;
    } else if (field === ARGUMENTS) argv.push(textOf(value));
    else if (field === INPUTS) inputs.push(value);
  }
  return { arguments: argv, requestId, inputs: () => inputs.flatMap(pathsOf) };
}

function pathsOf(input: Uint8Array): string[] {
  return [...fields(input)].flatMap(({ field, value }) =>
    field === PATH && typeof value !== 'number' ? spellings(textOf(value)) : [],
  );
}

/**
 * A path, and what it would be if it was encoded twice: Bazel before 7.4.1 does so with paths of inputs
 * (https://github.com/bazelbuild/bazel/pull/23924).
 */
function spellings(path: string): string[] {
  const bytes = Buffer.from(path, 'latin1');
  const isTwice = /[\u0080-\u00ff]/.test(path) && bytes.toString('latin1') === path && isUtf8(bytes);
  return isTwice ? [path, bytes.toString('utf8')] : [path];
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/** The fields of a message that are numbers or have a length; those of fixed widths are skipped. */
function* fields(bytes: Uint8Array): Generator<{ readonly field: number; readonly value: number | Uint8Array }> {
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
      yield { field, value: varint() };
    } else if (wireType === 2) {
      const end = varint() + at;
      if (end > bytes.length) throw new RangeError('Reading a request: a field is cut off');
      yield { field, value: bytes.subarray(at, end) };
      at = end;
    } else if (wireType === 1 || wireType === 5) {
      at += wireType === 1 ? 8 : 4;
    } else {
      throw new RangeError(`Reading a request: field ${field} has the unknown type ${wireType}`);
    }
  }
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
