// The question before a protected environment is changed.
import { createInterface } from 'node:readline/promises';
import { ToolError } from '../../lib/errors.ts';
import type { Binding } from './guard.ts';
import type { Session } from './session.ts';

/** Where a person can be asked. */
export interface Terminal {
  readonly isInteractive: boolean;
  /** The answer to a question, without its line end. */
  ask(question: string, signal: AbortSignal): Promise<string>;
}

/** The terminal of this process. */
export const PROCESS_TERMINAL: Terminal = {
  get isInteractive() {
    return process.stdin.isTTY === true && process.stderr.isTTY === true;
  },
  async ask(question, signal) {
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    try {
      return await lines.question(question, { signal });
    } finally {
      lines.close();
    }
  },
};

const ANSWER_WITHIN_MS = 600_000;

/**
 * Shows what would be done and asks, where the environment is protected and there is something to do.
 * Throws K8S_NOT_CONFIRMED where the answer is no, and where nobody can be asked.
 */
export async function confirm(binding: Binding, session: Session, plan: readonly string[]): Promise<void> {
  const { options, terminal, log, signal } = session;
  if (!binding.isProtected || plan.length === 0) return;
  for (const line of plan) log.info(line);
  if (options.isConfirmed) return;
  const doing = `Changing ${binding.what} of ${session.input.label}`;
  if (!terminal.isInteractive) {
    throw new ToolError('K8S_NOT_CONFIRMED', `${doing}: it is protected, and there is no terminal to ask on`, {
      hint: 'Look at the plan with .diff, then run it with `-- --yes`.',
    });
  }
  const within = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]);
  const answer = await terminal.ask(`Change ${binding.what}? Only 'yes' does: `, within).catch(() => {
    signal.throwIfAborted();
    return '';
  });
  if (answer.trim() === 'yes') return;
  throw new ToolError('K8S_NOT_CONFIRMED', `${doing}: not confirmed, nothing was changed`, {
    hint: "Run it again and answer 'yes', or give `-- --yes`.",
  });
}
