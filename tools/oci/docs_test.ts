// What docs/images.md says of errors is what the sources have.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { runfile } from '../lib/runfiles.ts';

const codes = (text: string, quote: string) =>
  [
    ...new Set([...text.matchAll(new RegExp(`${quote}(OCI_[A-Z0-9_]+)${quote}`, 'g'))].map(([, code = '']) => code)),
  ].sort();

function sources(): string {
  const folder = dirname(realpathSync(runfile('fathom/tools/oci/index.ts')));
  const isSource = (path: string) => path.endsWith('.ts') && !/_test\.ts$|^testing\/|\.d\.ts$/.test(path);
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(isSource)
    .map((path) => readFileSync(join(folder, path), 'utf8'))
    .join('\n');
}

test('docs/images.md has every code of tools/oci, and no other', () => {
  const used = codes(sources(), "'");
  assert.ok(used.length > 40);
  assert.deepEqual(codes(readFileSync(runfile('fathom/docs/images.md'), 'utf8'), '`'), used);
});
