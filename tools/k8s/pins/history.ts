// What git knows of the commits of pins: whether they are there, and what lies between them.
import { ToolError, errorText } from '../../lib/errors.ts';
import { type Git, GitError, gitIn, gitSays } from '../../lib/git.ts';

/** A commit, for people. */
export interface Commit {
  readonly id: string;
  readonly subject: string;
}

/** The history of the checkout. */
export interface History {
  /** The commit that is checked out. */
  readonly head: string;
  has(commit: string): Promise<boolean>;
  /** Whether a branch of a remote has the commit, as far as this clone knows; true where there is no remote. */
  isShared(commit: string): Promise<boolean>;
  /** The commits that `to` has and `from` has not, the newest first; of those only what touches `paths`. */
  between(from: string, to: string, paths: readonly string[]): Promise<readonly Commit[]>;
  /** How many {@link History.between} would be; without `paths`, all. */
  count(from: string, to: string, paths?: readonly string[]): Promise<number>;
}

/** Opens the history of a workspace. Throws K8S_GIT_UNKNOWN. */
export async function openHistory(workspace: string, signal?: AbortSignal): Promise<History> {
  const git = gitIn(workspace, signal === undefined ? {} : { signal });
  // The commits of pins are few, and asked about for each service.
  const known = new Map<string, Promise<boolean>>();
  const ask = (...args: readonly string[]) => git(...args).catch((error: unknown) => Promise.reject(unknown(error)));
  return {
    head: await ask('rev-parse', '--verify', 'HEAD^{commit}'),
    has: (commit) => {
      const found = known.get(commit) ?? hasCommit(git, commit);
      known.set(commit, found);
      return found;
    },
    isShared: async (commit) =>
      (await ask('remote')) === '' ||
      (await ask('for-each-ref', '--count=1', `--contains=${commit}`, 'refs/remotes')) !== '',
    between: async (from, to, paths) => {
      const text = await ask('log', '--format=%H %s', `${from}..${to}`, '--', ...paths);
      return lines(text).map((line) => ({
        id: line.slice(0, line.indexOf(' ')),
        subject: line.slice(line.indexOf(' ') + 1),
      }));
    },
    count: async (from, to, paths = []) => Number(await ask('rev-list', '--count', `${from}..${to}`, '--', ...paths)),
  };
}

/**
 * The paths whose commits concern images: the packages of all that they are built of, without pins.json, whose every
 * change would otherwise count as one of the image.
 */
export function pathsOf(sources: readonly string[], pinsFile: string): string[] {
  const name = pinsFile.split('/').at(-1) ?? pinsFile;
  // A package includes those below it; the root would be everything.
  const packages = sources.filter((source) => source !== '').map((source) => `:(literal)${source}`);
  return [...packages, `:(exclude,glob)**/${name}`];
}

/** The first letters of a commit, as people write it. */
export function shortCommit(commit: string): string {
  return commit.slice(0, 12);
}

/** The error for a commit that is not in this clone. `what` is what was to be done. */
export function commitUnknown(what: string, commit: string): ToolError {
  return new ToolError('K8S_PIN_COMMIT_UNKNOWN', `${what}: commit ${commit} is not in this repository`, {
    hint: `Run \`git fetch --all\`; in a shallow clone \`git fetch --unshallow\`; else \`git fetch origin ${commit}\`. A commit that was never pushed is only where it was made.`,
  });
}

async function hasCommit(git: Git, commit: string): Promise<boolean> {
  try {
    return await gitSays(git('cat-file', '-e', `${commit}^{commit}`));
  } catch (error) {
    // 128: there is no such object, or it is none.
    if (error instanceof GitError && error.exitCode === 128) return false;
    throw unknown(error);
  }
}

function unknown(error: unknown): unknown {
  if (!(error instanceof GitError)) return error;
  return new ToolError('K8S_GIT_UNKNOWN', `Asking git about commits: ${errorText(error)}`, {
    cause: error,
    hint: 'Use `bazel run` in a clone with git on the PATH.',
  });
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
