// Sorted sequences made into one.

/**
 * The items of sorted `sources` in their order; of equal ones, those of an earlier source first. Reads one item ahead
 * of each source, of all of them at the same time at first, and ends them all when its reader stops.
 */
export async function* merged<T>(
  sources: readonly AsyncIterable<T>[],
  compare: (a: T, b: T) => number,
): AsyncGenerator<T> {
  const iterators = sources.map((source) => source[Symbol.asyncIterator]());
  try {
    const heads = await Promise.all(iterators.map((iterator) => iterator.next()));
    for (;;) {
      let first: number | undefined;
      let value: T | undefined;
      for (const [index, head] of heads.entries()) {
        if (head.done === true) continue;
        if (first === undefined || compare(head.value, value as T) < 0) [first, value] = [index, head.value];
      }
      if (first === undefined) return;
      yield value as T;
      heads[first] = await (iterators[first] as AsyncIterator<T>).next();
    }
  } finally {
    await Promise.all(iterators.map(async (iterator) => iterator.return?.()));
  }
}
