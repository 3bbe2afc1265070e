// Short commands, run to their end with a deadline.
import { execFile } from 'node:child_process';
import { ToolError } from '../../lib/errors.ts';

/** Options of {@link run}. */
export interface RunOptions {
  /** Default: 30 000. */
  readonly timeoutMs?: number;
  /** What the command reads. Default: nothing. */
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
}

/** Runs a command and resolves to what it printed. Throws COMMAND_FAILED with its last words. */
export function run(command: readonly [string, ...string[]], options: RunOptions = {}): Promise<string> {
  const [program, ...args] = command;
  const { timeoutMs = 30_000, input, ...rest } = options;
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      args,
      { timeout: timeoutMs, maxBuffer: 64 << 20, killSignal: 'SIGKILL', ...rest },
      (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        const why =
          stderr.trim().split('\n').slice(-3).join(' | ') ||
          (error.killed === true ? `not done after ${timeoutMs} ms` : error.message);
        reject(
          new ToolError('COMMAND_FAILED', `Running ${[program, ...args].join(' ').slice(0, 200)}: ${why}`, {
            cause: error,
            hint: 'Run `./fathom doctor`: it checks what the machine needs.',
          }),
        );
      },
    );
    if (input !== undefined) child.stdin?.end(input);
  });
}
