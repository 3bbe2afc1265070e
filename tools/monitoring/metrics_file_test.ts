import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { checkMetricsFile } from './metrics_file.ts';

const EXPOSITION = '# TYPE a_total counter\na_total{code="OK"} 1\n# TYPE b gauge\n# TYPE c gauge\nc{space="new"} 1\n';
const LIST = '# What it exposes.\na_total{code}\nb{*}\nc{space}\n';

let folder: string;
let file: URL;
beforeEach(() => {
  folder = mkdtempSync(join(process.env['TEST_TMPDIR'] ?? tmpdir(), 'metrics-'));
  file = pathToFileURL(join(folder, 'metrics.txt'));
});
afterEach(() => rmSync(folder, { recursive: true }));

for (const { name, list } of [
  { name: 'what it exposes', list: LIST },
  { name: 'labels of what has no series this time', list: LIST.replace('b{*}', 'b{type}') },
  { name: 'no labels of what has none in other runs', list: LIST.replace('c{space}', 'c{*}') },
]) {
  test(`takes a list with ${name}`, () => {
    writeFileSync(file, list);
    checkMetricsFile(file, EXPOSITION, {});
  });
}

for (const { name, list, says } of [
  { name: 'more', list: `${LIST}d\n`, says: '  - d' },
  { name: 'less', list: LIST.replace('a_total{code}\n', ''), says: '  + a_total{code}' },
  { name: 'other labels', list: LIST.replace('{code}', '{method}'), says: '  - a_total{method}\n  + a_total{code}' },
]) {
  test(`refuses a list with ${name}, and names it`, () => {
    writeFileSync(file, list);
    assert.throws(() => checkMetricsFile(file, EXPOSITION, { TEST_TARGET: '//x:metrics_test' }), {
      code: 'METRICS_LIST_STALE',
      message: `Comparing ${join(folder, 'metrics.txt')} with what was scraped:\n${says}`,
      hint: /`bazel run \/\/x:metrics_test`/,
    });
  });
}

test('refuses where there is no list', () =>
  assert.throws(() => checkMetricsFile(file, EXPOSITION, {}), { code: 'METRICS_LIST_STALE' }));

test('writes the list of the checkout under `bazel run`, and keeps its comments', () => {
  const source = join(folder, 'source.txt');
  writeFileSync(source, '# What it exposes.\nb{type}\nc{*}\ngone\n');
  symlinkSync(source, join(folder, 'metrics.txt'));
  checkMetricsFile(file, EXPOSITION, { BUILD_WORKSPACE_DIRECTORY: folder });
  assert.equal(readFileSync(source, 'utf8'), LIST.replace('b{*}', 'b{type}'));
  checkMetricsFile(file, EXPOSITION, {});
});
