// Git, run as a program: with a deadline, no questions to anybody, and answers that no language setting changes.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Options of {@link gitIn}. */
export interface GitOptions {
  /** How long one command may take, in milliseconds. Default: 30 000. */
  readonly timeoutMs?: number;
  /** Ends a command that runs. Default: nothing does. */
  readonly signal?: AbortSignal;
  /** Default: that of the process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Runs a command of git and resolves to what it printed; rejects with a {@link GitError}. */
export type Git = (...args: readonly string[]) => Promise<string>;

const TIMEOUT_MS = 30_000;

// What a hook of git sets for its own repository would lead every command there, whatever the folder.
const OF_A_REPOSITORY = /^GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|COMMON_DIR|NAMESPACE|PREFIX)$/;

/** A command of git that failed. */
export class GitError extends Error {
  /** Undefined: git could not be started, or did not end in time. */
  readonly exitCode: number | undefined;

  constructor(command: string, exitCode: number | undefined, said: string, cause: unknown) {
    super(`git ${command}: ${said === '' ? `exit code ${exitCode ?? 'none'}` : said}`, { cause });
    this.name = 'GitError';
    this.exitCode = exitCode;
  }
}

/** Git in a folder. */
export function gitIn(folder: string, options: GitOptions = {}): Git {
  const { timeoutMs = TIMEOUT_MS, signal, env = process.env } = options;
  const own = Object.fromEntries(Object.entries(env).filter(([name]) => !OF_A_REPOSITORY.test(name)));
  return async (...args) => {
    try {
      const { stdout } = await promisify(execFile)('git', ['-C', folder, ...args], {
        timeout: timeoutMs,
        maxBuffer: 256 * 1024 * 1024,
        env: { ...own, GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' },
        ...(signal === undefined ? {} : { signal }),
      });
      return stdout.trimEnd();
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason;
      throw failure(args, error, timeoutMs);
    }
  };
}

/** Whether git says yes (0) or no (1) to a question; rejects where it says neither. */
export async function gitSays(question: Promise<string>): Promise<boolean> {
  return question.then(
    () => true,
    (error: unknown) => {
      if (error instanceof GitError && error.exitCode === 1) return false;
      throw error;
    },
  );
}

function failure(args: readonly string[], error: unknown, timeoutMs: number): GitError {
  const { code, killed, stderr } = error as { code?: unknown; killed?: boolean; stderr?: string };
  const command = args.find((word) => !word.startsWith('-')) ?? '';
  if (killed === true) return new GitError(command, undefined, `no end within ${timeoutMs / 1000} s`, error);
  if (typeof code !== 'number') return new GitError(command, undefined, `cannot be started (${String(code)})`, error);
  const lines = (stderr ?? '').split('\n').map((line) => line.trim());
  return new GitError(
    command,
    code,
    lines
      .filter((line) => line !== '')
      .slice(0, 3)
      .join('; '),
    undefined,
  );
}
