// gitops: the manifests of an environment on a branch, from where Argo CD or Flux takes them.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { ToolError } from '../../lib/errors.ts';
import { retry } from '../../lib/retry.ts';
import { readCheckout, requireMainCommit, unknownCommit } from '../deploy/actor.ts';
import { type LoadedSet, loadSets, readPlanInput } from '../model/plan_input.ts';
import { type BranchCheckout, BranchMoved, type BranchPlace, checkOut, commit, push } from './checkout.ts';
import type { GitopsContext, Published } from './context.ts';
import { type MessageOptions, bodyOf, titleOf } from './message.ts';
import type { GitopsOptions } from './options.ts';
import { openPullRequest } from './pull_request.ts';
import { type StackFiles, pathsOfFiles, stackFiles } from './tree.ts';
import { writeFiles } from './write.ts';

interface Source {
  readonly commit: string;
  readonly isDirty: boolean;
}

/** Pushes tried in all, and no new one later than this after the first, in milliseconds. */
const TRIES = { attempts: 6, deadlineMs: 5 * 60_000, baseMs: 200, maxMs: 1500 };

const SHOWN_CHANGES = 5;

/**
 * Writes the manifests and pushes them as one commit; prints it. Throws K8S_GITOPS_*, K8S_GIT_*, K8S_UNPINNED and what
 * reading plans throws.
 */
export async function gitops(context: GitopsContext): Promise<void> {
  const { options, plans, resolve, print, log } = context;
  const inputs = await Promise.all(plans.map(readPlanInput));
  const sets = (await Promise.all(inputs.map((input) => loadSets(input, resolve)))).flat();
  const stacks = stackFiles(sets);
  for (const { label, leftOut } of stacks) {
    if (leftOut.length > 0) log.warn(`${label}: left out, as values never get into git: ${leftOut.join(', ')}`);
  }
  const source = await sourceOf(context, sets);
  const { repo, branch, base } = options;
  const folder = await mkdtemp(join(tmpdir(), 'fathom-gitops-'));
  try {
    const result = await publish({ repo, branch, base }, { folder, stacks, source, context });
    const text =
      result.commit === undefined ? 'nothing has changed' : `${result.files.length} files in ${result.commit}`;
    log.info(options.isDryRun ? `${branch}: a dry run, nothing was pushed` : `${branch}: ${text}`);
    if (options.output === 'json') {
      const { environment } = options;
      print(
        JSON.stringify({
          environment,
          branch,
          commit: result.commit ?? null,
          title: result.title,
          files: result.files,
        }),
      );
    } else if (result.commit !== undefined) print(result.commit);
    if (result.commit !== undefined && options.prCommand !== undefined)
      await openPullRequest(result, options.prCommand, context);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The commit that the manifests are of. Throws K8S_GIT_UNKNOWN, K8S_GIT_DIRTY, K8S_GIT_UNMERGED. */
async function sourceOf({ options, env, label, log }: GitopsContext, sets: readonly LoadedSet[]): Promise<Source> {
  const { environment, isDirtyAllowed, isDryRun, prCommand } = options;
  // A branch that is deployed from is as protected as its environment; a pull request is where it is reviewed.
  const isProtected = sets.some(({ objects }) => objects.some(({ guard }) => guard.isProtected));
  const isReviewed = isDryRun || prCommand !== undefined;
  if (isProtected && !isReviewed) await requireMainCommit(`environment '${environment}'`, env);
  const checkout = await readCheckout(env);
  const what = `Writing manifests of ${label}`;
  if (checkout === undefined) throw await unknownCommit(what, env);
  const { commit: id, changes } = checkout;
  if (changes.length === 0) return { commit: id, isDirty: false };
  const shown = changes.slice(0, SHOWN_CHANGES).map((line) => line.slice(3));
  if (!isDirtyAllowed && !isDryRun) {
    throw new ToolError('K8S_GIT_DIRTY', `${what}: the tree has changes that its commit has not: ${shown.join(', ')}`, {
      hint: 'Commit them, pins.json included, or set them aside with `git stash -u`; `--allow-dirty` writes them all the same.',
    });
  }
  log.warn(`${label}: rendered of a tree with changes: ${shown.join(', ')}`);
  return { commit: id, isDirty: true };
}

interface Publishing {
  readonly folder: string;
  readonly stacks: readonly StackFiles[];
  readonly source: Source;
  readonly context: GitopsContext;
}

/** Commits and pushes, anew on top of what others have pushed meanwhile. Throws K8S_GITOPS_REJECTED. */
async function publish(place: BranchPlace, work: Publishing): Promise<Published> {
  const { log, signal } = work.context;
  try {
    return await retry(async () => publishOnce(place, work), {
      ...TRIES,
      signal,
      reason: (error) => (error instanceof BranchMoved ? {} : undefined),
      onRetry: () => log.info(`${place.branch}: somebody else has pushed meanwhile; writing on top of that`),
    });
  } catch (error) {
    if (!(error instanceof BranchMoved)) throw error;
    throw new ToolError(
      'K8S_GITOPS_REJECTED',
      `Pushing to ${place.branch} of ${place.repo}: others were faster, ${TRIES.attempts} times`,
      {
        cause: error,
        hint: 'Run it again when fewer push to this branch, or use a --branch of its own with --pr.',
      },
    );
  }
}

async function publishOnce(place: BranchPlace, { folder, stacks, source, context }: Publishing): Promise<Published> {
  const { options, signal, env, print } = context;
  const checkout = await checkOut(place, { folder, signal, env });
  const files = pathsOfFiles(stacks, options.path);
  await writeFiles({ checkout: folder, folder: options.path, files, isAdopting: options.isAdopting });
  const changed = await stage(checkout);
  const message = messageOf(changed, { options, stacks, source });
  const [title, body] = [titleOf(message), bodyOf(message)];
  if (options.isDryRun) {
    const difference = await checkout.git('diff', '--cached', '--no-color', '--no-ext-diff');
    if (difference !== '') print(difference);
    return { commit: undefined, title, body, files: changed };
  }
  if (changed.length === 0) return { commit: undefined, title: '', body: '', files: [] };
  const id = await commit(checkout, `${title}\n\n${body}\n`);
  await push(checkout, place);
  return { commit: id, title, body, files: changed };
}

/** Adds all that was written and removed, also what the branch ignores; the paths that differ from the branch. */
async function stage({ git, head }: BranchCheckout): Promise<string[]> {
  await git('add', '--force', '--all');
  if (head === undefined) return lines(await git('ls-files', '-z'));
  return lines(await git('diff', '--cached', '--name-only', '--no-renames', '-z'));
}

function lines(text: string): string[] {
  return text.split('\0').filter((line) => line !== '');
}

function messageOf(
  changed: readonly string[],
  { options, stacks, source }: Pick<Publishing, 'stacks' | 'source'> & { readonly options: GitopsOptions },
): MessageOptions {
  const touched = changed
    .map((path) => posix.relative(options.path, path).split('/'))
    .filter((parts) => parts.length > 1);
  const names = new Set(touched.map(([name = '']) => name));
  const kept = new Set(stacks.map(({ name }) => name));
  return {
    environment: options.environment,
    source: source.commit,
    isDirty: source.isDirty,
    stacks,
    changed: names,
    removed: [...names].filter((name) => !kept.has(name)).sort(),
  };
}
