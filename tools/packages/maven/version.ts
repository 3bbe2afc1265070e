// The order of Maven's versions, as its "Version Order Specification" (ComparableVersion) has it.

const QUALIFIERS = ['alpha', 'beta', 'milestone', 'rc', 'snapshot', '', 'sp'];
const SHORT: Readonly<Record<string, string>> = { a: 'alpha', b: 'beta', m: 'milestone', cr: 'rc' };
const RELEASES = ['ga', 'final', 'release'];

/** Below 0 when `a` is older than `b`, above 0 when it is newer, 0 when they are equal. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [tokens(a), tokens(b)];
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const difference = compareTokens(left[index], right[index]);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** `1.0-beta2` → 1, 0, beta, 2; zeros and releases at an end, or before a qualifier, mean nothing. */
function tokens(version: string): readonly (number | string)[] {
  const parts = version
    .toLowerCase()
    .split(/[.\-_+]|(?<=\d)(?=[a-z])|(?<=[a-z])(?=\d)/)
    .map((part) => (/^\d+$/.test(part) ? Number(part) : RELEASES.includes(part) ? '' : (SHORT[part] ?? part)));
  const kept: (number | string)[] = [];
  for (const part of parts) {
    if (typeof part === 'string') dropZeros(kept);
    kept.push(part);
  }
  dropZeros(kept);
  return kept;
}

function dropZeros(parts: (number | string)[]): void {
  while (parts.at(-1) === 0 || parts.at(-1) === '') parts.pop();
}

/** A qualifier is older than nothing (but `sp`), nothing is older than a number. */
function compareTokens(a: number | string | undefined, b: number | string | undefined): number {
  if (typeof a === 'number' || typeof b === 'number') {
    if (typeof a === 'number' && typeof b === 'number') return a - b;
    if (a === undefined) return -(b as number);
    if (b === undefined) return a as number;
    return typeof a === 'number' ? 1 : -1;
  }
  const [left, right] = [rank(a ?? ''), rank(b ?? '')];
  if (left !== right || left < QUALIFIERS.length) return left - right;
  return (a ?? '') < (b ?? '') ? -1 : (a ?? '') > (b ?? '') ? 1 : 0;
}

/** Unknown qualifiers come after the known ones. */
function rank(qualifier: string): number {
  const index = QUALIFIERS.indexOf(qualifier);
  return index < 0 ? QUALIFIERS.length : index;
}
