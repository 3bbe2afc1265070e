// What is written of checks is what is in them: codes, and names of waivers.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { runfile } from '../../../lib/runfiles.ts';
import { WAIVER_ANNOTATION, WAIVER_NAMES } from '../waivers.ts';

const read = (path: string) => readFileSync(runfile(`fathom/${path}`), 'utf8');
const codes = (text: string, pattern: RegExp) =>
  [...new Set([...text.matchAll(pattern)].map(([, code]) => code))].sort();

const folder = dirname(realpathSync(runfile('fathom/tools/k8s/schema/check_main.ts')));
const sources = readdirSync(folder)
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
  .map((name) => readFileSync(join(folder, name), 'utf8'))
  .join('\n');
const findings = codes(readFileSync(join(folder, 'finding.ts'), 'utf8'), /'(MANIFEST_[A-Z_]+)'/g);

test('docs/errors.md has every code of the checks, and no other', () => {
  const used = codes(sources, /'((?:MANIFEST|SCHEMA)_[A-Z_]+)'/g);
  assert.ok(used.length > 15);
  assert.deepEqual(codes(read('docs/errors.md'), /`((?:MANIFEST|SCHEMA)_[A-Z_]+)`/g), used);
});

test('docs/checks.md has a row for every finding, and names every waiver', () => {
  const text = read('docs/checks.md');
  const rows = text.split('\n').filter((line) => line.startsWith('| `MANIFEST_'));
  assert.deepEqual(codes(rows.join('\n'), /^\| `(MANIFEST_[A-Z_]+)`/gm), findings);
  assert.deepEqual(codes(rows.join('\n'), /\| `([a-z-]+)` *\|$/gm), WAIVER_NAMES);
  assert.ok(text.includes(`'${WAIVER_ANNOTATION}':`));
});
