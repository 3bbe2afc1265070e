import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { runfile } from '../lib/runfiles.ts';
import { readDashboard } from './model.ts';

const golden = JSON.parse(readFileSync(runfile('fathom/jsonnet/tests/golden/service_watched.json'), 'utf8')) as {
  readonly dashboard: { readonly data: Readonly<Record<string, string>> };
};
const written = golden.dashboard.data['shop.json'] ?? '';

test('reads what Jsonnet writes, and nothing of it is lost', () => {
  const { dashboard, problems } = readDashboard(written);
  assert.deepEqual(problems, []);
  assert.deepEqual(
    dashboard?.rows.map(({ title }) => title),
    ['Calls', 'Objectives', 'Stock', 'Processes'],
  );
  const expected = JSON.parse(written) as { rows: { panels: Record<string, unknown>[] }[] };
  // What is empty may be left out.
  const all = { description: '', thresholds: [] };
  for (const row of expected.rows) {
    row.panels = row.panels.map((panel) => ({
      ...all,
      ...panel,
      queries: (panel['queries'] as object[]).map((query) => ({ legend: '', ...query })),
    }));
  }
  assert.deepEqual(dashboard, expected);
});

const panel = { title: 'Requests', queries: [{ expr: 'up' }] };
const board = (panels: readonly unknown[]) =>
  JSON.stringify({ name: 'web', title: 'Web', service: 'web', rows: [{ title: 'Calls', panels }] });

for (const { name, panels, problem, shown } of [
  {
    name: 'two panels of one name',
    panels: [panel, { ...panel, unit: 'bytes' }],
    problem: "panel 'Requests' must have a title of its own, got it in row 'Calls' and in row 'Calls'",
    shown: 1,
  },
  {
    name: 'an unknown unit',
    panels: [panel, { ...panel, title: 'Errors', unit: 'furlongs' }],
    problem:
      "panel 'Errors' of row 'Calls': unit must be one of requests_per_second, seconds, bytes, ratio, count, cores, per_second, got \"furlongs\"",
    shown: 1,
  },
  {
    name: 'a panel without a query',
    panels: [{ ...panel, queries: [] }],
    problem: "panel 'Requests' of row 'Calls': queries must have a query",
    shown: 0,
  },
  {
    name: 'an empty query',
    panels: [{ ...panel, queries: [{ expr: ' ' }] }],
    problem: "panel 'Requests' of row 'Calls': expr must be a text that is not empty, got \" \"",
    shown: 0,
  },
]) {
  test(`says what is wrong, and keeps the rest: ${name}`, () => {
    const { dashboard, problems } = readDashboard(board(panels));
    assert.deepEqual(problems, [problem]);
    assert.equal(dashboard?.rows[0]?.panels.length, shown);
  });
}

for (const text of ['', '[]', 'null']) {
  test(`refuses what is no dashboard at all: ${JSON.stringify(text)}`, () => {
    const { dashboard, problems } = readDashboard(text);
    assert.equal(dashboard, undefined);
    assert.equal(problems.length, 1);
  });
}
