import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createGunzip, createZstdCompress, createZstdDecompress, zstdDecompressSync } from 'node:zlib';
import { digestOf } from '../../lib/digest.ts';
import { scratchFolder } from '../testing/sample_image.ts';
import { fails, names, tarOf, untar } from '../testing/unpacked.ts';
import { writeLayer } from './blob.ts';
import { type LayerSource, readSources } from './sources.ts';
import { encodeHeader } from './tar_header.ts';

test('sorts entries, each folder before what is in it, with time zero', async () => {
  await using folder = await scratchFolder();
  const sources: LayerSource[] = [
    { kind: 'text', path: '/b/x', text: 'x' },
    { kind: 'text', path: '/b-c', text: 'y' },
    { kind: 'text', path: 'a/deep/file', text: 'z', mode: '0600', uid: 7, gid: 8 },
  ];
  const entries = await tarOf(sources, join(folder.path, 's'));
  assert.deepEqual(names(entries), ['a', 'a/deep', 'a/deep/file', 'b', 'b/x', 'b-c']);
  assert.ok(entries.every(({ header }) => header.mtime?.getTime() === 0));
  const file = entries.find(({ header }) => header.name === 'a/deep/file');
  assert.deepEqual([file?.header.mode, file?.header.uid, file?.header.gid, file?.text], [0o600, 7, 8, 'z']);
});

test('leaves /tmp to everybody, and gives other folders that nobody declares to root', async () => {
  await using folder = await scratchFolder();
  const sources: LayerSource[] = [
    { kind: 'text', path: '/tmp/a/x', text: 'x', uid: 7, gid: 8 },
    { kind: 'text', path: '/var/tmp/y', text: 'y' },
    { kind: 'text', path: '/home/app/z', text: 'z', uid: 7, gid: 8 },
    { kind: 'directory', path: '/home/app', mode: '0700', uid: 7, gid: 8 },
  ];
  const entries = await tarOf(sources, join(folder.path, 's'));
  const folders = entries.filter(({ header }) => header.type === 'directory');
  assert.deepEqual(
    folders.map(({ header: { name, mode, uid } }) => `${name} ${mode?.toString(8)} ${uid}`),
    ['home 755 0', 'home/app 700 7', 'tmp 1777 0', 'tmp/a 755 0', 'var 755 0', 'var/tmp 1777 0'],
  );
});

for (const compression of ['zstd', 'gzip', 'none'] as const) {
  test(`writes the same ${compression} blob whatever the order of the sources`, async () => {
    await using folder = await scratchFolder();
    const big = 'some text that repeats '.repeat(50_000);
    const sources: LayerSource[] = ['c', 'a', 'b'].map((path) => ({ kind: 'text', path, text: big + path }));
    const write = async (name: string, list: readonly LayerSource[]) => {
      const path = join(folder.path, name);
      return writeLayer({ entries: (await readSources(list, path)).entries, path, compression, createdBy: '//x' });
    };
    const one = await write('one', sources);
    const two = await write('two', sources.toReversed());
    assert.deepEqual(one, two);
    assert.equal(one.digest, digestOf(await readFile(join(folder.path, 'one'))));
    const raw = createReadStream(join(folder.path, 'one'));
    const plain = {
      zstd: () => raw.pipe(createZstdDecompress()),
      gzip: () => raw.pipe(createGunzip()),
      none: () => raw,
    };
    const chunks: Buffer[] = [];
    for await (const chunk of plain[compression]() as AsyncIterable<Buffer>) chunks.push(chunk);
    assert.equal(one.diffId, digestOf(Buffer.concat(chunks)));
  });
}

test('writes the bytes that it would if the end came late, as it may on a busy machine', async () => {
  await using folder = await scratchFolder();
  const path = join(folder.path, 'blob');
  const text = Array.from({ length: 150_000 }, (_, index) => `line ${index ** 2}`).join('\n');
  const { entries } = await readSources([{ kind: 'text', path: 'a', text }], path);
  await writeLayer({ entries, path, compression: 'zstd', createdBy: '//x' });
  const written = await readFile(path);
  const plain = zstdDecompressSync(written);
  const compressor = createZstdCompress();
  const late = compressor.toArray() as Promise<Buffer[]>;
  for (let offset = 0; offset < plain.length; offset += 256 * 1024) {
    await new Promise((resolve) => compressor.write(plain.subarray(offset, offset + 256 * 1024), resolve));
  }
  compressor.end();
  assert.ok(Buffer.concat(await late).equals(written));
});

test('writes long and non-ASCII names, and large owners, so that other readers get them', async () => {
  await using folder = await scratchFolder();
  const long = `${'folder/'.repeat(30)}file`;
  const target = `/${'t'.repeat(150)}`;
  const entries = await tarOf(
    [
      { kind: 'text', path: long, text: 'long' },
      { kind: 'text', path: 'grün/文', text: 'other', uid: 3_000_000 },
      { kind: 'symlink', path: 'link', target },
    ],
    join(folder.path, 's'),
  );
  assert.equal(entries.find(({ header }) => header.name === long)?.text, 'long');
  const other = entries.find(({ header }) => header.name === 'grün/文');
  assert.deepEqual([other?.text, other?.header.pax], ['other', { path: 'grün/文', uid: '3000000' }]);
  assert.equal(entries.find(({ header }) => header.name === 'link')?.header.linkname, target);
});

test('gives every header a checksum over its bytes', () => {
  const block = encodeHeader({ path: 'a', type: 'file', mode: 0o644, uid: 0, gid: 0, size: 1 });
  assert.equal(block.length, 512);
  const stored = Number.parseInt(block.toString('latin1', 148, 154), 8);
  block.fill(0x20, 148, 156);
  assert.equal(
    stored,
    block.reduce((sum, byte) => sum + byte, 0),
  );
});

test('puts what is below a link of the same layer where the link points', async () => {
  await using folder = await scratchFolder();
  const entries = await tarOf(
    [
      { kind: 'symlink', path: '/lib', target: 'usr/lib' },
      { kind: 'text', path: '/lib/x/y', text: '1' },
      { kind: 'directory', path: '/lib' },
    ],
    join(folder.path, 's'),
  );
  assert.deepEqual(names(entries), ['lib', 'usr', 'usr/lib', 'usr/lib/x', 'usr/lib/x/y']);
});

test('gives everything the layer’s time, and lets archives keep theirs when asked to', async () => {
  await using folder = await scratchFolder();
  const tar = join(folder.path, 'old.tar');
  const write = async (path: string, sources: readonly LayerSource[], mtime: number) => {
    const { entries } = await readSources(sources, join(folder.path, 's'));
    await writeLayer({ entries, path, compression: 'none', createdBy: '//x', mtime });
    return (await untar(createReadStream(path))).map(({ header }) => [
      header.name,
      (header.mtime?.getTime() ?? 0) / 1000,
    ]);
  };
  await write(tar, [{ kind: 'text', path: '/old', text: '' }], 1000);
  const kept: LayerSource = { kind: 'tar', path: '/a', source: tar, keepTimes: true };
  const sources: LayerSource[] = [kept, { ...kept, path: '/b', keepTimes: false }];
  assert.deepEqual(await write(join(folder.path, 'new.tar'), sources, 2000), [
    ['a', 2000],
    ['a/old', 1000],
    ['b', 2000],
    ['b/old', 2000],
  ]);
});

test('writes whiteouts', async () => {
  await using folder = await scratchFolder();
  const entries = await tarOf([{ kind: 'whiteout', path: '/etc/motd' }], join(folder.path, 's'));
  assert.deepEqual(names(entries), ['etc', 'etc/.wh.motd']);
});

for (const [what, sources, code, words] of [
  [
    'two sources that differ',
    [
      { kind: 'text', path: '/a', text: '1' },
      { kind: 'text', path: 'a', text: '2' },
    ],
    'OCI_PATH_CONFLICT',
    /Packing \/a: .* both have it/,
  ],
  [
    'a file where a folder is needed',
    [
      { kind: 'text', path: '/a', text: '1' },
      { kind: 'text', path: '/a/b', text: '2' },
    ],
    'OCI_PATH_CONFLICT',
    /\/a of .* is no folder/,
  ],
  [
    'a path that leaves the root',
    [{ kind: 'text', path: '/a/../../b', text: '' }],
    'OCI_PATH_INVALID',
    /leaves the root/,
  ],
  [
    'a link that leaves the root',
    [{ kind: 'symlink', path: '/a/b', target: '../../c' }],
    'OCI_LINK_LEAVES_ROOT',
    /a\/b → /,
  ],
  [
    'links in a circle',
    [
      { kind: 'symlink', path: '/a', target: 'b' },
      { kind: 'symlink', path: '/b', target: 'a' },
      { kind: 'text', path: '/a/x', text: '' },
    ],
    'OCI_LINK_LOOP',
    /\/a\/x/,
  ],
  ['a mode that is not octal', [{ kind: 'text', path: '/a', text: '', mode: 'rw' }], 'OCI_MODE_INVALID', /"rw"/],
] as readonly (readonly [string, readonly LayerSource[], string, RegExp])[]) {
  test(`refuses ${what}`, async () => {
    await using folder = await scratchFolder();
    await assert.rejects(tarOf(sources, join(folder.path, 's')), fails(code, words));
  });
}

test('packs a folder with executables and links, without what is excluded', async () => {
  await using folder = await scratchFolder();
  await mkdir(join(folder.path, 'tree/bin'), { recursive: true });
  await writeFile(join(folder.path, 'tree/bin/run'), '#!');
  await chmod(join(folder.path, 'tree/bin/run'), 0o700);
  await writeFile(join(folder.path, 'tree/index.js'), 'js', { mode: 0o600 });
  await writeFile(join(folder.path, 'tree/index.d.ts'), 'ts');
  await symlink('index.js', join(folder.path, 'tree/main.js'));
  const source: LayerSource = {
    kind: 'tree',
    path: '/app',
    source: join(folder.path, 'tree'),
    exclude: String.raw`\.ts$`,
  };
  const entries = await tarOf([source], join(folder.path, 's'));
  assert.deepEqual(
    entries.map(({ header }) => [header.name, header.type, header.mode]),
    [
      ['app', 'directory', 0o755],
      ['app/bin', 'directory', 0o755],
      ['app/bin/run', 'file', 0o755],
      ['app/index.js', 'file', 0o644],
      ['app/main.js', 'symlink', 0o777],
    ],
  );
});

test('packs a folder that comes as a file, as source folders do, with the mode of the files in it', async () => {
  await using folder = await scratchFolder();
  await mkdir(join(folder.path, 'pages/sub'), { recursive: true });
  await writeFile(join(folder.path, 'pages/sub/index.html'), 'page');
  const source: LayerSource = { kind: 'file', path: '/srv', source: join(folder.path, 'pages'), mode: '0440', uid: 7 };
  const entries = await tarOf([source], join(folder.path, 's'));
  assert.deepEqual(
    entries.map(({ header, text }) => [header.name, header.mode, header.uid, text]),
    [
      ['srv', 0o755, 7, ''],
      ['srv/sub', 0o755, 7, ''],
      ['srv/sub/index.html', 0o440, 7, 'page'],
    ],
  );
});

test('fails where a file shrinks while it is packed', async () => {
  await using folder = await scratchFolder();
  const path = join(folder.path, 'file');
  await writeFile(path, 'x'.repeat(1000));
  const { entries } = await readSources([{ kind: 'file', path: '/f', source: path }], join(folder.path, 's'));
  await truncate(path, 10);
  const blob = join(folder.path, 'blob');
  await assert.rejects(
    writeLayer({ entries, path: blob, compression: 'zstd', createdBy: '//x' }),
    fails('OCI_SOURCE_CHANGED', /ends before byte 1000/),
  );
});

test('strips a program to what is loaded', async () => {
  await using folder = await scratchFolder();
  const source: LayerSource = { kind: 'file', path: '/node', source: process.execPath, strip: true };
  const { entries } = await readSources([source], join(folder.path, 's'));
  assert.equal(entries[0]?.kind, 'file');
  const text = join(folder.path, 'text');
  await writeFile(text, 'no program, but long enough to have a header: '.repeat(3));
  await assert.rejects(
    readSources([{ ...source, source: text }], folder.path),
    fails('OCI_NOT_ELF', /Stripping .*text/),
  );
});
