// Results that tests make up, and what they read out of a plot.
import { comparisonOf, measurementOf } from '../lib/compare.ts';
import type { BenchResult, Comparison, Measurement } from '../lib/result.ts';

/** Options of {@link comparison}. */
export interface ComparisonOptions {
  /** Seconds. Default: 1. */
  readonly ours?: number;
  /** Default: kubectl 1.34.4. */
  readonly peer?: string;
  /** How many pairs. Default: 9. */
  readonly count?: number;
  readonly aim?: number;
  readonly note?: string;
}

/** A comparison of pairs that all have the same ratio. */
export function comparison(name: string, ratio: number, options: ComparisonOptions = {}): Comparison {
  const { ours = 1, peer = 'kubectl 1.34.4', count = 9, ...more } = options;
  const pairs = Array.from({ length: count }, () => ({ ours, peer: ours * ratio }));
  return comparisonOf(pairs, { name, peer, ...more });
}

/** Seconds of ours alone; by default with an aim of 5. */
export function measurement(name: string, values: readonly number[], aim = 5): Measurement {
  return measurementOf(values, { name, unit: 's', aim });
}

/** A result of `apply`. */
export function result(comparisons: readonly Comparison[], measurements: readonly Measurement[] = []): BenchResult {
  return {
    benchmark: 'apply',
    machine: { cpus: 2, memoryBytes: 24 * 2 ** 30, kernel: '6.18.0' },
    versions: { node: 'v26.10.0' },
    commit: 'abc',
    comparisons,
    measurements,
  };
}

/** A label of a plot's row. */
export interface Label {
  /** The whole: `no-op, against kubectl 1.34.4`. */
  readonly text: string;
  /** The lines of the case's name. */
  readonly lines: readonly string[];
}

/** The labels of a plot, from above. */
export function labelsOf(svg: string): readonly Label[] {
  const labels: Label[] = [];
  let peer = '';
  for (const [, kind, inner = ''] of svg.matchAll(/<text class="(peer|case)"[^>]*>(.*)<\/text>/g)) {
    const lines = inner.split(/<tspan[^>]*>/).map((line) => unescaped(line.replace('</tspan>', '')).trim());
    if (kind === 'peer') peer = lines.join(' ');
    else labels.push({ text: `${lines.join(' ')}, ${peer}`, lines });
  }
  return labels;
}

function unescaped(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
