// What got worse between two results of a benchmark: ratios, which hold on any machine, and aims of ours alone. Pure.
import { isMet, isWithin } from '../lib/compare.ts';
import type { BenchResult, Comparison } from '../lib/result.ts';
import { intervalOf } from '../lib/statistics.ts';
import { amount, times } from './tables.ts';

/** By how much a ratio may fall before it counts. */
export const TOLERANCE = 0.2;

/** A row that is worse than it was. */
export interface Regression {
  /** `apply: no-op, kubectl 1.34.4`. */
  readonly row: string;
  /** `10×`, `105 ms`. */
  readonly before: string;
  readonly now: string;
}

/** How a new result differs from the kept one. */
export interface Changes {
  readonly benchmark: string;
  /** How many ratios both have. */
  readonly compared: number;
  /** How many ratios, and aims of ours alone, only the kept one has. */
  readonly notRun: number;
  /** Ratios that have fallen by over {@link TOLERANCE}. */
  readonly worse: readonly Regression[];
  /** What met its aim, and does not any more. */
  readonly missed: readonly Regression[];
}

/** Compares a new result with the kept one of the same benchmark. */
export function changesOf(before: BenchResult, now: BenchResult): Changes {
  const { benchmark } = before;
  const found = before.comparisons.flatMap((old) => {
    const one = now.comparisons.find((other) => rowKey(other) === rowKey(old));
    return one === undefined ? [] : [{ old, now: one }];
  });
  const aims = before.measurements.filter(({ aim }) => aim !== undefined);
  const lost = aims.filter((old) => !now.measurements.some((other) => rowKey(other) === rowKey(old)));
  return {
    benchmark,
    compared: found.length,
    notRun: before.comparisons.length - found.length + lost.length,
    worse: found
      .filter((one) => isWorse(one))
      .map(({ old, now: { ratio } }) => ({ ...partsOf(benchmark, old), now: times(ratio.median) })),
    missed: [
      ...found
        .filter((one) => !isWorse(one) && isMissed(one))
        .map(({ old, now: { ratio } }) => ({
          ...partsOf(benchmark, old),
          now: `${times(ratio.median)} (down to ${times(ratio.low)}; the aim is ${times(old.aim ?? Number.NaN)})`,
        })),
      ...missedAims(before, now),
    ],
  };
}

interface Found {
  readonly old: Comparison;
  readonly now: Comparison;
}

function isWorse({ old, now }: Found): boolean {
  return now.ratio.median < old.ratio.median * (1 - TOLERANCE);
}

/** By the kept aim, and by the interval's end alone, as for {@link missedAims}. */
function isMissed({ old, now }: Found): boolean {
  return old.aim !== undefined && isMet(old) === true && now.ratio.low < old.aim;
}

function partsOf(benchmark: string, { name, peer, ratio }: Comparison): Pick<Regression, 'row' | 'before'> {
  return { row: `${benchmark}: ${name}, ${peer}`, before: times(ratio.median) };
}

/** By the kept aim, as a result must not loosen its own; that runs are too few for an interval is not a miss by itself. */
function missedAims(before: BenchResult, after: BenchResult): readonly Regression[] {
  return before.measurements.flatMap((old) => {
    const { aim, unit } = old;
    const one = after.measurements.find((other) => rowKey(other) === rowKey(old));
    if (aim === undefined || one === undefined || isWithin(old) !== true) return [];
    const { high } = intervalOf(one.values);
    if (high <= aim) return [];
    const now = `${amount(one.median, unit)} (up to ${amount(high, unit)}; the aim is ${amount(aim, unit)})`;
    return [{ row: `${before.benchmark}: ${old.name}`, before: amount(old.median, unit), now }];
  });
}

/** What a row is found by in another result: versions may be others by now. */
export function rowKey({ name, peer = '' }: { readonly name: string; readonly peer?: string }): string {
  return `${name}\n${peer}`.replaceAll(/\bv?\d+(\.\d+)+\S*/g, '');
}
