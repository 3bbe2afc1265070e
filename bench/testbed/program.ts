// Programs that are run to their end.
import { type ChildProcess, spawn } from 'node:child_process';

export const ENDS_WITHIN_MS = 900_000;

/** Options of {@link runProgram}. */
export interface RunOptions {
  /** Beside PATH. Default: a HOME that is not there. */
  readonly env?: Readonly<Record<string, string>>;
  /** Called as soon as it runs. */
  readonly onStart?: (child: ChildProcess) => void;
}

/** Runs a program to its end; resolves to what it printed, rejects with what it complained about. */
export async function runProgram(
  program: string,
  args: readonly string[],
  { env = {}, onStart }: RunOptions = {},
): Promise<string> {
  const child = spawn(program, args, {
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: ENDS_WITHIN_MS,
  });
  onStart?.(child);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${stderr.slice(-4000)}`);
  return stdout;
}
