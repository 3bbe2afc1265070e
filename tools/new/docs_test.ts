// What docs/services.md and README.md say of the generator is what it does.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { runfile } from '../lib/runfiles.ts';
import { serviceNames } from './names.ts';
import { command } from './options.ts';
import { planService } from './plan.ts';
import { createTestWorkspace, type TestWorkspace } from './testing/workspace.ts';

/** The first cells of the rows of a table, without its head; `head` is how that begins. */
async function firstCells(page: string, head: string): Promise<readonly string[]> {
  const text = await readFile(runfile(`fathom/${page}`), 'utf8');
  const [table = ''] = text.slice(text.indexOf(`\n| ${head}`) + 1).split('\n\n');
  const rows = table.split('\n').slice(2);
  return rows.map((row) => row.split('|')[1]?.trim() ?? '');
}

const unquoted = (cell: string) => cell.split(', ').map((part) => part.replaceAll('`', ''));

test('docs/services.md has every option', async () => {
  const options = command().options.map(({ flags }) => flags.replace(' ', '='));
  const documented = (await firstCells('docs/services.md', 'option')).flatMap(unquoted);
  assert.deepEqual(
    documented.map((option) => option.replace('=<paths>', '=<services>')),
    options,
  );
});

test('docs/services.md has the names that a service gets', async () => {
  const { kubernetesName, protoPath, protoService, domain } = serviceNames('shop/front_desk');
  const documented = (await firstCells('docs/services.md', 'of `--name=shop/front_desk`')).flatMap(unquoted);
  assert.deepEqual(documented, [kubernetesName, `proto/${protoPath}/v1`, protoService, `${domain}.ts`]);
});

describe('README.md', () => {
  let workspace: TestWorkspace;
  before(async () => {
    workspace = await createTestWorkspace();
  });
  after(() => workspace.remove());

  test('has every file that is written, and no other', async () => {
    const { files } = await planService({
      workspace: workspace.root,
      facts: { repository: '', environments: { myns: 'built' } },
      name: 'shop/cart',
      deps: ['redis'],
      templates: runfile('fathom/tools/new/templates'),
      fathomPackages: runfile('fathom/package.json'),
    });
    const patterns = (await firstCells('README.md', 'files')).flatMap(unquoted);
    const inFolder = patterns.map((pattern) =>
      /^(docs|proto|services|prod)\//.test(pattern) ? pattern : `services/shop/cart/${pattern}`,
    );
    const matches = (path: string, pattern: string) =>
      pattern.endsWith('/') ? path.startsWith(pattern) : new RegExp(`^${pattern.replace('*', '[^/]*')}$`).test(path);
    for (const { path } of files)
      assert.ok(
        inFolder.some((pattern) => matches(path, pattern)),
        `${path} is not told of`,
      );
    // Bazel renders the golden files.
    const written = [...files.map(({ path }) => path), 'services/shop/cart/golden/myns.yaml'];
    for (const pattern of inFolder)
      assert.ok(
        written.some((path) => matches(path, pattern)),
        `${pattern} is not written`,
      );
  });
});
