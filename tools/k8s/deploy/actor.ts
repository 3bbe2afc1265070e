// Who runs a verb, and of which commit: for locks, history and guards.
import { ToolError, errorText } from '../../lib/errors.ts';
import { gitIn, gitSays } from '../../lib/git.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** The state of the checkout from which a verb runs. */
export interface Checkout {
  readonly commit: string;
  /** Files that differ from the commit, as `git status --porcelain` lists them. */
  readonly changes: readonly string[];
}

/** The checkout of `bazel run`; undefined outside of one, or where it is no git repository. */
export async function readCheckout(env: Env): Promise<Checkout | undefined> {
  const folder = env['BUILD_WORKSPACE_DIRECTORY'];
  if (folder === undefined || folder === '') return undefined;
  const git = gitIn(folder);
  try {
    const [commit, status] = await Promise.all([git('rev-parse', 'HEAD'), git('status', '--porcelain')]);
    return { commit, changes: status === '' ? [] : status.split('\n') };
  } catch {
    // Not a repository, or no git on this machine: nothing is known of a commit.
    return undefined;
  }
}

/** Why no commit is known where one is wanted: K8S_GIT_UNKNOWN, with git's own words, which may name what mends it. */
export async function unknownCommit(what: string, env: Env): Promise<ToolError> {
  const folder = env['BUILD_WORKSPACE_DIRECTORY'] ?? '';
  const said =
    folder === ''
      ? 'nobody said which checkout'
      : await gitIn(folder)('status', '--porcelain').then(() => 'it has none yet', errorText);
  return new ToolError('K8S_GIT_UNKNOWN', `${what}: the commit of this checkout is not known: ${said}`, {
    hint: 'Use `bazel run` in a clone with at least one commit, as the user whose clone it is, with git on the PATH.',
  });
}

const MAIN_BRANCHES = [
  'refs/remotes/origin/HEAD',
  'refs/remotes/origin/main',
  'refs/remotes/origin/master',
  'refs/heads/main',
  'refs/heads/master',
];
const SHOWN_CHANGES = 3;

/**
 * Requires a clean checkout whose commit the main branch has: the remote's where there is one.
 * Throws K8S_GIT_UNKNOWN, K8S_GIT_DIRTY, K8S_GIT_UNMERGED.
 */
export async function requireMainCommit(what: string, env: Env): Promise<Checkout> {
  const checkout = await readCheckout(env);
  const folder = env['BUILD_WORKSPACE_DIRECTORY'] ?? '';
  if (checkout === undefined) throw await unknownCommit(`Deploying to ${what}`, env);
  const { commit, changes } = checkout;
  if (changes.length > 0) {
    const more = changes.length > SHOWN_CHANGES ? ` and ${changes.length - SHOWN_CHANGES} more` : '';
    const shown = changes.slice(0, SHOWN_CHANGES).map((line) => line.slice(3));
    throw new ToolError('K8S_GIT_DIRTY', `Deploying to ${what}: the tree has changes: ${shown.join(', ')}${more}`, {
      hint: 'Commit them and merge the commit, or set them aside with `git stash -u`.',
    });
  }
  const branch = await mainBranch(folder);
  if (branch === undefined || !(await isAncestor(folder, commit, branch))) {
    const name = branch?.replace(/^refs\/(heads|remotes)\//, '') ?? 'main (there is none)';
    throw new ToolError('K8S_GIT_UNMERGED', `Deploying to ${what}: commit ${commit.slice(0, 12)} is not in ${name}`, {
      hint: 'Merge it first, or check out a commit of the main branch; `git fetch` if it was merged elsewhere.',
    });
  }
  return checkout;
}

async function mainBranch(folder: string): Promise<string | undefined> {
  for (const ref of MAIN_BRANCHES) {
    const isThere = await gitIn(folder)('rev-parse', '--verify', '--quiet', ref).then(
      () => true,
      () => false,
    );
    if (isThere) return ref;
  }
  return undefined;
}

async function isAncestor(folder: string, commit: string, branch: string): Promise<boolean> {
  try {
    return await gitSays(gitIn(folder)('merge-base', '--is-ancestor', commit, branch));
  } catch (error) {
    throw new ToolError('K8S_GIT_UNKNOWN', `Asking git about ${branch}: ${errorText(error)}`, {
      cause: error,
      hint: 'Repair the clone, or make a new one.',
    });
  }
}
