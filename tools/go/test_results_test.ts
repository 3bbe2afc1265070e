import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MARKER, emptyRun, listPattern, shareArguments, testResults } from './test_results.ts';

const OUTPUT = `=== RUN   TestGood
    x_test.go:7: a line
=== RUN   TestGood/sub
--- PASS: TestGood (0.25s)
    --- PASS: TestGood/sub (0.00s)
=== RUN   TestBad
    x_test.go:9: wrong
--- FAIL: TestBad (0.01s)
=== RUN   TestLater
--- SKIP: TestLater (0.00s)
FAIL
`;

test('reads how each test ended, how long it took, and what it said', () => {
  const results = testResults(OUTPUT);
  assert.deepEqual(
    results.map(({ name, outcome, seconds }) => [name, outcome, seconds]),
    [
      ['TestGood', 'passed', 0.25],
      ['TestGood/sub', 'passed', 0],
      ['TestBad', 'failed', 0.01],
      ['TestLater', 'skipped', 0],
    ],
  );
  assert.match(results[0]?.output ?? '', /a line/);
  assert.match(results[2]?.output ?? '', /wrong/);
});

test('reads the end of a test that has printed no end of line, and what others print after it', () => {
  const lines = [
    '=== RUN   TestA\nbefore',
    '=== RUN   TestA/sub\nok',
    '--- PASS: TestA/sub (0.00s)\n',
    '=== NAME  TestA\n    a_test.go:7: after\n',
    '--- FAIL: TestA (0.50s)\n',
    '=== NAME  \nFAIL\n',
  ];
  assert.deepEqual(testResults(lines.map((line) => MARKER + line).join('')), [
    { name: 'TestA', outcome: 'failed', seconds: 0.5, output: 'before\n    a_test.go:7: after\n' },
    { name: 'TestA/sub', outcome: 'passed', seconds: 0, output: 'ok\n' },
  ]);
});

for (const [filter, listed] of [
  ['', '.'],
  ['TestA', 'TestA'],
  ['TestA/sub', 'TestA'],
  ['TestA/sub|TestB', 'TestA|TestB'],
  ['Test(A|B)/(x|y)|Test[/C]', 'Test(A|B)|Test[/C]'],
] as const) {
  test(`lists the tests of the filter "${filter}"`, () => assert.equal(listPattern(filter), listed));
}

test('runs in each shard what the filter chooses, without the tests of the others', () => {
  const share = { filter: 'TestA/sub', names: ['TestA', 'TestB', 'TestC'], shards: 2 };
  const args = ['-test.skip=TestA/slow', 'word'];
  assert.deepEqual(shareArguments({ ...share, shard: 0 }, args), [
    '-test.run=TestA/sub',
    '-test.skip=^(TestB)$|TestA/slow',
    'word',
  ]);
  assert.deepEqual(shareArguments({ ...share, filter: '', shard: 1 }, []), ['-test.skip=^(TestA|TestC)$']);
  assert.deepEqual(shareArguments({ ...share, names: [], shards: 1, shard: 0 }, args), [
    '-test.run=TestA/sub',
    ...args,
  ]);
});

for (const { name, output, isSharded = false, filter = '', says } of [
  {
    name: 'takes a run with a test that passed',
    output: '=== RUN   TestA\n--- PASS: TestA (0.00s)\nPASS\n',
    says: undefined,
  },
  { name: 'refuses a run without a test', output: 'PASS\n', says: /no test ran/ },
  { name: 'names the filter that matches none', output: 'PASS\n', filter: 'TestX', says: /--test_filter=TestX/ },
  { name: 'takes a shard without a test', output: 'PASS\n', isSharded: true, says: undefined },
  {
    name: 'refuses a run in which all was skipped',
    output: '=== RUN   TestA\n--- SKIP: TestA (0.00s)\n',
    says: /skipped/,
  },
  { name: 'refuses a program that ended in the middle', output: '=== RUN   TestA\n', says: /ended while a test ran/ },
  {
    name: 'refuses a failure that has exit code 0',
    output: '=== RUN   TestA\n--- FAIL: TestA (0.00s)\n',
    says: /a test failed/,
  },
]) {
  test(name, () => {
    const problem = emptyRun(testResults(output), isSharded, filter);
    if (says === undefined) assert.equal(problem, undefined);
    else assert.match(problem ?? '', says);
  });
}
