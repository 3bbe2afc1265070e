import assert from 'node:assert/strict';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ratioOf } from '../lib/compare.ts';
import type { BenchResult, Comparison, Pair } from '../lib/result.ts';
import { runfile } from '../../tools/lib/runfiles.ts';
import { plotOf } from './plot.ts';
import { readResult, readResults } from './read_results.ts';
import { regressionsOf } from './regressions.ts';
import { BEGIN, END, filesOf } from './report.ts';
import { amount, sectionOf } from './tables.ts';

const pairs = (ours: number, peer: number): Pair[] => Array.from({ length: 9 }, () => ({ ours, peer }));

function comparison(name: string, ours: number, peer: number, more: Partial<Comparison> = {}): Comparison {
  const both = pairs(ours, peer);
  return { name, peer: 'kubectl 1.34.4', unit: 's', pairs: both, ratio: ratioOf(both), ...more };
}

function result(...comparisons: Comparison[]): BenchResult {
  return {
    benchmark: 'apply',
    machine: { cpus: 2, memoryBytes: 24 * 2 ** 30, kernel: '6.18.0' },
    versions: { node: 'v26.10.0' },
    commit: 'abc',
    comparisons,
    measurements: [],
  };
}

test('a comparison becomes a row with both medians, the ratio, its interval, and whether its aim is met', () => {
  const text = sectionOf(
    result(
      comparison('no-op', 0.18, 0.9, { aim: 10, note: 'it is a start of node' }),
      comparison('first', 2, 3, { aim: 1.5 }),
    ),
  );
  assert.match(text, /\| no-op +\| 180 ms +\| kubectl 1\.34\.4 \| 900 ms +\| 5× +\| 5× – 5× \(96 %\) +\| 9 /);
  assert.match(text, /\| 10×: \*\*missed\*\* \|/);
  assert.match(text, /\| 1\.5×: met +\|/);
  assert.match(text, /^- no-op: it is a start of node$/m);
});

test('what only we have done becomes a row of its own', () => {
  const measurement = { name: 'node Ready', unit: 's', values: [5.8, 5.2, 6], median: 5.8, aim: 5 } as const;
  const text = sectionOf({ ...result(), measurements: [measurement] });
  assert.match(text, /\| node Ready \| 5\.8 s +\| 5\.2 s – 6 s \(75 %\) \| 3 +\| ≤ 5 s: \*\*missed\*\* \|/);
});

test('amounts have three digits and a fitting unit', () => {
  assert.deepEqual(
    [amount(0.0426, 's'), amount(61.27, 's'), amount(0, 'bytes'), amount(50_668, 'bytes'), amount(2e9, 'bytes')],
    ['43 ms', '61.3 s', '0 B', '50.7 kB', '2 GB'],
  );
});

test('a plot has a row for each comparison, and text that is no markup', () => {
  const svg = plotOf(result(comparison('a < b & c', 1, 4, { aim: 2 }), comparison('d', 1, 0.5)));
  assert.equal(svg.match(/<circle/g)?.length, 2);
  assert.equal(svg.match(/class="aim"/g)?.length, 1);
  assert.match(svg, /a &lt; b &amp; c/);
});

test('a ratio that falls by over a fifth, or is not run any more, is told', () => {
  const before = result(comparison('a', 1, 10), comparison('b', 1, 10), comparison('c', 1, 10));
  const now = result(comparison('a', 1, 8.1, { peer: 'kubectl 1.35.4' }), comparison('b', 1, 7.9));
  assert.deepEqual(
    regressionsOf(before, now).map(({ name, before: old, now: found }) => [name, old, found]),
    [
      ['b', 10, 7.9],
      ['c', 10, undefined],
    ],
  );
});

test('what is not a result is refused by name', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'report-'));
  for (const text of ['{', '[]', '{"benchmark":"apply"}']) {
    const path = join(folder, 'apply.json');
    await writeFile(path, text);
    await assert.rejects(readResult(path), { code: 'BENCH_RESULT', message: new RegExp(`^Reading ${path}: `) });
  }
});

test('a page without marks is refused, and one with marks keeps what people wrote', () => {
  assert.throws(() => filesOf('# Benchmarks\n', []), { code: 'BENCH_PAGE' });
  const page = filesOf(`before\n${BEGIN}\nold\n${END}\nafter\n`, [result(comparison('a', 1, 2))]).get('README.md');
  assert.ok(page?.startsWith(`before\n${BEGIN}\n\n### apply\n`));
  assert.ok(page?.endsWith(`\n\n${END}\nafter\n`) && !page.includes('old'));
});

test('bench/README.md and its plots say what the results say: `bazel run //bench:report` writes them', async () => {
  const bench = runfile('fathom/bench');
  const files = filesOf(await readFile(join(bench, 'README.md'), 'utf8'), await readResults(join(bench, 'results')));
  for (const [path, text] of files) assert.equal(await readFile(join(bench, path), 'utf8'), text, path);
});
