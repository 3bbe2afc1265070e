// Stage 0: what a package needs, and what that needs.

/** `start` and all that it needs, sorted; packages may need each other in a circle. */
export function closureOf(start: string, needs: (name: string) => Iterable<string>): readonly string[] {
  const seen = new Set([start]);
  // A set's iteration goes on to what is added meanwhile.
  for (const name of seen) {
    for (const needed of needs(name)) seen.add(needed);
  }
  return [...seen].sort();
}
