// Every code of an error is told of, and no page tells of one that nothing throws.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { runfile } from '../../../lib/runfiles.ts';
import { listedCodes, quotedCodes, sourcesBelow, thrownCodes } from './errors.ts';
import { parsePage } from './page.ts';

// The check is of the whole tree, which no target could declare: the README's link leads to the checkout.
const root = dirname(dirname(realpathSync(runfile('fathom/tools/README.md'))));
const sources = ['tools', 'services', 'prod'].map((folder) => sourcesBelow(join(root, folder))).join('\n');
const listed = readdirSync(join(root, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .flatMap((name) => listedCodes(parsePage(`docs/${name}`, readFileSync(join(root, 'docs', name), 'utf8'))));

test('every code that is thrown is in a table of docs/', () => {
  const thrown = thrownCodes(sources);
  assert.ok(thrown.length > 250, String(thrown.length));
  assert.deepEqual(
    thrown.filter((code) => !listed.includes(code)),
    [],
    'write them into docs/errors.md',
  );
});

test('every code in a table of docs/ is thrown', () => {
  const quoted = quotedCodes(sources);
  assert.deepEqual(
    listed.filter((code) => !quoted.has(code)),
    [],
  );
});

test('finds codes wherever they are thrown and listed', () => {
  assert.deepEqual(thrownCodes("new ToolError(\n  'A_B', x); { code: 'C_D8' }; f('E_F')"), ['A_B', 'C_D8']);
  assert.deepEqual([...quotedCodes(`x ? 'A_B' : "C_D8"`)], ['A_B', 'C_D8']);
  const page = parsePage(
    'x.md',
    '| code | what |\n| --- | --- |\n| `A_B`, `C_D` | `E_F` |\n\n| name |\n| --- |\n| `G_H` |\n',
  );
  assert.deepEqual(listedCodes(page), ['A_B', 'C_D']);
});
