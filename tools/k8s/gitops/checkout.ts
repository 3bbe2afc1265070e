// The branch of manifests: a checkout of its own, commits on it, and pushes that never overwrite what others have pushed.
import { ToolError, errorText } from '../../lib/errors.ts';
import { type Git, GitError, gitIn, gitSays } from '../../lib/git.ts';

/** A branch that is checked out in a scratch folder. */
export interface BranchCheckout {
  readonly folder: string;
  readonly git: Git;
  /** The commit that it is at; undefined: the branch begins with the next commit. */
  readonly head: string | undefined;
  /** The commit that the repository has under the branch's name; undefined: it has none. */
  readonly remote: string | undefined;
}

/** Which branch of which repository. */
export interface BranchPlace {
  readonly repo: string;
  readonly branch: string;
  /** From where the branch is begun. Default: it begins empty. */
  readonly base: string | undefined;
}

interface CheckoutOptions {
  /** An empty folder, or that of an earlier checkout of the same branch. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Default: that of the process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** A transfer from or to another machine. */
const TRANSFER_TIMEOUT_MS = 10 * 60_000;

/** Others have pushed to the branch since it was read. */
export class BranchMoved extends Error {}

/** Checks the branch out as the repository has it now. Throws K8S_GITOPS_REPOSITORY. */
export async function checkOut(place: BranchPlace, { folder, signal, env }: CheckoutOptions): Promise<BranchCheckout> {
  const { repo, branch, base } = place;
  const git = gitIn(folder, { timeoutMs: TRANSFER_TIMEOUT_MS, signal, ...(env === undefined ? {} : { env }) });
  const ask = (...args: readonly string[]) =>
    git(...args).catch((error: unknown) => Promise.reject(unreadable(place, error)));
  await ask('init', '--quiet');
  // Bytes are written as they are, and nobody's hooks run.
  for (const setting of ['core.autocrlf=false', 'core.hooksPath=/dev/null', 'core.fsmonitor=false', 'gc.auto=0']) {
    const [name = '', value = ''] = setting.split('=');
    await ask('config', name, value);
  }
  // Where two branches are compared, their history is needed.
  const depth = base === undefined ? ['--depth=1'] : [];
  const read = async (name: string, as: string): Promise<string | undefined> => {
    if ((await headOf(ask, repo, name)) === undefined) return undefined;
    // What was fetched counts, not what was found just before: others may have pushed in between.
    await ask('fetch', '--quiet', '--no-tags', ...depth, '--', repo, `+refs/heads/${name}:refs/read/${as}`);
    return ask('rev-parse', `refs/read/${as}`);
  };
  const own = await read(branch, 'own');
  const start = base === undefined ? undefined : await read(base, 'base');
  if (base !== undefined && start === undefined) {
    throw new ToolError('K8S_GITOPS_REPOSITORY', `Reading ${repo}: it has no branch '${base}' to begin from`, {
      hint: 'Name a branch that is there as --base, or leave it out: then --branch begins empty.',
    });
  }
  // A branch that was merged, and not deleted, is begun anew.
  const isMerged = own !== undefined && start !== undefined && (await isAncestor(git, own, start, place));
  const head = own === undefined || isMerged ? start : own;
  await ask('symbolic-ref', 'HEAD', 'refs/heads/work');
  if (head === undefined) {
    await git('update-ref', '-d', 'refs/heads/work').catch(() => undefined);
    await ask('read-tree', '--empty');
    await ask('clean', '--quiet', '-dffx');
  } else {
    await ask('reset', '--quiet', '--hard', head);
    await ask('clean', '--quiet', '-dffx');
  }
  return { folder, git, head, remote: own };
}

/** Commits what is in the index. Throws K8S_GITOPS_REPOSITORY, such as where nobody is known as the author. */
export async function commit({ git }: BranchCheckout, message: string): Promise<string> {
  try {
    await git('commit', '--quiet', '--no-verify', '--cleanup=verbatim', `--message=${message}`);
    return await git('rev-parse', 'HEAD');
  } catch (cause) {
    throw failed(
      'Committing manifests',
      cause,
      'Tell git who you are: `git config --global user.name …` and `user.email`. Where you sign commits, signing must work without a question.',
    );
  }
}

/** Pushes the commit that is checked out, as what comes after {@link BranchCheckout.remote}. Throws {@link BranchMoved} and K8S_GITOPS_REPOSITORY. */
export async function push({ git, remote }: BranchCheckout, place: BranchPlace): Promise<void> {
  const { repo, branch } = place;
  try {
    await git('push', '--quiet', '--no-verify', '--', repo, `HEAD:refs/heads/${branch}`);
  } catch (error) {
    // Who was faster is seen by where the branch is now, not by git's words.
    const now = await headOf(git, repo, branch).catch(() => remote);
    if (now !== remote) throw new BranchMoved(`${branch} is at ${now ?? 'nothing'}`, { cause: error });
    throw failed(
      `Pushing to ${branch} of ${repo}`,
      error,
      'Check that you may push to this branch: one that is protected wants another --branch, and --pr.',
    );
  }
}

/** The commit of a branch in a repository; undefined: there is no such branch. */
async function headOf(git: Git, repo: string, branch: string): Promise<string | undefined> {
  const text = await git('ls-remote', '--', repo, `refs/heads/${branch}`);
  // A pattern also matches the ends of longer names.
  const line = text.split('\n').find((one) => one.endsWith(`\trefs/heads/${branch}`));
  return line?.split('\t')[0];
}

async function isAncestor(git: Git, own: string, start: string, place: BranchPlace): Promise<boolean> {
  return gitSays(git('merge-base', '--is-ancestor', own, start)).catch((error: unknown) =>
    Promise.reject(unreadable(place, error)),
  );
}

function unreadable({ repo }: BranchPlace, error: unknown): unknown {
  return failed(
    `Reading ${repo}`,
    error,
    'Check the address, and that `git ls-remote` of it works without a question.',
  );
}

function failed(doing: string, error: unknown, hint: string): unknown {
  if (!(error instanceof GitError)) return error;
  return new ToolError('K8S_GITOPS_REPOSITORY', `${doing}: ${errorText(error)}`, { cause: error, hint });
}
