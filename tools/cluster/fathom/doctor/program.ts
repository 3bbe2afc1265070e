// Programs that doctor asks: short, with a deadline, never through a shell.
import { spawnSync } from 'node:child_process';

type Env = Readonly<Record<string, string | undefined>>;

/** What a program answered. */
export interface Answer {
  /** Undefined: there is no such program. */
  readonly ok: boolean | undefined;
  readonly stdout: string;
  /** Its last words. */
  readonly why: string;
}

const TIMEOUT_MS = 15_000;

/** Asks a program. */
export function ask(env: Env, program: string, ...args: readonly string[]): Answer {
  const { error, status, stdout, stderr } = spawnSync(program, [...args], {
    env: { ...env },
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
    maxBuffer: 8 << 20,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const code = error !== undefined && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return { ok: undefined, stdout: '', why: `there is no ${program} here` };
  const late = code === 'ETIMEDOUT' ? `it did not answer within ${TIMEOUT_MS / 1000} s` : '';
  const last = (stderr ?? '').trim().split('\n').at(-1) ?? '';
  return { ok: status === 0, stdout: stdout ?? '', why: late || last || `exit code ${status ?? 'none'}` };
}
