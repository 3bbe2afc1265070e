// What `bazel run //bench:check` says of new results beside those that are kept. Pure.
import { ToolError } from '../../tools/lib/errors.ts';
import type { BenchResult } from '../lib/result.ts';
import { TOLERANCE, changesOf } from './regressions.ts';

/** A new result, and the kept one of the same benchmark. */
export interface Renewed {
  readonly before: BenchResult;
  readonly now: BenchResult;
}

/**
 * What to say where nothing is worse. Throws BENCH_WORSE with the rows that are, and BENCH_NOTHING where a result has no
 * ratio of the kept one: what compares nothing must not pass.
 */
export function verdictOf(renewed: readonly Renewed[]): string {
  const changes = renewed.map(({ before, now }) => changesOf(before, now));
  const compared = sumOf(changes.map((one) => one.compared));
  const worse = changes.flatMap((one) => one.worse);
  const missed = changes.flatMap((one) => one.missed);
  const notRun = sumOf(changes.map((one) => one.notRun));
  const left = notRun === 0 ? [] : [`${notRun} ${notRun === 1 ? 'row was' : 'rows were'} not run`];
  if (worse.length + missed.length > 0) {
    const said = [
      ...(worse.length === 0 ? [] : [`${worse.length} ${be(worse.length)} worse by over ${TOLERANCE * 100} %`]),
      ...(missed.length === 0 ? [] : [`${missed.length} of the aims that were met ${be(missed.length)} missed`]),
      ...left,
    ];
    const lines = [...worse, ...missed].map(({ row, before, now }) => `\n  ${row}: ${before} before, ${now} now`);
    throw new ToolError('BENCH_WORSE', `Comparing ${ratios(compared)}: ${said.join('; ')}${lines.join('')}`, {
      hint: 'Find the commit that did it; or write the new results, and say why, where that is meant.',
    });
  }
  const empty = changes.filter((one) => one.compared === 0);
  if (empty.length > 0) {
    const names = empty.map(({ benchmark }) => benchmark).join(', ');
    throw new ToolError('BENCH_NOTHING', `Comparing ${names}: no ratio of the kept result is in the new one`, {
      hint: 'Run cases that the kept result has: bench/README.md names them.',
    });
  }
  return [`${ratios(compared)} ${be(compared)} as before, or better`, ...left].join('; ');
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0);
}

function ratios(number: number): string {
  return `${number} ratio${number === 1 ? '' : 's'}`;
}

function be(number: number): string {
  return number === 1 ? 'is' : 'are';
}
