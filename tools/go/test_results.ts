// What a program of `go test -c` is asked for, and what it prints, as results.

/** How one test ended. */
export interface TestResult {
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped' | 'unfinished';
  readonly seconds: number;
  /** What was printed while it ran. */
  readonly output: string;
}

/** What stands before each line about a test with -test.v=test2json: what a test prints may end without a line's end. */
export const MARKER = '\x16';

const RUN = /^=== RUN +(\S+)$/;
/** Whose the next lines are: another test's than that which began or ended last. */
const NAME = /^=== (?:NAME|CONT|PAUSE) +(\S*)$/;
const END = /^ *--- (PASS|FAIL|SKIP): (\S+) \(([\d.]+)s\)$/;
const OUTCOMES = { PASS: 'passed', FAIL: 'failed', SKIP: 'skipped' } as const;

/** The tests in `output`, subtests too, in the order in which they began. */
export function testResults(output: string): TestResult[] {
  const results = new Map<string, TestResult>();
  let current = '';
  for (const line of output.replaceAll(`\n${MARKER}`, '\n').replaceAll(MARKER, '\n').split('\n')) {
    const [, begun] = RUN.exec(line) ?? [];
    const [, named] = NAME.exec(line) ?? [];
    const [, word, ended = '', seconds] = END.exec(line) ?? [];
    if (begun !== undefined) {
      current = begun;
      results.set(begun, { name: begun, outcome: 'unfinished', seconds: 0, output: '' });
    } else if (named !== undefined) {
      current = named;
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

/** Which tests of a program this shard runs. */
export interface Share {
  /** As of `go test -run`. Empty: no filter. */
  readonly filter: string;
  /** All tests that the filter may choose among. */
  readonly names: readonly string[];
  readonly shards: number;
  /** From 0. */
  readonly shard: number;
}

/** What `-test.list` is asked for, as it knows no subtests: of each alternative of a filter what is before the slash. */
export function listPattern(filter: string): string {
  let [depth, isOfSubtests] = [0, false];
  const kept = (filter.match(/\\.|\[[^\]]*\]|[^]/g) ?? []).filter((token) => {
    if (token === '(') depth += 1;
    if (token === ')') depth -= 1;
    if (token === '/' && depth === 0) isOfSubtests = true;
    if (token === '|' && depth === 0) isOfSubtests = false;
    return !isOfSubtests;
  });
  return kept.join('') || '.';
}

/** The target's own `args`, and those for a share: all that the filter chooses, without the tests of other shards. */
export function shareArguments({ filter, names, shards, shard }: Share, args: readonly string[]): string[] {
  const run = filter === '' ? [] : [`-test.run=${filter}`];
  const others = names.filter((_, index) => index % shards !== shard);
  if (others.length === 0) return [...run, ...args];
  // A program takes one such argument: with what the target itself leaves out.
  const skip = /^--?test\.skip=/;
  const skipped = args.filter((arg) => skip.test(arg)).map((arg) => arg.replace(skip, ''));
  const pattern = [`^(${others.join('|')})$`, ...skipped].join('|');
  return [...run, `-test.skip=${pattern}`, ...args.filter((arg) => !skip.test(arg))];
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
