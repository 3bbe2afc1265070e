import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, readdir, readlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { installKit, kitId, pruneKits, readKit, selectKit, type Kit } from './kit.ts';

const kit: Kit = { version: 1, files: [{ name: 'bin/a', path: 'a', digest: 'sha256:1' }], images: {} };

async function folders() {
  const root = await mkdtemp(join(tmpdir(), 'kit-'));
  await mkdir(join(root, 'kits'));
  await writeFile(join(root, 'a'), 'program');
  return { root, kits: join(root, 'kits'), resolve: (path: string) => join(root, path) };
}

test('names a kit after all that is in it', () => {
  const other: Kit = { ...kit, files: [{ name: 'bin/a', path: 'elsewhere', digest: 'sha256:1' }] };
  const changed: Kit = { ...kit, files: [{ name: 'bin/a', path: 'a', digest: 'sha256:2' }] };
  assert.equal(kitId(kit), kitId(other));
  assert.notEqual(kitId(kit), kitId(changed));
  assert.notEqual(kitId(kit), kitId({ ...kit, images: { pause: { file: 'x', reference: 'y' } } }));
});

test('installs a kit once, selects it, and deletes the others', async () => {
  const { root, kits, resolve } = await folders();
  await mkdir(join(kits, 'old'));
  const installed = await installKit(kit, kits, resolve);
  assert.equal(await readFile(installed.path('bin/a'), 'utf8'), 'program');
  const again = await installKit(kit, kits, () => assert.fail('it is installed'));
  assert.equal(again.folder, installed.folder);
  for (let run = 0; run < 2; run++) await selectKit(installed, join(root, 'kit'));
  assert.equal(await readlink(join(root, 'kit')), installed.folder);
  await pruneKits(kits, installed);
  assert.deepEqual(await readdir(kits), [kitId(kit)]);
});

test('names the file that it could not install, and leaves no half of a kit', async () => {
  const { kits } = await folders();
  await assert.rejects(
    installKit(kit, kits, (path) => `/no/such/${path}`),
    { code: 'KIT_INSTALL', message: /\/no\/such\/a/ },
  );
  assert.ok(!(await readdir(kits)).includes(kitId(kit)));
});

test('says what to build when there is no list', async () => {
  await assert.rejects(readKit('/no/such/kit.json'), {
    code: 'KIT_UNREADABLE',
    hint: 'Run `bazel build //tools/cluster:kit`.',
  });
});
