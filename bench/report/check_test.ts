// What `bazel run //bench:check` finds, and the program as a process.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runfile } from '../../tools/lib/runfiles.ts';
import type { BenchResult } from '../lib/result.ts';
import { verdictOf } from './check.ts';
import { readResults } from './read_results.ts';
import { rowKey } from './regressions.ts';
import { comparison, measurement, result } from './testing.ts';

const verdict = (before: BenchResult, now: BenchResult) => verdictOf([{ before, now }]);
const worse = (before: BenchResult, now: BenchResult, message: RegExp) =>
  assert.throws(() => verdict(before, now), { code: 'BENCH_WORSE', message, hint: /^Find the commit/ });

const kept = result([comparison('a', 10), comparison('b', 10), comparison('b', 5, { peer: 'helm' })]);

test('a ratio that falls by over a fifth is told with its row and both ratios', () => {
  const now = result([comparison('a', 8.1), comparison('b', 7.9), comparison('b', 4, { peer: 'helm' })]);
  worse(
    kept,
    now,
    /^Comparing 3 ratios: 1 is worse by over 20 %\n {2}apply: b, kubectl 1\.34\.4: 10× before, 7\.9× now$/,
  );
});

test('ratios as before, or better, are counted', () => {
  const now = result([comparison('a', 8.1), comparison('b', 30), comparison('b', 5, { peer: 'helm' })]);
  assert.equal(verdict(kept, now), '3 ratios are as before, or better');
});

test('ratios of several results are counted together', () => {
  const renewed = [kept, result([comparison('a', 10)])].map((one) => ({ before: one, now: one }));
  assert.equal(verdictOf(renewed), '4 ratios are as before, or better');
});

test('a row is found again when its peer has another version', () => {
  const now = result([comparison('b', 7.9, { peer: 'kubectl 1.35.0' })]);
  worse(kept, now, /kubectl 1\.34\.4: 10× before, 7\.9× now$/);
});

test('rows that were not run are counted apart, and are not worse', () => {
  assert.equal(verdict(kept, result([comparison('a', 10)])), '1 ratio is as before, or better; 2 rows were not run');
  worse(kept, result([comparison('a', 1), comparison('b', 9)]), /: 1 is worse by over 20 %; 1 row was not run\n/);
});

for (const [what, before, now] of [
  ['all are missing', kept, result([comparison('c', 10)])],
  ['the new result has none', kept, result([])],
  ['no result has any', result([]), result([])],
] as const) {
  test(`where ${what}, no ratio compared is an error`, () => {
    const nothing = { code: 'BENCH_NOTHING', message: /^Comparing apply: no ratio /, hint: /^Run cases / };
    const beside = { before: kept, now: kept };
    assert.throws(() => verdict(before, now), nothing);
    assert.throws(() => verdictOf([beside, { before, now }]), nothing);
  });
}

const seven = (value: number, last = value) => [...Array.from({ length: 6 }, () => value), last];

test('an aim of ours alone that was met and is missed now is told as worse', () => {
  const before = result(kept.comparisons, [measurement('Ready', seven(4))]);
  worse(
    before,
    result(kept.comparisons, [measurement('Ready', seven(4, 6))]),
    /^Comparing 3 ratios: 1 of the aims that were met is missed\n {2}apply: Ready: 4 s before, 4 s \(up to 6 s; the aim is 5 s\) now$/,
  );
  worse(before, result(kept.comparisons, [measurement('Ready', seven(6), 9)]), /the aim is 5 s\) now$/);
  worse(before, result([], [measurement('Ready', seven(6))]), /^Comparing 0 ratios: .*; 3 rows were not run\n/);
});

test('an aim of ours alone that was not run is counted as such', () => {
  const before = result(kept.comparisons, [measurement('Ready', seven(4))]);
  assert.equal(verdict(before, kept), '3 ratios are as before, or better; 1 row was not run');
});

test('a ratio that is hardly worse, and misses an aim that it met, is told', () => {
  const before = result([comparison('a', 10.5, { aim: 10 }), comparison('b', 9, { aim: 10 })]);
  worse(
    before,
    result([comparison('a', 9), comparison('b', 8)]),
    /^Comparing 2 ratios: 1 of the aims that were met is missed\n {2}apply: a, kubectl 1\.34\.4: 10\.5× before, 9× \(down to 9×; the aim is 10×\) now$/,
  );
});

for (const [what, before, now] of [
  ['was missed before', seven(6), seven(7)],
  ['is still met', seven(4), seven(4.9)],
  ['was met, of fewer runs than an interval needs', seven(4), [4.9, 4.8]],
] as const) {
  test(`an aim that ${what} is not worse`, () => {
    const [old, found] = [before, now].map((values) => result(kept.comparisons, [measurement('Ready', values)]));
    assert.ok(old !== undefined && found !== undefined);
    assert.equal(verdict(old, found), '3 ratios are as before, or better');
  });
}

test('no two rows of a kept result are taken for each other', async () => {
  for (const { benchmark, comparisons, measurements } of await readResults(runfile('fathom/bench/results'))) {
    for (const rows of [comparisons, measurements]) {
      assert.equal(new Set(rows.map((row) => rowKey(row))).size, rows.length, benchmark);
    }
  }
});

// A checkout with the kept result.
const root = mkdtempSync(join(tmpdir(), 'check-'));
after(() => rmSync(root, { recursive: true }));
mkdirSync(join(root, 'bench/results'), { recursive: true });
writeFileSync(join(root, 'bench/results/apply.json'), JSON.stringify(kept));

/** Runs the program on a new result. */
function check(now: unknown) {
  writeFileSync(join(root, 'now.json'), JSON.stringify(now));
  const env = { ...process.env, BUILD_WORKSPACE_DIRECTORY: root, BUILD_WORKING_DIRECTORY: root };
  return spawnSync(runfile('fathom/bench/report/check'), ['now.json'], { env, encoding: 'utf8', timeout: 60_000 });
}

test('the program exits 0 and says how many ratios are as before', () => {
  const { status, stdout, stderr } = check(kept);
  assert.deepEqual([status, stdout, stderr], [0, '3 ratios are as before, or better\n', '']);
});

for (const [what, now, said] of [
  ['a worse ratio', result([comparison('a', 1)]), /^error: BENCH_WORSE: Comparing 1 ratio: [^]*\n {2}apply: a, /],
  ['nothing to compare', result([]), /^error: BENCH_NOTHING: Comparing apply: .*\n {2}hint: /],
  [
    'a row of another form',
    { ...kept, comparisons: [{}] },
    /^error: BENCH_RESULT: Reading .*now\.json: .*\n {2}hint: /,
  ],
] as const) {
  test(`the program exits 1 at ${what}, and says so`, () => {
    const { status, stdout, stderr } = check(now);
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, said);
  });
}
