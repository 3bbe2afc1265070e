import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { runfile } from '../../tools/lib/runfiles.ts';
import { SETTINGS } from './settings.ts';

const page = readFileSync(runfile('fathom/docs/dashboards.md'), 'utf8');
const settings = Object.values(SETTINGS);
const rows: readonly (readonly string[])[] = [...page.matchAll(/^\| `([A-Z_]+)` +\| `([^`]+)` +\|/gm)].map(
  ([, ...cells]) => cells,
);

test('the table of docs/dashboards.md has variables that there are, with their defaults', () => {
  assert.ok(rows.length > 5);
  for (const [name = '', value] of rows) {
    const setting = settings.find(({ variable }) => variable === name);
    assert.ok(setting !== undefined, `there is no ${name}`);
    assert.equal(value, String(setting.fallback), name);
  }
});

test('docs/dashboards.md has every limit in its table, and names every other variable', () => {
  const limits = settings.filter(({ variable }) => /^MAX_|_MS$/.test(variable)).map(({ variable }) => variable);
  const listed = rows.map(([name = '']) => name);
  assert.deepEqual(
    limits.filter((name) => !listed.includes(name)),
    [],
  );
  const unnamed = settings.map(({ variable }) => variable).filter((name) => !page.includes(`\`${name}\``));
  assert.deepEqual(unnamed, []);
});
