// The golden files of a new service: what its build renders.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ToolError } from '../lib/errors.ts';

/** Options of {@link writeGoldens}. */
export interface GoldensOptions {
  /** The services that have them, the new one first: `//services/shop/cart`. */
  readonly labels: readonly string[];
  readonly workspace: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** How long it may take, the first build of a workspace included, in milliseconds. Default: 30 minutes. */
  readonly timeoutMs?: number;
}

/** Has Bazel (that of FATHOM_BAZEL, else `bazel`) write them; what it says goes to stderr. Throws NEW_GOLDENS. */
export async function writeGoldens({ labels, ...options }: GoldensOptions): Promise<void> {
  for (const label of labels) await runBazel(`${label}:update_goldens`, options);
}

async function runBazel(target: string, options: Omit<GoldensOptions, 'labels'>): Promise<void> {
  const { workspace, env, signal, timeoutMs = 30 * 60_000 } = options;
  const deadline = AbortSignal.timeout(timeoutMs);
  const child = spawn(env['FATHOM_BAZEL'] ?? 'bazel', [...startupOptions(env), 'run', target], {
    cwd: workspace,
    // The launcher of what is run sets its own.
    env: { ...env, RUNFILES_DIR: undefined },
    stdio: ['ignore', 2, 2],
    signal: AbortSignal.any([signal, deadline]),
  });
  const failed = (why: string, cause?: unknown) =>
    new ToolError('NEW_GOLDENS', `Running ${target}: ${why}; the service is written, its golden files are not`, {
      cause,
      hint: `Mend what Bazel wrote above, and run \`bazel run ${target}\`.`,
    });
  const [code, killedBy]: unknown[] = await once(child, 'exit').catch((cause: unknown) => {
    signal.throwIfAborted();
    throw failed(deadline.aborted ? `no end within ${timeoutMs / 1000} s` : 'Bazel cannot be started', cause);
  });
  if (code !== 0) throw failed(code === null ? `ended by ${String(killedBy)}` : `exit code ${String(code)}`);
}

/** The Bazel that has built this program goes on: one with another folder of outputs would build everything anew. */
function startupOptions(env: GoldensOptions['env']): readonly string[] {
  const outputBase = /^(.+)\/execroot\/[^/]+\/bazel-out\//.exec(env['RUNFILES_DIR'] ?? '')?.[1];
  return outputBase === undefined ? [] : [`--output_base=${outputBase}`];
}
