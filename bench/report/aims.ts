// How many aims all benchmarks meet, and which they miss. Pure.
import { isMet, isWithin } from '../lib/compare.ts';
import type { BenchResult } from '../lib/result.ts';
import { intervalOf } from '../lib/statistics.ts';
import { amount, table, times, unlessAlone } from './tables.ts';

interface Row {
  readonly cells: readonly string[];
  readonly met: boolean;
}

/** How many aims are met, and each other one with what was reached: those that are met are in the benchmarks' own tables. */
export function scoreboardOf(results: readonly BenchResult[]): string {
  const rows = results.flatMap((result) => [...ratioRows(result), ...ownRows(result)]);
  const met = rows.filter((row) => row.met).length;
  if (rows.length === 0) return 'No result has an aim.';
  if (met === rows.length) return `**All aims are met: ${met}.**`;
  const missed = rows.filter((row) => !row.met).map((row) => row.cells);
  return [
    `**${met} of ${rows.length} aims are met.** Missed are:`,
    table(['benchmark', 'case', 'against', 'reached', 'worse end', 'aim'], missed),
  ].join('\n\n');
}

function ratioRows({ benchmark, comparisons }: BenchResult): readonly Row[] {
  return comparisons.flatMap((one) => {
    const { name, peer, pairs, ratio, aim } = one;
    if (aim === undefined) return [];
    const reached = [times(ratio.median), unlessAlone(pairs, times(ratio.low))];
    return [{ cells: [benchmark, name, peer, ...reached, times(aim)], met: isMet(one) === true }];
  });
}

function ownRows({ benchmark, measurements }: BenchResult): readonly Row[] {
  return measurements.flatMap((one) => {
    const { name, unit, values, median, aim } = one;
    if (aim === undefined) return [];
    const reached = [amount(median, unit), unlessAlone(values, amount(intervalOf(values).high, unit))];
    return [{ cells: [benchmark, name, '–', ...reached, `≤ ${amount(aim, unit)}`], met: isWithin(one) === true }];
  });
}
