// What a promotion changes, for people.
import type { Pin } from '../model/pins.ts';
import type { PinnedImageConfig } from './config.ts';
import { type Commit, type History, shortCommit } from './history.ts';

/** A pin on its way to the next environment. */
export interface Promotion {
  readonly image: PinnedImageConfig;
  /** Its name in the environment that gets it. */
  readonly ref: string;
  readonly pin: Pin;
  readonly before: Pin | undefined;
}

const SHOWN_COMMITS = 50;

/** Digests, commits, and the commits in between. */
export async function describe(
  { ref, pin, before }: Promotion,
  history: History,
  paths: readonly string[],
): Promise<readonly string[]> {
  if (before?.digest === pin.digest && before.commit === pin.commit) return [`${ref}: ${pin.digest}, as it is`];
  const digests = before === undefined ? `no pin → ${pin.digest}` : `${before.digest} → ${pin.digest}`;
  const lines = [ref, `  ${before?.digest === pin.digest ? `${pin.digest}, the same image` : digests}`];
  if (pin.commit === undefined) return [...lines, '  its pin names no commit'];
  const [old, next] = [before?.commit, pin.commit];
  if (old === undefined) return [...lines, `  commit ${shortCommit(next)}`];
  if (!(await history.has(old)))
    return [...lines, `  commit ${shortCommit(old)} (not in this repository) → ${shortCommit(next)}`];
  const [gained, lost, all] = await Promise.all([
    history.between(old, next, paths),
    history.between(next, old, paths),
    history.count(old, next),
  ]);
  return [
    ...lines,
    `  commits ${shortCommit(old)} → ${shortCommit(next)}: ${gained.length} of ${all} concern what it is built of`,
    ...shown(gained, '+'),
    ...(lost.length === 0
      ? []
      : [`  it goes back: ${lost.length} commits that are deployed are not in it`, ...shown(lost, '-')]),
  ];
}

function shown(commits: readonly Commit[], mark: string): string[] {
  const lines = commits.slice(0, SHOWN_COMMITS).map(({ id, subject }) => `    ${mark} ${shortCommit(id)} ${subject}`);
  return commits.length > SHOWN_COMMITS ? [...lines, `    and ${commits.length - SHOWN_COMMITS} more`] : lines;
}
