// Comparisons that a busy machine does not turn: both sides by turns, and what is kept is their ratio.
import type { Comparison, Measurement, Pair, Ratio, Unit } from './result.ts';
import { WANTED, intervalOf, medianOf } from './statistics.ts';

/** Fewer pairs than this have no interval that can be trusted by 95 %. */
export const MIN_PAIRS = 7;

/** Does a thing once and resolves to how much it took. What it prepares or takes away does not count. */
export type Run = (round: number) => Promise<number>;

/** Options of {@link comparePairs}. */
export interface CompareOptions {
  readonly name: string;
  readonly peer: string;
  /** Default: `s`. */
  readonly unit?: Unit;
  readonly pairs: number;
  readonly run: { readonly ours: Run; readonly peer: Run };
  readonly aim?: number;
  readonly note?: string;
  /** Called after each pair. Default: nothing. */
  readonly onPair?: (pair: Pair, round: number) => void;
  readonly signal: AbortSignal;
}

/** Runs both sides `pairs` times, and changes who begins: what else the machine does meets both alike. */
export async function comparePairs(options: CompareOptions): Promise<Comparison> {
  const { pairs, run, signal, onPair } = options;
  const done: Pair[] = [];
  for (let round = 0; round < pairs; round++) {
    const took: Partial<Record<'ours' | 'peer', number>> = {};
    const sides = ['ours', 'peer'] as const;
    for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
      signal.throwIfAborted();
      took[side] = await run[side](round);
    }
    const pair = { ours: took.ours ?? Number.NaN, peer: took.peer ?? Number.NaN };
    done.push(pair);
    onPair?.(pair, round);
  }
  return comparisonOf(done, options);
}

/** What pairs say that were measured beside those of another comparison. */
export function comparisonOf(
  pairs: readonly Pair[],
  { name, peer, aim, note, unit = 's' }: Omit<CompareOptions, 'pairs' | 'run' | 'signal'>,
): Comparison {
  return {
    ...{ name, peer, unit, pairs: pairs.map(roundedPair), ratio: ratioOf(pairs) },
    ...(aim === undefined ? {} : { aim }),
    ...(note === undefined ? {} : { note }),
  };
}

/** The ratio of pairs. */
export function ratioOf(pairs: readonly Pair[]): Ratio {
  const ratios = pairs.map(({ ours, peer }) => peer / ours);
  const { low, high, confidence } = intervalOf(ratios);
  return {
    median: round3(medianOf(ratios)),
    low: round3(low),
    high: round3(high),
    confidence: round3(confidence),
  };
}

/** What was measured of us alone. */
export function measurementOf(
  values: readonly number[],
  what: Omit<Measurement, 'values' | 'median'> & { readonly note?: string },
): Measurement {
  return { ...what, values: values.map(round3), median: round3(medianOf(values)) };
}

/** Whether an aim is met by the worse end of an interval that holds by 95 %; undefined: there is none. */
export function isMet({ aim, ratio }: Pick<Comparison, 'aim' | 'ratio'>): boolean | undefined {
  return aim === undefined ? undefined : ratio.confidence >= WANTED && ratio.low >= aim;
}

/** Likewise, of what must not be exceeded. */
export function isWithin({ aim, values }: Pick<Measurement, 'aim' | 'values'>): boolean | undefined {
  if (aim === undefined) return undefined;
  const { high, confidence } = intervalOf(values);
  return confidence >= WANTED && high <= aim;
}

function roundedPair({ ours, peer }: Pair): Pair {
  return { ours: round3(ours), peer: round3(peer) };
}

/** To a thousandth. */
export function round3(value: number): number {
  return Math.round(value * 1000) / 1000;
}
