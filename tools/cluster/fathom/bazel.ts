// Bazel, run for the user.
import { step } from '../../lib/log.ts';
import type { CommandContext } from './fathom_main.ts';
import { bazelProgram } from './packages.ts';
import { mustRun } from './run.ts';

/** Runs Bazel in the checkout with the user's terminal. Throws FATHOM_STEP. */
export async function bazel(
  { env, root, signal, log }: CommandContext,
  what: string,
  ...args: readonly string[]
): Promise<void> {
  const hint = 'Its own output above says why; what was done is kept, so run the same command again afterwards.';
  await step(what, () => mustRun([bazelProgram(env), ...args], { cwd: root, env, signal, what, hint }), {
    log,
    everyMs: 60_000,
  });
}
