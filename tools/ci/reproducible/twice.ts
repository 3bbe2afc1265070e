// One checkout built two times, each time from a copy, with what is different around it.
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Log, step } from '../../lib/log.ts';
import { removeTree } from '../../lib/remove_tree.ts';
import { type BuildResult, copySources, isolatedBuild } from './builds.ts';
import type { Surroundings } from './surroundings.ts';

/** Options of {@link buildTwice}. */
export interface TwiceOptions {
  readonly bazel: string;
  readonly workspace: string;
  readonly targets: readonly string[];
  readonly surroundings: readonly [Surroundings, Surroundings];
  /** Changes a copy before it is built. Default: nothing is changed. */
  readonly prepare?: (checkout: string) => Promise<void>;
  /** More flags of a build: of its own folder, in its environment. Default: none. */
  readonly flags?: (surroundings: Surroundings, own: string, env: NodeJS.ProcessEnv) => readonly string[];
  /** Takes what it needs out of a build's own folder, before that is removed. Default: nothing. */
  readonly keep?: (surroundings: Surroundings, own: string) => Promise<void>;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Builds in one surrounding, then in the other, and leaves nothing of either. Throws what isolatedBuild throws. */
export async function buildTwice(options: TwiceOptions): Promise<readonly [BuildResult, BuildResult]> {
  const folder = await mkdtemp(join(tmpdir(), 'fathom-twice-'));
  // The user of a build has to get to its own folder.
  await chmod(folder, 0o711);
  const build = (surroundings: Surroundings) => buildOnce(options, surroundings, join(folder, surroundings.name));
  try {
    const [a, b] = options.surroundings;
    return [await build(a), await build(b)];
  } finally {
    await removeTree(folder);
  }
}

async function buildOnce(options: TwiceOptions, surroundings: Surroundings, own: string): Promise<BuildResult> {
  const { bazel, targets, log, signal } = options;
  const checkout = join(own, surroundings.folder);
  await copySources(options.workspace, checkout, signal);
  await options.prepare?.(checkout);
  const flags = (env: NodeJS.ProcessEnv) => options.flags?.(surroundings, own, env) ?? [];
  const umask = surroundings.umask.toString(8);
  const result = await step(
    `Building in ${surroundings.folder} with umask ${umask} and TZ ${surroundings.timeZone}`,
    () => isolatedBuild({ bazel, targets, surroundings, folder: own, flags, log, signal }),
    { log, everyMs: 60_000 },
  );
  await options.keep?.(surroundings, own);
  await removeTree(own);
  return result;
}
