// The programs that a test runs: the verbs of its stack, and its own.
import { type StdioOptions, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { ToolError, errorText } from '../../lib/errors.ts';

/** Options of {@link runProgram}. */
export interface ProgramOptions {
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends the program: SIGTERM, and after five seconds SIGKILL. */
  readonly signal: AbortSignal;
  /** The file to which its output goes. Default: it is that of this process. */
  readonly output?: string;
}

const KILL_AFTER_MS = 5000;

/** Runs a program to its end: its exit code, or 128 and the number of the signal that ended it. Throws K8S_TEST_PROGRAM. */
export async function runProgram(program: string, options: ProgramOptions): Promise<number> {
  const { args = [], env, signal, output } = options;
  const file = output === undefined ? undefined : createWriteStream(output);
  const stdio: StdioOptions = file === undefined ? 'inherit' : ['ignore', 'pipe', 'pipe'];
  const child = spawn(program, args, { env: { ...env }, stdio });
  for (const stream of [child.stdout, child.stderr]) {
    if (file !== undefined) stream?.pipe(file, { end: false });
  }
  let killing: NodeJS.Timeout | undefined;
  const end = () => {
    child.kill('SIGTERM');
    killing = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
  };
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  try {
    return await new Promise<number>((resolve, reject) => {
      child.on('error', (cause) =>
        reject(
          new ToolError('K8S_TEST_PROGRAM', `Starting ${program}: ${errorText(cause)}`, {
            cause,
            hint: "Name an executable target as 'test' of the k8s_test.",
          }),
        ),
      );
      child.on('close', (code, name) => resolve(code ?? 128 + (name === null ? 0 : (SIGNALS[name] ?? 0))));
    });
  } finally {
    clearTimeout(killing);
    signal.removeEventListener('abort', end);
    file?.end();
  }
}

const SIGNALS: Readonly<Record<string, number>> = { SIGABRT: 6, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15 };
