// The page about benchmarks: what people wrote, and between marks what results say. Pure.
import { ToolError } from '../../tools/lib/errors.ts';
import type { BenchResult } from '../lib/result.ts';
import { scoreboardOf } from './aims.ts';
import { plotOf } from './plot.ts';
import { sectionOf } from './tables.ts';

/** Two lines of the page; what stands between them is written here. */
interface Marks {
  readonly begin: string;
  readonly end: string;
}

export const AIMS: Marks = {
  begin: '<!-- Aims, by `bazel run //bench:report`. -->',
  end: '<!-- End of the aims. -->',
};

export const RESULTS: Marks = {
  begin: '<!-- From results/, by `bazel run //bench:report`. -->',
  end: '<!-- End of what comes from results/. -->',
};

/** The files that follow from results, by their path below bench/. Throws BENCH_PAGE where the page has no marks. */
export function filesOf(page: string, results: readonly BenchResult[]): ReadonlyMap<string, string> {
  const withAims = filled(page, { ...AIMS, text: scoreboardOf(results) });
  const text = filled(withAims, { ...RESULTS, text: results.map(sectionOf).join('\n\n') });
  const plots = results
    .filter(({ comparisons }) => comparisons.length > 0)
    .map((result) => [`results/${result.benchmark}.svg`, plotOf(result)] as const);
  return new Map([['README.md', text], ...plots]);
}

function filled(page: string, { begin, end, text }: Marks & { readonly text: string }): string {
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) {
    throw new ToolError('BENCH_PAGE', 'Writing bench/README.md: it lacks marks between which results go', {
      hint: `Put these two lines back: ${begin} and ${end}`,
    });
  }
  return `${page.slice(0, from)}${begin}\n\n${text}\n\n${page.slice(to)}`;
}
