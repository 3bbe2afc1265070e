// A commit checked out beside the checkout, with a Bazel of its own.
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ToolError, errorText } from '../../lib/errors.ts';
import { gitIn } from '../../lib/git.ts';
import { removeTree } from '../../lib/remove_tree.ts';
import { type Builder, endBuilder } from '../../oci/inspect/built_image.ts';
import type { PinsContext } from './context.ts';

/** A whole checkout may have to be written. */
const GIT_TIMEOUT_MS = 10 * 60_000;

/** A worktree with a commit, and a Bazel of its own for it; both are gone afterwards. */
export async function withWorktree(
  commit: string,
  context: PinsContext,
  use: (builder: Builder) => Promise<void>,
): Promise<void> {
  const { workspace, env, options, log } = context;
  const folder = await mkdtemp(join(tmpdir(), 'fathom-restore-'));
  const checkout = join(folder, 'src');
  const git = gitIn(workspace, { timeoutMs: GIT_TIMEOUT_MS });
  try {
    await git('worktree', 'add', '--detach', checkout, commit).catch((cause: unknown) => {
      throw new ToolError('K8S_RESTORE_FAILED', `Checking out commit ${commit}: ${errorText(cause)}`, {
        cause,
        hint: 'Free space in the folder for temporary files (TMPDIR), and repair the clone with `git fsck`.',
      });
    });
    // The workspace may be a folder of the repository.
    const prefix = await git('rev-parse', '--show-prefix');
    const builder: Builder = {
      // A test's folder would make the inner Bazel keep its outputs there.
      env: { ...env, TEST_TMPDIR: undefined, BUILD_WORKSPACE_DIRECTORY: undefined },
      signal: context.signal,
      workspace: join(checkout, prefix),
      outputBase: join(folder, 'out'),
      flags: options.buildFlags,
    };
    try {
      await use(builder);
    } finally {
      await endBuilder({ ...builder, signal: AbortSignal.timeout(60_000) }).catch(() => undefined);
    }
  } finally {
    await git('worktree', 'remove', '--force', checkout).catch(() => undefined);
    await removeTree(folder).catch((error: unknown) => log.warn(`${folder} stays: ${errorText(error)}`));
    await git('worktree', 'prune').catch(() => undefined);
  }
}
