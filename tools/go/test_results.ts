// What a program of `go test -c` prints with -test.v, as results.

/** How one test ended. */
export interface TestResult {
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped' | 'unfinished';
  readonly seconds: number;
  /** What was printed while it ran. */
  readonly output: string;
}

const RUN = /^=== RUN +(\S+)$/;
const END = /^ *--- (PASS|FAIL|SKIP): (\S+) \(([\d.]+)s\)$/;
const OUTCOMES = { PASS: 'passed', FAIL: 'failed', SKIP: 'skipped' } as const;

/** The tests in `output`, subtests too, in the order in which they began. */
export function testResults(output: string): TestResult[] {
  const results = new Map<string, TestResult>();
  let current = '';
  for (const line of output.split('\n')) {
    const [, begun] = RUN.exec(line) ?? [];
    const [, word, ended = '', seconds] = END.exec(line) ?? [];
    if (begun !== undefined) {
      current = begun;
      results.set(begun, { name: begun, outcome: 'unfinished', seconds: 0, output: '' });
    } else if (word !== undefined) {
      current = ended;
      const before = results.get(ended)?.output ?? '';
      const outcome = OUTCOMES[word as keyof typeof OUTCOMES];
      results.set(ended, { name: ended, outcome, seconds: Number(seconds), output: before });
    } else {
      const result = results.get(current);
      if (result !== undefined) results.set(current, { ...result, output: `${result.output}${line}\n` });
    }
  }
  return [...results.values()];
}

/** Why these results are no success, although the program ended with code 0; undefined where they are one. */
export function emptyRun(results: readonly TestResult[], isSharded: boolean, filter: string): string | undefined {
  const count = (...outcomes: readonly TestResult['outcome'][]) =>
    results.filter(({ outcome }) => outcomes.includes(outcome)).length;
  if (count('unfinished') > 0) return 'the program ended while a test ran (os.Exit in a test?)';
  if (count('failed') > 0) return 'a test failed, and the program ended as if none had';
  if (results.length === 0 && isSharded) return undefined;
  if (results.length === 0 && filter !== '') return `no test matches --test_filter=${filter}`;
  if (results.length === 0) return 'no test ran: a test that tests nothing fails';
  if (count('passed') === 0 && !isSharded) return 'every test was skipped: a test that tests nothing fails';
  return undefined;
}
