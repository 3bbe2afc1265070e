// docs/errors.md and the commands' documentation tell what the code has.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { runfile } from '../../lib/runfiles.ts';

const read = (path: string) => readFileSync(runfile(`fathom/${path}`), 'utf8');
const CODE = '([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)';

function sources(): string {
  const folder = dirname(runfile('fathom/tools/cluster/program.ts'));
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return paths
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts') && !path.endsWith('_test.ts'))
    .map((path) => readFileSync(join(folder, path), 'utf8'))
    .concat(read('tools/lib/state.ts'))
    .join('\n');
}

const sorted = (words: Iterable<string>) => [...new Set(words)].sort();

test('docs/errors.md has every code of clusters, and no other', () => {
  const used = [...sources().matchAll(new RegExp(`(?:ToolError\\(|code:)\\s*'${CODE}'`, 'g'))].map(
    ([, code = '']) => code,
  );
  assert.ok(used.length > 30);
  const section = /^## Clusters\n([^]*?)(?=^## |$(?![^]))/m.exec(read('docs/errors.md'))?.[1] ?? '';
  const rows = [...section.matchAll(new RegExp(`^\\| \`${CODE}\``, 'gm'))].map(([, code = '']) => code);
  assert.deepEqual(sorted(rows), sorted(used));
});

test('README.md and docs/clusters.md tell of the commands that look for what is wrong', () => {
  for (const file of ['README.md', 'docs/clusters.md']) {
    for (const command of ['doctor', 'bundle'])
      assert.ok(read(file).includes(`./fathom ${command}`), `${file}: ${command}`);
  }
});
