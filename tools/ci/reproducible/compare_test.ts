import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { plantTimestamp } from './builds.ts';
import { disagreements } from './compare.ts';

const build = (...entries: (readonly [string, string])[]) => new Map(entries);

test('finds nothing between builds that agree', () => {
  assert.deepEqual(disagreements(build(['a', '1'], ['b', '2']), build(['b', '2'], ['a', '1'])), []);
});

test('names each image whose digest differs', () => {
  assert.deepEqual(disagreements(build(['a', '1'], ['b', '2']), build(['a', '1'], ['b', '3'])), ['b: 2 and 3']);
});

test('names an image that only one build made', () => {
  assert.deepEqual(disagreements(build(['a', '1']), build()), ['a: 1 and not built']);
});

test('plants a time that differs between two copies', async () => {
  const folder = mkdtempSync(join(process.env['TEST_TMPDIR'] ?? tmpdir(), 'plant-'));
  const texts: string[] = [];
  for (const name of ['a.ts', 'b.ts']) {
    writeFileSync(join(folder, name), 'export const x = 1;\n');
    await plantTimestamp(folder, name);
    texts.push(readFileSync(join(folder, name), 'utf8'));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.notEqual(texts[0], texts[1]);
});
