// What is wrong, as lines for people: what is wrong at many places for one reason is said once.
import type { Finding } from './check.ts';

/** `error: CODE: place: problem`, and how many further places have the same problem. */
export function reportOf(findings: readonly Finding[]): readonly string[] {
  const groups = Map.groupBy(findings, ({ code, text, problem }) => `${code} ${problem ?? text}`);
  return [...groups.values()].flatMap((all) => {
    const [first, ...more] = all;
    if (first === undefined) return [];
    const rest = more.length === 1 ? 'one further place' : `${more.length} further places`;
    return [`error: ${first.code}: ${first.text}`, ...(more.length === 0 ? [] : [`  likewise at ${rest}`])];
  });
}
