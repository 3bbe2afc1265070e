// Programs that ./fathom runs for the user: their output is the user's, their end is waited for.
import { spawn } from 'node:child_process';
import { Interruption } from '../../lib/cli.ts';
import { ToolError } from '../../lib/errors.ts';

/** Options of {@link runVisibly}. */
export interface RunVisiblyOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** What the user wanted, for the error. */
  readonly what: string;
  readonly hint: string;
  /** Gets the program's output instead of the terminal. */
  readonly onOutput?: (text: string) => void;
}

/** Runs a program with the user's terminal; resolves to its exit code. Throws FATHOM_START when it can't be started. */
export async function runVisibly(command: readonly [string, ...string[]], options: RunVisiblyOptions): Promise<number> {
  const [program, ...args] = command;
  const pipe = options.onOutput === undefined ? 'inherit' : 'pipe';
  const child = spawn(program, args, { cwd: options.cwd, env: { ...options.env }, stdio: ['ignore', pipe, pipe] });
  const forward = () => {
    if (!cameFromTerminal(options.signal)) child.kill('SIGINT');
  };
  options.signal.addEventListener('abort', forward);
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => options.onOutput?.(text));
  try {
    return await new Promise<number>((resolve, reject) => {
      child.on('error', (cause) =>
        reject(new ToolError('FATHOM_START', `${options.what}: starting ${program}`, { cause, hint: options.hint })),
      );
      child.on('close', (code) => resolve(code ?? 1));
    });
  } finally {
    options.signal.removeEventListener('abort', forward);
  }
}

/** A terminal's Ctrl-C reaches the program as well: twice would end it before it has tidied up. */
function cameFromTerminal({ reason }: AbortSignal): boolean {
  const streams = [process.stdin, process.stdout, process.stderr];
  return reason instanceof Interruption && reason.by === 'SIGINT' && streams.some(({ isTTY }) => isTTY);
}

/** Like {@link runVisibly}; throws FATHOM_STEP when the program fails. */
export async function mustRun(command: readonly [string, ...string[]], options: RunVisiblyOptions): Promise<void> {
  const code = await runVisibly(command, options);
  options.signal.throwIfAborted();
  if (code !== 0)
    throw new ToolError('FATHOM_STEP', `${options.what}: ${command[0]} exited with ${code}`, { hint: options.hint });
}
