// What browsers load: few bytes, and all of it from here.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { brotliCompressSync, constants } from 'node:zlib';
import { runfile } from '../../../tools/lib/runfiles.ts';

const read = (name: string) => readFile(runfile(`fathom/services/dashboards/client/${name}`), 'utf8');

test('the script is one file, and as small as docs/dashboards.md says', async () => {
  const script = await read('dashboards.js');
  assert.doesNotMatch(script, /(^|[;\n])import\s*["'{]/, 'it imports nothing');
  const page = await readFile(runfile('fathom/docs/dashboards.md'), 'utf8');
  const [, kilobytes] = /a script of less than (\d+) kB, compressed/.exec(page) ?? [];
  // As ../assets.ts does.
  const bytes = brotliCompressSync(script, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }).length;
  assert.ok(bytes < Number(kilobytes) * 1000, `${bytes} bytes, compressed, and the page says ${kilobytes} kB`);
});

test('nothing in the page is of another place', async () => {
  const [script, styles, page] = await Promise.all(['dashboards.js', 'dashboards.css', 'index.html'].map(read));
  assert.doesNotMatch(`${styles}${page}`, /https?:\/\//);
  const addresses = [...(script ?? '').matchAll(/https?:\/\/[^"'`\s)]+/g)].map(([address]) => address);
  // Names of vocabularies, which no browser opens.
  assert.deepEqual(
    addresses.filter((address) => !address.startsWith('http://www.w3.org/')),
    [],
  );
  assert.match(styles ?? '', /\.uplot/);
});
