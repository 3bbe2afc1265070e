// Medians, and how far they can be trusted without knowing how the numbers are distributed.

/** The number in the middle, or between the two in the middle. */
export function medianOf(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = 0, high = 0] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]];
  return (low + high) / 2;
}

/** An interval in which the true median lies with a probability of at least `confidence`. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  readonly confidence: number;
}

/** What an interval has to hold by. */
export const WANTED = 0.95;

/** The probability that of `count` numbers at most `most` lie below the true median. */
function atMost(most: number, count: number): number {
  let ways = 1;
  let sum = 0;
  for (let index = 0; index <= most; index++) {
    sum += ways;
    ways = (ways * (count - index)) / (index + 1);
  }
  return sum / 2 ** count;
}

/**
 * The interval of the median by order statistics: from the k-th smallest to the k-th largest number, for the greatest k
 * that leaves 95 %. Where there are too few numbers for that it is all of them, and says how much they are good for.
 */
export function intervalOf(numbers: readonly number[]): Interval {
  const sorted = numbers.toSorted((a, b) => a - b);
  const confidenceOf = (left: number) => 1 - 2 * atMost(left, sorted.length);
  let left = 0;
  while (left + 1 < sorted.length / 2 && confidenceOf(left + 1) >= WANTED) left += 1;
  return {
    low: sorted[left] ?? 0,
    high: sorted[sorted.length - 1 - left] ?? 0,
    confidence: Math.max(0, confidenceOf(left)),
  };
}
