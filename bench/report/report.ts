// The page about benchmarks: what people wrote, and between two marks what results say. Pure.
import { ToolError } from '../../tools/lib/errors.ts';
import type { BenchResult } from '../lib/result.ts';
import { plotOf } from './plot.ts';
import { sectionOf } from './tables.ts';

export const BEGIN = '<!-- From results/, by `bazel run //bench:report`. -->';
export const END = '<!-- End of what comes from results/. -->';

/** The files that follow from results, by their path below bench/. Throws BENCH_PAGE where the page has no marks. */
export function filesOf(page: string, results: readonly BenchResult[]): ReadonlyMap<string, string> {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) {
    throw new ToolError('BENCH_PAGE', 'Writing bench/README.md: it lacks the marks between which results go', {
      hint: `Put these two lines back: ${BEGIN} and ${END}`,
    });
  }
  const sections = results.map((result) => `${sectionOf(result)}\n\n`).join('');
  const text = `${page.slice(0, begin)}${BEGIN}\n\n${sections}${page.slice(end)}`;
  const plots = results
    .filter(({ comparisons }) => comparisons.length > 0)
    .map((result) => [`results/${result.benchmark}.svg`, plotOf(result)] as const);
  return new Map([['README.md', text], ...plots]);
}
