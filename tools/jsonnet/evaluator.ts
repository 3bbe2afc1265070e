// jsonnet-evaluator (third_party/go/jsonnet), which is asked for one evaluation after the other.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { posix } from 'node:path';
import { createInterface } from 'node:readline';
import { ToolError } from '../lib/errors.ts';
import { GARBAGE_PERCENT } from './evaluate_once.ts';
import { type Outcome, type RenderRequest, variablesOf } from './request.ts';

/** How a program is evaluated. */
export interface EvaluateOptions {
  /** Whether each field of its value is an output. */
  readonly multiple: boolean;
  /** All that can be read: paths of files, and of folders with what is in them. */
  readonly inputs: readonly string[];
}

export interface Evaluator {
  /**
   * Evaluates the program of a request; one after the other. It takes as long as the program does: an interrupt of the
   * build ends this process, and with it the other one. Throws JSONNET_ENDED where that ends by itself.
   */
  evaluate(request: RenderRequest, options: EvaluateOptions): Promise<Outcome>;
  /** Ends the process, if there is one, and waits until it has. */
  end(): Promise<void>;
}

interface Response {
  readonly files: Readonly<Record<string, string>>;
  readonly error?: string;
  readonly trace?: string;
}

/** Characters: of what it writes where it ends by itself, the first lines say why. */
const MAX_TOLD = 500;
/** Whoever does not end with its input is killed after it. */
const ENDS_WITHIN_MS = 5_000;

/** Starts the program when it is first asked, and anew where it has ended. */
export function createEvaluator(program: string): Evaluator {
  let running: Process | undefined;
  const begin = () => {
    const one = start(program);
    void one.ended.then(() => {
      if (running === one) running = undefined;
    });
    return one;
  };
  return {
    async evaluate(request, { multiple, inputs }) {
      const { source, importPaths, label } = request;
      const values = await variablesOf(request);
      running ??= begin();
      const { ask, ended } = running;
      const line = await ask(JSON.stringify({ source, importPaths, inputs, values, multi: multiple }));
      if (line === undefined) {
        throw new ToolError('JSONNET_ENDED', `Rendering ${label}: jsonnet-evaluator ${await ended}`, {
          hint: 'A recursion without an end takes all of its stack. Else build it again: the machine may have had no memory left.',
        });
      }
      return outcomeOf(JSON.parse(line) as Response, multiple);
    },
    async end() {
      await running?.end();
    },
  };
}

interface Process {
  /** The answer to a line, or undefined where the program has ended. */
  ask(line: string): Promise<string | undefined>;
  /** How it ended. */
  readonly ended: Promise<string>;
  end(): Promise<void>;
}

function start(program: string): Process {
  const env = { GOGC: GARBAGE_PERCENT, ...process.env };
  const child = spawn(program, [], { env, stdio: 'pipe' });
  const lines = createInterface({ input: child.stdout, crlfDelay: Infinity })[Symbol.asyncIterator]();
  const ended = endOf(child);
  // It may end before it has read all; that it has ended is what its output says.
  child.stdin.on('error', () => {});
  return {
    async ask(line) {
      child.stdin.write(`${line}\n`);
      const { value, done } = await lines.next();
      return done === true ? undefined : value;
    },
    ended,
    async end() {
      child.stdin.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), ENDS_WITHIN_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** Resolves when the program has ended to how it did. */
function endOf(child: ChildProcessWithoutNullStreams): Promise<string> {
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    if (text.length < MAX_TOLD) text = (text + chunk).slice(0, MAX_TOLD);
  });
  return new Promise((resolve) => {
    child.on('error', ({ message }) => resolve(`did not start: ${message}`));
    child.on('close', (code, signal) => resolve(`ended by ${signal ?? `exit code ${code}`}: ${text.trim()}`));
  });
}

function outcomeOf({ files, error, trace = '' }: Response, multiple: boolean): Outcome {
  const failed = (message: string) => ({ exitCode: 1, message: (trace + message).trim(), files: {} });
  if (error !== undefined) return failed(error);
  if (!multiple) return { exitCode: 0, message: trace.trim(), files };
  const texts = new Map(Object.entries(files).map(([field, text]) => [outputName(field), text]));
  const folders = new Set([...texts.keys()].flatMap(foldersAbove));
  for (const field of Object.keys(files)) {
    const name = outputName(field);
    if (/^(\.\.?)?(\/|$)/.test(name)) {
      return failed(`The field ${JSON.stringify(field)} must be a path below the folder of the outputs.`);
    }
    if (folders.has(name))
      return failed(`The field ${JSON.stringify(field)} must not be the folder of another output.`);
  }
  // In the order of the program that ends, which golden files have.
  const sorted = [...texts].sort(([one], [other]) => (one < other ? -1 : 1));
  return { exitCode: 0, message: trace.trim(), files: Object.fromEntries(sorted) };
}

/** As the program that ends has it: an output's path is relative to their folder, whatever it looks like. */
function outputName(field: string): string {
  return posix.normalize(field).replace(/^\/+|\/+$/g, '');
}

function foldersAbove(name: string): string[] {
  const words = name.split('/').slice(0, -1);
  return words.map((_, index) => words.slice(0, index + 1).join('/'));
}
