// What got worse between two results of a benchmark, by ratios alone: they hold on any machine. Pure.
import type { BenchResult, Comparison } from '../lib/result.ts';

/** By how much a ratio may fall before it counts. */
export const TOLERANCE = 0.2;

/** A comparison that is worse than it was, or is not there any more. */
export interface Regression {
  readonly benchmark: string;
  readonly name: string;
  readonly peer: string;
  readonly before: number;
  /** Undefined: it was not run. */
  readonly now: number | undefined;
}

/** The comparisons of `before` whose ratio has fallen by over {@link TOLERANCE}, and those that `now` lacks. */
export function regressionsOf(before: BenchResult, now: BenchResult): readonly Regression[] {
  return before.comparisons.flatMap((old) => {
    const found = now.comparisons.find((one) => keyOf(one) === keyOf(old));
    const isFine = found !== undefined && found.ratio.median >= old.ratio.median * (1 - TOLERANCE);
    if (isFine) return [];
    const { benchmark } = before;
    return [{ benchmark, name: old.name, peer: old.peer, before: old.ratio.median, now: found?.ratio.median }];
  });
}

/** A peer's version may be another one by now. */
function keyOf({ name, peer }: Comparison): string {
  return `${name}\n${peer.replaceAll(/\bv?\d+(\.\d+)+\S*/g, '')}`;
}
