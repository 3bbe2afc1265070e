// What a bundle is made of, as it is collected: texts by path, each scrubbed and of a limited size, and what went wrong.
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { errorText } from '../../../lib/errors.ts';
import { formatBytes } from '../../../lib/log.ts';
import { scrub } from './scrub.ts';

/** Of one file, and of all of them together. */
export const MAX_FILE_BYTES = 2 << 20;
const MAX_TOTAL_BYTES = 48 << 20;
const COMMAND_MS = 30_000;

/** Options of {@link Collection}. */
export interface CollectionOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends everything that is being asked. */
  readonly signal: AbortSignal;
  /** Default: 2 MiB. */
  readonly maxFileBytes?: number;
}

/** How a command is run. */
export interface CommandOptions {
  /** Default: 30 000. */
  readonly timeoutMs?: number;
  /** Applied before all else. Default: nothing. */
  readonly edit?: (text: string) => string;
  /** Whether another exit code than 0 is an answer too. Default: false. */
  readonly mayFail?: boolean;
}

/** Collects; nothing that fails keeps it from what comes next. */
export class Collection {
  readonly #options: CollectionOptions;
  readonly #texts = new Map<string, string>();
  readonly #problems: string[] = [];
  #totalBytes = 0;

  constructor(options: CollectionOptions) {
    this.#options = options;
  }

  /** Everything by path, scrubbed only now: what one part hid is hidden in all of them. Last is errors.txt. */
  files(): ReadonlyMap<string, string> {
    const problems = this.#problems.map((line) => `${line}\n`).join('') || 'Everything could be collected.\n';
    const all = [...this.#texts, ['errors.txt', problems] as const];
    return new Map(all.map(([path, text]) => [path, scrub(text)]));
  }

  /** How much could not be collected. */
  get problemCount(): number {
    return this.#problems.length;
  }

  /** Adds a text, the end of it where it is too long. */
  put(path: string, text: string): void {
    const kept = endOf(Buffer.from(text), this.#options.maxFileBytes ?? MAX_FILE_BYTES);
    if (this.#totalBytes + kept.length > MAX_TOTAL_BYTES) {
      return this.note(path, `left out: the bundle has ${formatBytes(this.#totalBytes)} already`);
    }
    this.#totalBytes += kept.length;
    this.#texts.set(path, kept);
  }

  /** Records that something is missing, and why. */
  note(what: string, why: unknown): void {
    this.#problems.push(`${what}: ${errorText(why)}`);
  }

  /** Runs one part; its failure is noted. */
  async part(what: string, work: () => Promise<void> | void): Promise<void> {
    try {
      this.#options.signal.throwIfAborted();
      await work();
    } catch (error) {
      this.note(what, error);
    }
  }

  /** Adds the end of a file. */
  async file(path: string, source: string): Promise<void> {
    await this.part(path, async () => this.put(path, await tailOf(source, this.#options.maxFileBytes)));
  }

  /** Adds what a command prints, its errors behind. */
  async command(path: string, command: readonly string[], options: CommandOptions = {}): Promise<void> {
    await this.part(path, async () => this.put(path, await this.output(command, options)));
  }

  /** What a command prints; throws where it fails. */
  output(command: readonly string[], options: CommandOptions = {}): Promise<string> {
    const { timeoutMs = COMMAND_MS, edit = (text) => text, mayFail = false } = options;
    const { env, signal } = this.#options;
    const [program = '', ...args] = command;
    return new Promise((resolve, reject) => {
      const settings = { timeout: timeoutMs, maxBuffer: 64 << 20, killSignal: 'SIGKILL', env: { ...env } } as const;
      execFile(program, args, { ...settings, signal }, (error, stdout, stderr) => {
        const isAnswer = error === null || (mayFail && typeof error.code === 'number');
        if (isAnswer) return resolve(edit(stderr === '' ? stdout : `${stdout}\n${stderr}`));
        const last = stderr.trim().split('\n').at(-1);
        // The error's own words are the whole command line.
        const how = error.killed === true ? `no end within ${timeoutMs / 1000} s` : `it ended with ${error.code}`;
        reject(new Error(last || how));
      });
    });
  }
}

/** The end of a file. */
export async function tailOf(path: string, maxBytes: number = MAX_FILE_BYTES): Promise<string> {
  // What pods may write to may hold a link to anything, or a pipe that nobody writes to.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const found = await file.stat();
    if (!found.isFile()) throw new Error('it is no file');
    // One byte more tells whether there was more.
    const start = Math.max(0, found.size - maxBytes - 1);
    const buffer = Buffer.alloc(found.size - start);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
    return endOf(buffer.subarray(0, bytesRead), maxBytes);
  } finally {
    await file.close();
  }
}

/** The last bytes, from the beginning of a line: half of a credential would not be known as one. */
function endOf(content: Buffer, maxBytes: number): string {
  if (content.length <= maxBytes) return content.toString('utf8');
  const tail = content.subarray(content.length - maxBytes);
  return `… the beginning is left out\n${tail.toString('utf8', tail.indexOf('\n') + 1)}`;
}
