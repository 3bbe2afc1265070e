// Short commands, run to their end with a deadline.
import { execFile } from 'node:child_process';
import { ToolError } from '../../lib/errors.ts';

/** Options of {@link run}. */
export interface RunOptions {
  /** Default: 30 000. */
  readonly timeoutMs?: number;
  /** Default: the own environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly signal?: AbortSignal;
}

/** Runs a command and returns its stdout. Throws COMMAND_FAILED with the last line of stderr. */
export function run(command: readonly string[], options: RunOptions = {}): Promise<string> {
  const [file = '', ...args] = command;
  const { timeoutMs = 30_000, ...rest } = options;
  return new Promise((resolve, reject) => {
    execFile(
      file,
      args,
      { timeout: timeoutMs, maxBuffer: 64 << 20, killSignal: 'SIGKILL', ...rest },
      (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        if (error.name === 'AbortError' && rest.signal?.reason instanceof Error) return reject(rest.signal.reason);
        const why =
          stderr.trim().split('\n').at(-1) || (error.killed ? `no end within ${timeoutMs} ms` : error.message);
        reject(
          new ToolError('COMMAND_FAILED', `Running \`${command.join(' ')}\`: ${why}`, {
            cause: error.code === 'ENOENT' ? error : undefined,
            hint: 'Run `./fathom doctor`: it checks every prerequisite.',
          }),
        );
      },
    );
  });
}
