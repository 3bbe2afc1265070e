// docs/services.md tells of all that is refused, and of nothing that is not.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { runfile } from '../../lib/runfiles.ts';
import { REFUSED } from './refused.ts';

test('docs/services.md has a row for each row of the test, and golden files', () => {
  const docs = readFileSync(runfile('fathom/docs/services.md'), 'utf8');
  const section = docs.slice(docs.indexOf('## What is refused'), docs.indexOf('## By hand'));
  const rows = section
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(2)
    .map((line) => line.split('|')[1]?.trim() ?? '');
  assert.deepEqual(rows.filter((row) => !row.includes('K8S_GOLDEN_DIFFERS')).sort(), Object.keys(REFUSED).sort());
});
