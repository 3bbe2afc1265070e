import assert from 'node:assert/strict';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readExamples } from './examples.ts';

async function checkout(folders: readonly string[], listed: readonly string[]): Promise<string> {
  const root = await mkdtemp(join(process.env['TEST_TMPDIR'] ?? '/tmp', 'examples-'));
  for (const folder of folders) {
    await mkdir(join(root, 'examples', folder), { recursive: true });
    await writeFile(join(root, 'examples', folder, 'WORKSPACE'), '');
  }
  await mkdir(join(root, 'examples/ci'));
  const list = listed.map((folder) => ({ folder, targets: ['//...'] }));
  await writeFile(join(root, 'examples/examples.json'), JSON.stringify(list));
  return root;
}

test('reads the workspaces and what is tested in each, and passes over folders that are none', async () => {
  assert.deepEqual(await readExamples(await checkout(['a', 'b'], ['b', 'a'])), [
    { folder: 'examples/b', targets: ['//...'] },
    { folder: 'examples/a', targets: ['//...'] },
  ]);
});

test('refuses a workspace that is not listed, and one that is gone', async () => {
  const refused = { code: 'EXAMPLES_LIST', message: /: new, old$/ };
  await assert.rejects(readExamples(await checkout(['a', 'new'], ['a', 'old'])), refused);
});
