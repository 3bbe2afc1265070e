// The table of benchmarks in bench/README.md has those that there are.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { runfile } from '../../tools/lib/runfiles.ts';

// The folders are other packages, which no target could declare: the page's link leads to the checkout.
const page = realpathSync(runfile('fathom/bench/README.md'));

/** Folders with a program of their own, but for what reads results. */
function benchmarks(): readonly string[] {
  return readdirSync(dirname(page), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'report')
    .filter(({ name }) => readdirSync(join(dirname(page), name)).some((file) => file.endsWith('_main.ts')))
    .map(({ name }) => name);
}

test('each folder with a benchmark has a row in the table, and each row has a folder', () => {
  const [, table = ''] = /^\| folder .*\n((?:\|.*\n)+)/m.exec(readFileSync(page, 'utf8')) ?? [];
  const rows = [...table.matchAll(/^\| \[(\w+)\]\(\1\) +\|/gm)].map(([, name = '']) => name);
  assert.equal(rows.length, table.trim().split('\n').length - 1, 'a row of another form');
  assert.deepEqual(rows.toSorted(), benchmarks().toSorted());
});
