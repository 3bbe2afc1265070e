// SETTINGS are those of BUILD.bazel, as JSON.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { runfile } from '../../tools/lib/runfiles.ts';

test('the table of docs/monitoring.md has every setting with its value, and no other', () => {
  const page = readFileSync(runfile('fathom/docs/monitoring.md'), 'utf8');
  const section = /^## Settings$([\s\S]*?)^## /m.exec(page)?.[1] ?? '';
  const rows = [...section.matchAll(/^\| `(\w+)` +\| (\S+) +\|/gm)].map(([, name, value]) => [name, value] as const);
  const settings = JSON.parse(process.env['SETTINGS'] ?? '{}') as Readonly<Record<string, string | number>>;
  const known = Object.entries(settings).map(([name, value]) => [name, String(value)] as const);
  assert.ok(known.length > 0);
  assert.deepEqual(Object.fromEntries(rows), Object.fromEntries(known));
});
