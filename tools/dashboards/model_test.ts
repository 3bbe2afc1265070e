// What jsonnet/dashboards.libsonnet writes is what is read here.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { runfile } from '../lib/runfiles.ts';
import { readDashboard } from './read_model.ts';

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
  // What is empty is left out: by Jsonnet, and of a legend by the reader.
  for (const row of expected.rows) {
    row.panels = row.panels.map((panel) => ({
      thresholds: [],
      ...panel,
      queries: (panel['queries'] as { legend: string }[]).map(({ legend, ...query }) =>
        legend === '' ? query : { ...query, legend },
      ),
    }));
  }
  assert.deepEqual(dashboard, expected);
});
