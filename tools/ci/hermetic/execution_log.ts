// Reads Bazel's --execution_log_json_file: one JSON object for each action that ran, with no separator, in any size.
import { createReadStream } from 'node:fs';
import { ToolError } from '../../lib/errors.ts';

/** A file that an action read or wrote. */
export interface LoggedFile {
  /** Relative to the execution root. */
  readonly path: string;
  /** Hash and size, or where a link leads: equal texts are equal files. */
  readonly content: string;
}

/** What an action is and did: all that decides its result, and nothing that differs from run to run. */
export interface LoggedAction {
  readonly mnemonic: string;
  readonly args: readonly string[];
  /** `NAME=value`. */
  readonly env: readonly string[];
  readonly platform: readonly string[];
  readonly inputs: readonly LoggedFile[];
  /** What it was to write; a folder by its own path. */
  readonly outputs: readonly string[];
  readonly written: readonly LoggedFile[];
  readonly runner: string;
}

const [QUOTE, BACKSLASH, OPEN, CLOSE] = [0x22, 0x5c, 0x7b, 0x7d];

/** Cuts bytes that come in pieces into JSON objects. */
export class ObjectSplitter {
  /** Pieces of the object that has begun. */
  #pieces: Buffer[] = [];
  #bytes = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;
  readonly #maxBytes: number;

  /** `maxBytes`: what one object may take. Default: 512 MiB, more than any action's list of inputs. */
  constructor(maxBytes = 512 << 20) {
    this.#maxBytes = maxBytes;
  }

  /** The objects that end in `chunk`. Throws HERMETIC_LOG. */
  *push(chunk: Buffer): Generator<unknown> {
    let start = this.#depth > 0 ? 0 : -1;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at];
      if (this.#escaped) this.#escaped = false;
      else if (this.#inString) {
        if (byte === QUOTE) this.#inString = false;
        else if (byte === BACKSLASH) this.#escaped = true;
      } else if (byte === QUOTE) this.#inString = true;
      else if (byte === OPEN) {
        if (this.#depth++ === 0) start = at;
      } else if (byte === CLOSE && --this.#depth === 0) {
        this.#keep(chunk.subarray(start, at + 1));
        yield this.#take();
        start = -1;
      }
    }
    if (start >= 0) this.#keep(chunk.subarray(start));
  }

  /** Throws HERMETIC_LOG where an object has begun and not ended. */
  end(): void {
    if (this.#depth !== 0) throw logError(`it ends within an object, after ${this.#bytes} bytes of it`);
  }

  #keep(piece: Buffer): void {
    this.#bytes += piece.length;
    if (this.#bytes > this.#maxBytes) throw logError(`an object has more than ${this.#maxBytes} bytes`);
    this.#pieces.push(piece);
  }

  #take(): unknown {
    const text = Buffer.concat(this.#pieces).toString('utf8');
    [this.#pieces, this.#bytes] = [[], 0];
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw logError('an object is no JSON', cause);
    }
  }
}

/** The actions of a log, one after the other: Bazel sorts them so that each comes after those that it depends on. */
export async function* readActions(path: string): AsyncGenerator<LoggedAction> {
  const splitter = new ObjectSplitter();
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    for (const value of splitter.push(chunk as Buffer)) yield parseAction(value);
  }
  splitter.end();
}

/** One object of the log. Throws HERMETIC_LOG. */
export function parseAction(value: unknown): LoggedAction {
  const action = record(value);
  const platform = list(record(action['platform'] ?? {})['properties']);
  return {
    mnemonic: text(action['mnemonic']),
    args: list(action['commandArgs']).map(text),
    env: list(action['environmentVariables']).map(pair),
    platform: platform.map(pair),
    inputs: list(action['inputs']).map(file),
    outputs: list(action['listedOutputs']).map(text),
    written: list(action['actualOutputs']).map(file),
    runner: text(action['runner'] ?? ''),
  };
}

function pair(value: unknown): string {
  const { name, value: content = '' } = record(value);
  return `${text(name)}=${text(content)}`;
}

function file(value: unknown): LoggedFile {
  const { path, digest, symlinkTargetPath = '' } = record(value);
  // Protocol buffers leave out what is empty: of a link or an empty folder, the digest.
  const { hash = '', sizeBytes = '0' } = record(digest ?? {});
  const link = text(symlinkTargetPath) === '' ? '' : `link to ${text(symlinkTargetPath)}`;
  return { path: text(path), content: text(hash) === '' ? link : `${text(hash)} (${text(sizeBytes)} bytes)` };
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw logError('an object is missing');
  return value as Readonly<Record<string, unknown>>;
}

function list(value: unknown): readonly unknown[] {
  if (value !== undefined && !Array.isArray(value)) throw logError('a list is missing');
  return value ?? [];
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw logError(`text is missing, there is ${JSON.stringify(value)}`);
  return value;
}

function logError(what: string, cause?: unknown): ToolError {
  return new ToolError('HERMETIC_LOG', `Reading an execution log: ${what}`, {
    cause,
    hint: 'Use a Bazel from 4.2 to 7.7, and see that the disk has room.',
  });
}
