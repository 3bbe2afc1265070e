// Who runs a verb, and of which commit: for locks, history and guards.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ToolError, errorText } from '../../lib/errors.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** The state of the checkout from which a verb runs. */
export interface Checkout {
  readonly commit: string;
  /** Files that differ from the commit, as `git status --porcelain` lists them. */
  readonly changes: readonly string[];
}

const GIT_TIMEOUT_MS = 30_000;

async function git(folder: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('git', ['-C', folder, ...args], {
    timeout: GIT_TIMEOUT_MS,
    maxBuffer: 64 * 1024 * 1024,
    // A hook or an editor of the caller's must not change what is asked.
    env: { ...process.env, GIT_OPTIONAL_LOCKS: '0', LC_ALL: 'C' },
  });
  return stdout.trimEnd();
}

/** The checkout of `bazel run`; undefined outside of one, or where it is no git repository. */
export async function readCheckout(env: Env): Promise<Checkout | undefined> {
  const folder = env['BUILD_WORKSPACE_DIRECTORY'];
  if (folder === undefined || folder === '') return undefined;
  try {
    const [commit, status] = await Promise.all([
      git(folder, 'rev-parse', 'HEAD'),
      git(folder, 'status', '--porcelain'),
    ]);
    return { commit, changes: status === '' ? [] : status.split('\n') };
  } catch {
    // Not a repository, or no git on this machine: nothing is known of a commit.
    return undefined;
  }
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
  if (checkout === undefined) {
    throw new ToolError('K8S_GIT_UNKNOWN', `Deploying to ${what}: the commit of this checkout is not known`, {
      hint: 'Use `bazel run` in a clone with git on the PATH.',
    });
  }
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
    const isThere = await git(folder, 'rev-parse', '--verify', '--quiet', ref).then(
      () => true,
      () => false,
    );
    if (isThere) return ref;
  }
  return undefined;
}

async function isAncestor(folder: string, commit: string, branch: string): Promise<boolean> {
  try {
    await git(folder, 'merge-base', '--is-ancestor', commit, branch);
    return true;
  } catch (error) {
    // 1 says no; anything else is a failure of git itself.
    if ((error as { code?: unknown }).code === 1) return false;
    throw new ToolError('K8S_GIT_UNKNOWN', `Asking git about ${branch}: ${errorText(error)}`, {
      cause: error,
      hint: 'Repair the clone, or make a new one.',
    });
  }
}
