// The one place where a program starts, is interrupted, fails and exits.
import { ToolError } from './errors.ts';
import { redact } from './redact.ts';

/** What a program's main function gets. */
export interface MainContext {
  /** The arguments after the program's name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted at SIGINT, SIGTERM or SIGHUP. A second signal ends the process at once. */
  readonly signal: AbortSignal;
}

/** Why a program's signal is aborted. */
export class Interruption extends ToolError {
  /** SIGINT, SIGTERM or SIGHUP. */
  readonly by: string;

  constructor(by: string) {
    super('INTERRUPTED', `Running: interrupted by ${by}`, { hint: 'Run it again: it continues where it stopped.' });
    this.by = by;
  }
}

const SIGNALS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

/** The text that a user sees for `error`: message and hint of a ToolError, else the stack. Redacted. */
export function renderError(error: unknown): string {
  if (!(error instanceof ToolError)) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return redact(
      `error: INTERNAL: ${stack}\n  hint: This is a defect of the tool: please report it with the lines above.`,
    );
  }
  const hint = error.hint === undefined ? '' : `\n  hint: ${error.hint}`;
  return redact(`error: ${error.code}: ${error.message}${hint}`);
}

/**
 * Runs a program: `main`'s number (default 0) becomes the exit code.
 * A ToolError is printed with its hint (exit 1), anything else with its stack (exit 70, sysexits' EX_SOFTWARE);
 * after a signal the exit code is 128 + its number.
 */
export async function runMain(main: (context: MainContext) => Promise<number | void>): Promise<void> {
  const controller = new AbortController();
  let received: string | undefined;
  for (const name of Object.keys(SIGNALS)) {
    process.on(name, () => {
      if (received !== undefined) process.exit(128 + (SIGNALS[name] ?? 0));
      received = name;
      controller.abort(new Interruption(name));
    });
  }
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    const hint = 'Free space where it is written to, and run it again.';
    process.stderr.write(
      `${renderError(new ToolError('OUTPUT_FAILED', `Writing the output: ${error.message}`, { hint }))}\n`,
    );
    process.exit(1);
  });
  // There is nobody left to tell; a cluster's init goes on when the disk of its log is full.
  process.stderr.on('error', () => undefined);
  let code: number;
  try {
    code = (await main({ argv: process.argv.slice(2), env: process.env, signal: controller.signal })) ?? 0;
  } catch (error) {
    process.stderr.write(`${renderError(error)}\n`);
    code = error instanceof ToolError ? 1 : 70;
  }
  process.exitCode = received === undefined ? code : 128 + (SIGNALS[received] ?? 0);
  // Handles that a failed main left open must not keep the process alive; output is flushed first.
  await Promise.all(
    [process.stdout, process.stderr].map((stream) => new Promise<void>((resolve) => stream.write('', () => resolve()))),
  );
  process.exit();
}
