// What a linter finds, and programs that are run to find it.
import { execFile } from 'node:child_process';

/** A place in a file, and what is wrong there. */
export interface Finding {
  /** Relative to the workspace. */
  readonly path: string;
  readonly line: number;
  /** The rule that found it, by the name under which it can be looked up and switched off. */
  readonly rule: string;
  readonly message: string;
}

/** One line, as editors and CI systems read it. */
export function renderFinding({ path, line, rule, message }: Finding): string {
  return `${path}:${line}: ${message} [${rule}]`;
}

/** What a linter printed, and whether it found something: its exit code. */
export interface LinterRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a linter in `cwd`. Finding something is no failure; not starting, a signal, or an exit code above `highestCode`
 * is, with what the program said.
 */
export function runLinter(
  program: string,
  args: readonly string[],
  {
    cwd,
    highestCode,
    env = {},
  }: { readonly cwd: string; readonly highestCode: number; readonly env?: NodeJS.ProcessEnv },
): Promise<LinterRun> {
  return new Promise((resolve, reject) => {
    const options = { cwd, env: { ...process.env, ...env }, timeout: 300_000, maxBuffer: 64 << 20 };
    execFile(program, args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      if (typeof code === 'number' && code <= highestCode) resolve({ code, stdout, stderr });
      else
        reject(
          new Error(`${program} ended with ${String(code ?? error?.signal)}:\n${stdout}${stderr}`, { cause: error }),
        );
    });
  });
}
