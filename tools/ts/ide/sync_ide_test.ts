import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { builtFiles } from './build_events.ts';
import { syncFolder } from './sync.ts';

const folder = await mkdtemp(join(tmpdir(), 'sync-ide-'));
after(() => rm(folder, { recursive: true, force: true }));

test('reads the files that a build made, each once, and no sources', () => {
  const pathPrefix = ['bazel-out', 'k8-fastbuild', 'bin'];
  const set = (...files: readonly object[]) =>
    JSON.stringify({ id: { namedSet: { id: '0' } }, namedSetOfFiles: { files } });
  const made = { name: 'proto/a/v1/a.ts', uri: 'file:///out/bin/proto/a/v1/a.ts', pathPrefix };
  const events = [
    '{"id":{"started":{}},"started":{"uuid":"x"}}',
    set({ ...made, name: 'proto/b.ts', uri: 'file:///out/bin/proto/b.ts' }, made),
    set(made, { name: 'tools/x.ts', uri: 'file:///src/tools/x.ts' }),
    '{"id":{"namedSet":{"id":"2"}},"namedSetOfFiles":{"fileSets":[{"id":"0"}]}}',
    '',
  ].join('\n');
  assert.deepEqual(builtFiles(events), [
    { path: 'proto/a/v1/a.ts', file: '/out/bin/proto/a/v1/a.ts' },
    { path: 'proto/b.ts', file: '/out/bin/proto/b.ts' },
  ]);
});

test('writes what changed, leaves what is right, and removes what is gone', async () => {
  const source = join(folder, 'made.ts');
  const target = join(folder, 'ide');
  const files = ['a/one.ts', 'two.ts'].map((path) => ({ path, file: source }));
  await writeFile(source, 'export const x = 1;\n');
  assert.deepEqual(await syncFolder(target, files), { files: 2, written: 2, removed: 0 });
  const { mtimeMs } = await stat(join(target, 'two.ts'));
  assert.deepEqual(await syncFolder(target, files), { files: 2, written: 0, removed: 0 });
  assert.equal((await stat(join(target, 'two.ts'))).mtimeMs, mtimeMs);

  await writeFile(source, 'export const x = 2;\n');
  assert.deepEqual(await syncFolder(target, files.slice(1)), { files: 1, written: 1, removed: 1 });
  assert.equal(await readFile(join(target, 'two.ts'), 'utf8'), 'export const x = 2;\n');
  assert.deepEqual(await readdir(join(target, 'a')), []);
});
