// A Bazel with an output base of its own, for checks that are about builds. It runs outside of any sandbox.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { removeTree } from '../../lib/remove_tree.ts';

const run = promisify(execFile);

export interface NestedBazelOptions {
  /** Where the output base goes. */
  readonly folder: string;
  /** The output base's name in `folder`. Default: `out`. */
  readonly name?: string;
  /**
   * Whether it may be the output base of FATHOM_NESTED_BASE, where that is set: one after the other, checks of copies of
   * one checkout go on with what those before them have fetched and built. Default: no.
   */
  readonly isShared?: boolean;
  readonly workspace: string;
  readonly env: NodeJS.ProcessEnv;
  /** How long one command may take, in milliseconds. Default: 15 minutes. */
  readonly timeoutMs?: number;
}

/** Runs a command and resolves to all that it printed; rejects where it fails. */
export type NestedBazel = (...args: readonly string[]) => Promise<string>;

/** The Bazel of FATHOM_BAZEL, else `bazel`. */
export function nestedBazel(options: NestedBazelOptions): NestedBazel {
  const { folder, name = 'out', isShared = false, workspace, env, timeoutMs = 900_000 } = options;
  const base = (isShared ? env['FATHOM_NESTED_BASE'] : undefined) ?? join(folder, name);
  return async (...args) => {
    const { stdout, stderr } = await run(env['FATHOM_BAZEL'] ?? 'bazel', [`--output_base=${base}`, ...args], {
      cwd: workspace,
      // TEST_TMPDIR would make the inner Bazel keep its outputs in the outer one's.
      env: { ...env, TEST_TMPDIR: undefined },
      maxBuffer: 64 << 20,
      timeout: timeoutMs,
    });
    return stdout + stderr;
  };
}

/** The folder of what a workspace's targets make. */
export async function binFolder(bazel: NestedBazel): Promise<string> {
  return /^\/.*\/bin$/m.exec(await bazel('info', 'bazel-bin'))?.[0] ?? '';
}

/** Ends the servers, and removes the folder; Bazel's outputs are write-protected. */
export async function endNested(folder: string, ...servers: readonly NestedBazel[]): Promise<void> {
  for (const bazel of servers) await bazel('shutdown').catch(() => undefined);
  await removeTree(folder);
}
