import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { type CompilerFolder, compilerFolder } from './compile_folder.ts';

const given = await mkdtemp(join(tmpdir(), 'folder-test-'));
const folders: CompilerFolder[] = [];
after(async () => {
  for (const folder of folders) folder.remove();
  await rm(given, { recursive: true });
});

const LONG_AGO = new Date(2020, 0);

/** A folder of a test, and what makes files for it, all of the same age. */
function folderOf(test: string): {
  readonly folder: CompilerFolder;
  readonly file: (name: string, text: string) => Promise<{ name: string; path: string }>;
} {
  // A clock that is ahead: no file is too young.
  const folder = compilerFolder(tmpdir(), () => Date.now() + 1000);
  folders.push(folder);
  return {
    folder,
    async file(name, text) {
      const path = join(given, test, name);
      await mkdir(dirname(path), { recursive: true });
      // As Bazel does: another file each time.
      await writeFile(`${path}.new`, text);
      await utimes(`${path}.new`, LONG_AGO, LONG_AGO);
      await rename(`${path}.new`, path);
      return { name, path };
    },
  };
}

const filesIn = async (folder: CompilerFolder) =>
  (await readdir(folder.root, { recursive: true, withFileTypes: true }))
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.root.length + 1))
    .sort();
const textIn = (folder: CompilerFolder, name: string) => readFile(join(folder.root, name), 'utf8');

test('has nothing of what only another target needs, and has it again for who needs it', async () => {
  const { folder, file } = folderOf('others');
  const [a, b] = [await file('a/x.d.ts', 'a'), await file('b/x.d.ts', 'b')];
  folder.fill([a, b], []);
  assert.deepEqual(await filesIn(folder), ['a/x.d.ts', 'b/x.d.ts']);
  folder.fill([b], []);
  assert.deepEqual(await filesIn(folder), ['b/x.d.ts']);
  folder.fill([a], []);
  assert.deepEqual(await filesIn(folder), ['a/x.d.ts']);
  assert.equal(await textIn(folder, 'a/x.d.ts'), 'a');
});

test('does not copy again what it has', async () => {
  const { folder, file } = folderOf('kept');
  const [a, b] = [await file('a.d.ts', 'a'), await file('b.d.ts', 'b')];
  const inode = async () => (await stat(join(folder.root, a.name))).ino;
  folder.fill([a, b], []);
  const before = await inode();
  folder.fill([b], []);
  folder.fill([a], []);
  assert.equal(await inode(), before);
});

test('sees that a file is another one, in its place or beside it', async () => {
  const { folder, file } = folderOf('changed');
  const [a, b] = [await file('a.d.ts', 'old'), await file('b.d.ts', 'b')];
  folder.fill([a, b], []);
  // Of the same length, and as old by what it says of itself.
  await file('a.d.ts', 'new');
  folder.fill([a, b], []);
  assert.equal(await textIn(folder, 'a.d.ts'), 'new');
  folder.fill([b], []);
  await file('a.d.ts', 'NEW');
  folder.fill([a, b], []);
  assert.equal(await textIn(folder, 'a.d.ts'), 'NEW');
});

test('copies anew what is so young that it may be changed without another time', async () => {
  const { file } = folderOf('young');
  const a = await file('a.d.ts', 'a');
  // A clock that stands still where the file was written.
  const { ctimeMs } = await stat(a.path);
  const folder = compilerFolder(tmpdir(), () => ctimeMs + 1);
  folders.push(folder);
  folder.fill([a], []);
  // As if the file were another one, which nothing tells.
  await writeFile(join(folder.root, a.name), 'b');
  folder.fill([a], []);
  assert.equal(await textIn(folder, a.name), 'a');
});

test('copies anew what somebody has taken away', async () => {
  const { folder, file } = folderOf('taken');
  const [a, b] = [await file('a.d.ts', 'a'), await file('store/b/index.d.ts', 'b')];
  const packages = [{ name: 'b', path: dirname(b.path) }];
  folder.fill([a], packages);
  for (const name of [a.name, 'node_modules/b']) await rm(join(folder.root, name));
  folder.fill([a], packages);
  assert.equal(await textIn(folder, a.name), 'a');
  assert.equal(await textIn(folder, 'node_modules/b/index.d.ts'), 'b');
});

test('writes nothing through a link of a package that is not in sight any more', async () => {
  const { folder, file } = folderOf('through');
  const [inStore, ours] = [await file('store/b/index.d.ts', 'of the store'), await file('ours.d.ts', 'ours')];
  folder.fill([], [{ name: 'b', path: dirname(inStore.path) }]);
  folder.fill([{ name: 'node_modules/b/index.d.ts', path: ours.path }], []);
  assert.equal(await textIn(folder, 'node_modules/b/index.d.ts'), 'ours');
  assert.equal(await readFile(inStore.path, 'utf8'), 'of the store');
});

test('takes a file of the same name from where it is now', async () => {
  const { folder, file } = folderOf('moved');
  const [one, two] = [await file('one/a.d.ts', 'of one'), await file('two/a.d.ts', 'of two')];
  folder.fill([{ name: 'a.d.ts', path: one.path }], []);
  folder.fill([{ name: 'a.d.ts', path: two.path }], []);
  assert.equal(await textIn(folder, 'a.d.ts'), 'of two');
});

test('takes away what was written, and packages that are not in sight', async () => {
  const { folder, file } = folderOf('packages');
  const [one, two] = [await file('store/one/index.d.ts', 'of one'), await file('store/two/index.d.ts', '')];
  const packageAt = (name: string, path: string) => ({ name, path: dirname(path) });
  const a = await file('a.d.ts', 'a');
  const inode = async () => (await stat(join(folder.root, a.name))).ino;
  folder.fill([a], [packageAt('@scope/a', one.path), packageAt('b', two.path)]);
  const before = await inode();
  folder.write('tsconfig.json', '{}');
  assert.ok(existsSync(join(folder.root, 'node_modules/@scope/a/index.d.ts')));
  assert.ok(existsSync(join(folder.root, 'tsconfig.json')));
  folder.fill([a], [packageAt('b', one.path)]);
  assert.equal(await inode(), before, 'all was copied again');
  assert.ok(!existsSync(join(folder.root, 'tsconfig.json')));
  assert.deepEqual(await readdir(join(folder.root, 'node_modules/@scope')), []);
  assert.equal(await textIn(folder, 'node_modules/b/index.d.ts'), 'of one');
});

test('makes a file where a folder was', async () => {
  const { folder, file } = folderOf('kinds');
  const [inner, outer] = [await file('inner/a.d.ts', 'inner'), await file('outer', 'outer')];
  folder.fill([{ name: 'a/b.ts', path: inner.path }], []);
  folder.fill([{ name: 'a', path: outer.path }], []);
  assert.equal(await textIn(folder, 'a'), 'outer');
});

test('names the file that is not there, and goes on with others', async () => {
  const { folder, file } = folderOf('missing');
  const a = await file('a.d.ts', 'a');
  folder.fill([a], []);
  assert.throws(() => folder.fill([{ name: 'b.d.ts', path: join(given, 'none.d.ts') }], []), /none\.d\.ts/);
  folder.fill([a], []);
  assert.deepEqual(await filesIn(folder), ['a.d.ts']);
});
