// What two builds disagree on.

/** Lines for each name whose digests differ or that only one build made; empty when they agree. */
export function disagreements(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): readonly string[] {
  return [...new Set([...a.keys(), ...b.keys()])]
    .sort()
    .filter((name) => a.get(name) !== b.get(name))
    .map((name) => `${name}: ${a.get(name) ?? 'not built'} and ${b.get(name) ?? 'not built'}`);
}
