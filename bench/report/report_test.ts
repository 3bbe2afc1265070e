import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runfile } from '../../tools/lib/runfiles.ts';
import { resultOf } from '../lib/bench.ts';
import { scoreboardOf } from './aims.ts';
import { plotOf } from './plot.ts';
import { readResult, readResults } from './read_results.ts';
import { AIMS, RESULTS, filesOf } from './report.ts';
import { amount, sectionOf } from './tables.ts';
import { comparison, labelsOf, measurement, result } from './testing.ts';

const bench = runfile('fathom/bench');
const folder = mkdtempSync(join(tmpdir(), 'report-'));
after(() => rmSync(folder, { recursive: true }));

test('a comparison becomes a row with both medians, the ratio, its interval, and whether its aim is met', () => {
  const text = sectionOf(
    result([
      comparison('no-op', 5, { ours: 0.18, aim: 10, note: 'it is a start of node' }),
      comparison('first', 1.5, { ours: 2, aim: 1.5 }),
    ]),
  );
  assert.match(text, /\| no-op +\| 180 ms +\| kubectl 1\.34\.4 \| 900 ms +\| 5× +\| 5× – 5× \(96 %\) +\| 9 /);
  assert.match(text, /\| 10×: \*\*missed\*\* \|/);
  assert.match(text, /\| 1\.5×: met +\|/);
  assert.match(text, /^- no-op: it is a start of node$/m);
});

test('what only we have done becomes a row of its own', () => {
  const text = sectionOf(result([], [measurement('node Ready', [5.8, 5.2, 6])]));
  assert.match(text, /\| node Ready \| 5\.8 s +\| 5\.2 s – 6 s \(75 %\) \| 3 +\| ≤ 5 s: \*\*missed\*\* \|/);
});

test('amounts have three digits and a fitting unit', () => {
  assert.deepEqual(
    [amount(0.0426, 's'), amount(61.27, 's'), amount(0, 'bytes'), amount(50_668, 'bytes'), amount(2e9, 'bytes')],
    ['43 ms', '61.3 s', '0 B', '50.7 kB', '2 GB'],
  );
});

test('one value alone has no interval', () => {
  const alone = result([comparison('a', 2, { count: 1, aim: 1 })], [measurement('start', [3])]);
  assert.match(sectionOf(alone), /\| 2× +\| – +\| 1 +\|/);
  assert.match(sectionOf(alone), /\| 3 s +\| – +\| 1 +\|/);
  assert.match(scoreboardOf([alone]), /\| 2× +\| – +\| 1× [^]*\| 3 s +\| – +\| ≤ 5 s \|/);
});

test('a section names the processor where the result does', () => {
  const { machine, ...rest } = result([]);
  assert.match(sectionOf({ ...rest, machine }), /, 2 processors, 24 GiB,/);
  assert.match(sectionOf({ ...rest, machine: { ...machine, cpu: 'A B' } }), /, 2 processors, A B, 24 GiB,/);
});

test('of aims of ratios and of measurements are told how many are met, and each that is missed', () => {
  const ratio = { median: 9, low: 4, high: 12, confidence: 0.96 };
  const apply = result([{ ...comparison('no-op', 9, { aim: 3 }), ratio }, comparison('first', 2)]);
  const change = { ...comparison('change', 9, { aim: 5 }), ratio };
  const cluster = { ...result([], [measurement('Ready', [4, 4, 4, 4, 4, 4.5, 6])]), benchmark: 'cluster' };
  assert.equal(scoreboardOf([apply]), '**All aims are met: 1.**');
  const text = scoreboardOf([apply, result([change]), cluster]);
  assert.match(text, /^\*\*1 of 3 aims are met\.\*\* Missed are:\n/);
  assert.match(text, /\| apply +\| change \| kubectl 1\.34\.4 \| 9× +\| 4× +\| 5× +\|/);
  assert.match(text, /\| cluster +\| Ready +\| – +\| 4 s +\| 6 s +\| ≤ 5 s \|/);
  assert.doesNotMatch(text, /no-op|first/);
});

test('a plot has a row for each comparison, and text that is no markup', () => {
  const svg = plotOf(result([comparison('a < b & c', 4, { aim: 2 }), comparison('d', 0.5)]));
  const [, rows = ''] = svg.split('</g>');
  assert.equal(rows.match(/<circle/g)?.length, 2);
  assert.equal(rows.match(/class="aim"/g)?.length, 1);
  assert.match(svg, /a &lt; b &amp; c/);
});

test('a plot says what its marks mean, and nothing of an aim where there is none', () => {
  const legendOf = (svg: string) => /<g class="legend">[^]*<\/g>/.exec(svg)?.[0] ?? '';
  const legend = legendOf(plotOf(result([comparison('a', 2, { aim: 2 })])));
  assert.match(legend, />right of 1×: Fathom is faster/);
  assert.match(legend, /class="aim"[^]*>the aim</);
  assert.doesNotMatch(legendOf(plotOf(result([comparison('a', 2)]))), /aim/);
});

test('each row of each kept result is found in its plot by a label that is whole, fits, and is no other', async () => {
  const results = (await readResults(join(bench, 'results'))).filter((one) => one.comparisons.length > 0);
  assert.ok(results.length > 5, `${results.length} results`);
  const long = result(['x', 'y'].map((name) => comparison(`${'a word '.repeat(20)}${name}`, 2)));
  for (const one of [...results, long]) {
    const labels = labelsOf(plotOf(one));
    const expected = one.comparisons.map(({ name, peer }) => `${name}, against ${peer}`);
    assert.deepEqual(labels.map(({ text }) => text).toSorted(), expected.toSorted(), one.benchmark);
    assert.equal(new Set(expected).size, expected.length, one.benchmark);
    // What a line of a wide font has room for, left of the scale.
    assert.deepEqual(
      labels.flatMap(({ lines }) => lines.filter((line) => line.length > 60)),
      [],
      one.benchmark,
    );
  }
});

test('what is not a result is refused by name, with the place in it', async () => {
  const path = join(folder, 'apply.json');
  const row = comparison('a', 2);
  const { ratio: _, ...withoutRatio } = row;
  const changed = (change: object) => JSON.stringify({ ...result([row]), ...change });
  for (const [text, why] of [
    ['{', 'Expected'],
    ['[]', 'it must be object'],
    ['{"benchmark":"apply"}', 'it must have required property'],
    [changed({ benchmark: '../apply' }), 'benchmark must match pattern'],
    [changed({ comparisons: [row, null] }), 'comparisons/1 must be object'],
    [changed({ comparisons: [withoutRatio] }), "comparisons/0 must have required property 'ratio'"],
    [
      changed({ comparisons: [{ ...row, ratio: { ...row.ratio, low: null } }] }),
      'comparisons/0/ratio/low must be number',
    ],
    [changed({ comparisons: [{ ...row, pairs: [] }] }), 'comparisons/0/pairs must NOT have fewer than 1 items'],
    [
      changed({ measurements: [{ name: 'a', unit: 'h', values: [1], median: 1 }] }),
      'measurements/0/unit must be equal',
    ],
  ] as const) {
    await writeFile(path, text);
    await assert.rejects(readResult(path), (error: { code: string; message: string; hint: string }) => {
      assert.equal(error.code, 'BENCH_RESULT');
      assert.ok(error.message.startsWith(`Reading ${path}: ${why}`), error.message);
      assert.match(error.hint, /bazel run/);
      return true;
    });
  }
});

test('what a benchmark writes is read again', async () => {
  const path = join(folder, 'written.json');
  const written = resultOf('apply', 'abc', { versions: {}, comparisons: [comparison('a', 2, { note: 'b', aim: 1 })] });
  await writeFile(path, JSON.stringify(written));
  assert.deepEqual(await readResult(path), written);
});

test('a page without marks is refused, and one with marks keeps what people wrote', () => {
  const aims = `${AIMS.begin}\nold\n${AIMS.end}\n`;
  const sections = `${RESULTS.begin}\nold\n${RESULTS.end}\n`;
  for (const page of ['# Benchmarks\n', aims, sections]) assert.throws(() => filesOf(page, []), { code: 'BENCH_PAGE' });
  const results = [result([comparison('a', 2, { aim: 1 })])];
  const page = filesOf(`before\n${aims}between\n${sections}after\n`, results).get('README.md') ?? '';
  assert.ok(page.startsWith(`before\n${AIMS.begin}\n\n**All aims are met: 1.**\n`), page);
  assert.ok(page.includes(`\n\n${AIMS.end}\nbetween\n${RESULTS.begin}\n\n### apply\n`), page);
  assert.ok(page.endsWith(`\n\n${RESULTS.end}\nafter\n`) && !page.includes('old'), page);
});

test('bench/README.md and its plots say what the results say: `bazel run //bench:report` writes them', async () => {
  const files = filesOf(await readFile(join(bench, 'README.md'), 'utf8'), await readResults(join(bench, 'results')));
  for (const [path, text] of files) assert.equal(await readFile(join(bench, path), 'utf8'), text, path);
});
