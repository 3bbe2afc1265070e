import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { ToolError } from '../../lib/errors.ts';
import { type RawMember, rawTar } from '../testing/raw_tar.ts';
import { scratchFolder } from '../testing/sample_image.ts';
import { tarBytes } from './blob.ts';
import { arrange } from './entries.ts';
import { type LayerSource, readSources } from './sources.ts';

function fails(code: string, words: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof ToolError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, words);
    return error.hint !== undefined;
  };
}

async function tarOf(folder: string, sources: readonly LayerSource[]): Promise<Buffer> {
  const { entries } = await readSources(sources, join(folder, 'spool'));
  const chunks: Buffer[] = [];
  for await (const chunk of tarBytes(await arrange(entries))) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The same tar with another name of the same length in its headers. */
function renamed(tar: Buffer, from: string, to: Buffer): Buffer {
  const copy = Buffer.from(tar);
  const at = copy.indexOf(from);
  assert.ok(at >= 0 && to.length === from.length);
  to.copy(copy, at);
  copy.fill(0x20, 148, 156);
  const sum = copy.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  copy.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return copy;
}

const LATIN1_NAME = Buffer.from('caf\xe9', 'latin1');

test('refuses a file name in a folder that is not UTF-8, and shows its bytes', async () => {
  await using folder = await scratchFolder();
  const tree = join(folder.path, 'tree');
  await mkdir(tree);
  await writeFile(Buffer.concat([Buffer.from(`${tree}/`), LATIN1_NAME]), '');
  await assert.rejects(
    readSources([{ kind: 'tree', path: '/app', source: tree }], join(folder.path, 's')),
    fails('OCI_NAME_NOT_UTF8', /Packing "caf\\xe9" of .*tree: its name is not UTF-8/),
  );
});

test('refuses a file name in an archive that is not UTF-8', async () => {
  await using folder = await scratchFolder();
  const tar = await tarOf(folder.path, [{ kind: 'text', path: '/cafe', text: 'x' }]);
  const path = join(folder.path, 'x.tar');
  await writeFile(path, renamed(tar, 'cafe', LATIN1_NAME));
  const source: LayerSource = { kind: 'tar', path: '/', source: path };
  await assert.rejects(
    readSources([source], join(folder.path, 's')),
    fails('OCI_NAME_NOT_UTF8', /"caf\\xe9" of .*x\.tar/),
  );
  // The very same archive with a name in UTF-8 is read.
  await writeFile(path, renamed(tar, 'cafe', Buffer.from('ca\u00e9', 'utf8')));
  const { entries } = await readSources([source], join(folder.path, 's'));
  assert.deepEqual(
    entries.map((entry) => entry.path),
    ['ca\u00e9'],
  );
});

test('refuses a link in a folder that leaves the root of the image', async () => {
  await using folder = await scratchFolder();
  const tree = join(folder.path, 'tree');
  await mkdir(join(tree, 'sub'), { recursive: true });
  await symlink('../../../../etc/passwd', join(tree, 'sub/link'));
  await assert.rejects(
    readSources([{ kind: 'tree', path: '/app', source: tree }], join(folder.path, 's')),
    fails('OCI_LINK_LEAVES_ROOT', /app\/sub\/link → \.\.\/\.\.\/\.\.\/\.\.\/etc\/passwd of .*tree\/sub\/link/),
  );
});

test('refuses a link in an archive that leaves the root of the image', async () => {
  await using folder = await scratchFolder();
  const tar = await tarOf(folder.path, [{ kind: 'symlink', path: '/link', target: 'aaaaaaaaa' }]);
  const path = join(folder.path, 'x.tar');
  const outside = '../../etc';
  await writeFile(path, renamed(tar, 'aaaaaaaaa', Buffer.from(outside)));
  await assert.rejects(
    readSources([{ kind: 'tar', path: '/', source: path }], join(folder.path, 's')),
    fails('OCI_LINK_LEAVES_ROOT', /link → \.\.\/\.\.\/etc of .*x\.tar/),
  );
});

test('refuses a name in an archive that leaves the root of the image', async () => {
  await using folder = await scratchFolder();
  const tar = await tarOf(folder.path, [{ kind: 'text', path: '/aaaaaa', text: 'x' }]);
  const path = join(folder.path, 'x.tar');
  const outside = '../etc';
  await writeFile(path, renamed(tar, 'aaaaaa', Buffer.from(outside)));
  await assert.rejects(
    readSources([{ kind: 'tar', path: '/', source: path }], join(folder.path, 's')),
    fails('OCI_PATH_INVALID', /leaves the root/),
  );
});

for (const [what, member, words, hint] of [
  ['a device', { path: 'null', flag: '3' }, /null is of type character-device/, /folders, files and links/],
  ['a sparse file of GNU tar', { path: 'holes', flag: 'S', content: 'x' }, /holes is of type unknown/, /--sparse/],
  [
    'a sparse file in the form of POSIX',
    { path: 'GNUSparseFile.7/holes', content: 'x', pax: { 'GNU.sparse.major': '1', 'GNU.sparse.name': 'holes' } },
    /tar: holes is of type sparse/,
    /without --sparse/,
  ],
  ['a hard link to nothing', { path: 'a/b', flag: '1', linkname: 'b' }, /a\/b is a hard link to b, which/, /links/],
] as readonly (readonly [string, RawMember, RegExp, RegExp])[]) {
  test(`refuses ${what} in an archive, and says what to make of it`, async () => {
    await using folder = await scratchFolder();
    const path = join(folder.path, 'x.tar');
    await writeFile(path, rawTar([member]));
    await assert.rejects(readSources([{ kind: 'tar', path: '/', source: path }], join(folder.path, 's')), (error) => {
      assert.ok(fails('OCI_ARCHIVE_INVALID', words)(error));
      assert.match((error as ToolError).hint ?? '', hint);
      return true;
    });
  });
}

for (const [how, compress, cut] of [
  ['plain, within a file', (tar: Buffer) => tar, 512 + 2000],
  ['plain, within a header', (tar: Buffer) => tar, 100],
  ['gzip', (tar: Buffer) => gzipSync(tar), -30],
  ['zstd', (tar: Buffer) => zstdCompressSync(tar), -30],
] as const) {
  test(`refuses a tar that is cut off (${how}), and names it`, async () => {
    await using folder = await scratchFolder();
    const random = Buffer.from(Array.from({ length: 5000 }, (_, index) => (index * 7919) % 256)).toString('hex');
    const whole = compress(await tarOf(folder.path, [{ kind: 'text', path: '/a', text: random }]));
    const path = join(folder.path, 'cut.tar');
    const source: LayerSource = { kind: 'tar', path: '/', source: path };
    await writeFile(path, whole);
    assert.equal((await readSources([source], join(folder.path, 's'))).entries.length, 1);
    await writeFile(path, whole.subarray(0, cut));
    await assert.rejects(
      readSources([source], join(folder.path, 's')),
      fails('OCI_ARCHIVE_INVALID', /Reading archive .*cut\.tar: its content is damaged/),
    );
  });
}

test('keeps what it has read of an archive that is whole but has no end mark', async () => {
  await using folder = await scratchFolder();
  const tar = await tarOf(folder.path, [{ kind: 'text', path: '/a', text: 'x' }]);
  const path = join(folder.path, 'x.tar');
  await writeFile(path, tar.subarray(0, 1024));
  assert.equal((await readFile(path)).length, 1024);
  const { entries } = await readSources([{ kind: 'tar', path: '/', source: path }], join(folder.path, 's'));
  assert.equal(entries.length, 1);
});
