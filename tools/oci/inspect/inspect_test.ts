import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { digestOf } from '../../lib/digest.ts';
import { ToolError } from '../../lib/errors.ts';
import { writeOciLayoutTar } from '../image/layout_tar.ts';
import { MEDIA_TYPE } from '../image/media_types.ts';
import type { LayerSource } from '../layer/sources.ts';
import { imageOf, layerOf, text } from '../testing/built_layers.ts';
import { scratchFolder } from '../testing/sample_image.ts';
import { type ConflictPolicy, checkConflicts } from './conflicts.ts';
import { diffImages, diffLines, isSameImage } from './diff.ts';
import { explainImage } from './explain.ts';
import { inspectImage } from './inspected.ts';
import { openLayout } from './layout.ts';
import { scanLayer } from './scan.ts';
import { resolvePath, viewImage } from './view.ts';

test('lists of a layer what another reader finds in its blob', async () => {
  await using folder = await scratchFolder();
  await writeFile(join(folder.path, 'f'), 'content');
  const layer = await layerOf(folder.path, 'a', [
    text('/etc/x', 'x', '0600'),
    { kind: 'file', path: '/bin/f', source: join(folder.path, 'f'), uid: 7, gid: 8 },
    { kind: 'symlink', path: '/bin/g', target: 'f' },
  ]);
  const scanned = await scanLayer(layer.path, '//a');
  assert.deepEqual(
    scanned.entries,
    layer.contents.entries.map(({ input: _, ...entry }) => entry),
  );
  const file = layer.contents.entries.find(({ path }) => path === 'bin/f');
  assert.deepEqual([file?.digest, file?.size, file?.uid], [digestOf('content'), 7, 7]);
  assert.equal(layer.contents.inputs[file?.input ?? -1], join(folder.path, 'f'));
});

test('sees the upper layer’s file, without what a whiteout hides', async () => {
  await using folder = await scratchFolder();
  const below = await layerOf(folder.path, 'a', [text('/etc/x', '1'), text('/etc/y', '1'), text('/opt/z/w', '1')]);
  const above = await layerOf(folder.path, 'b', [
    text('/etc/x', '2'),
    { kind: 'whiteout', path: '/etc/y' },
    { kind: 'whiteout', path: '/opt/z' },
  ]);
  const { entries } = viewImage([below.contents, above.contents]);
  assert.deepEqual([...entries.keys()].sort(), ['etc', 'etc/x', 'opt']);
  assert.equal(entries.get('etc/x')?.entry.digest, digestOf('2'));
});

test('lets an opaque whiteout hide a folder’s old content only', () => {
  const entry = (path: string, type: 'file' | 'directory') => ({ path, type, mode: 0o644, uid: 0, gid: 0 });
  const { entries } = viewImage([
    { entries: [entry('d', 'directory'), entry('d/old', 'file')] },
    { entries: [entry('d', 'directory'), entry('d/new', 'file'), entry('d/.wh..wh..opq', 'file')] },
  ]);
  assert.deepEqual([...entries.keys()].sort(), ['d', 'd/new']);
});

test('follows links within the image, and none that turn in a circle', async () => {
  await using folder = await scratchFolder();
  const layer = await layerOf(folder.path, 'a', [
    text('/usr/bin/x', ''),
    { kind: 'symlink', path: '/bin', target: 'usr/bin' },
    { kind: 'symlink', path: '/a', target: '/b' },
    { kind: 'symlink', path: '/b', target: '/a' },
  ]);
  const { entries } = viewImage([layer.contents]);
  assert.equal(resolvePath(entries, '/bin/../bin/x')?.path, 'usr/bin/x');
  assert.equal(resolvePath(entries, '/a'), undefined);
  assert.equal(resolvePath(entries, '/none'), undefined);
});

async function conflictsOf(policy: ConflictPolicy, replaces: readonly string[] = [], from = 1): Promise<string[]> {
  await using folder = await scratchFolder();
  const below = await layerOf(folder.path, 'below', [
    text('/etc/x', '1'),
    text('/same', 's'),
    { kind: 'directory', path: '/home', mode: '0711' },
  ]);
  const above = await layerOf(folder.path, 'above', [text('/etc/x', '2'), text('/same', 's'), text('/home/file', '')]);
  const warnings: string[] = [];
  checkConflicts({
    image: '//x:image',
    layers: [below.contents, above.contents],
    from,
    replaces,
    policy,
    warn: (message) => warnings.push(message),
  });
  return warnings;
}

test('warns of a path on which two layers disagree, and names both and the path', async () => {
  const warnings = await conflictsOf('warn');
  assert.equal(warnings.length, 2);
  assert.match(
    warnings[0] ?? '',
    /^\/\/x:image: \/etc\/x of \/\/below \(1 B, 0644 .*\) is replaced by \/\/above \(1 B/,
  );
  // A folder that a layer needs for its file has not the mode that the layer below gave it.
  assert.match(
    warnings[1] ?? '',
    /\/home of \/\/below \(folder, 0711 0:0\) is replaced by \/\/above \(folder, 0755 0:0\)/,
  );
});

test('fails where two layers disagree, when asked to', async () => {
  await assert.rejects(conflictsOf('error'), (error) => {
    assert.ok(error instanceof ToolError);
    assert.equal(error.code, 'OCI_LAYERS_DISAGREE');
    return /\/etc\/x of \/\/below .* replaced by \/\/above/.test(error.message) && /replaces/.test(error.hint ?? '');
  });
});

test('is silent about what is replaced on purpose, about the base’s own conflicts, and when asked to be', async () => {
  assert.deepEqual(await conflictsOf('error', ['/etc', '/home']), []);
  assert.deepEqual(await conflictsOf('warn', [], 2), []);
  assert.deepEqual(await conflictsOf('ignore'), []);
});

test('explains layers, sizes, what brought what, and conflicts', async () => {
  await using folder = await scratchFolder();
  await writeFile(join(folder.path, 'big'), 'x'.repeat(5000));
  const record = { type: 'pypi', name: 'requests', version: '2.32.0' } as const;
  const below = await layerOf(folder.path, 'below', [
    { kind: 'file', path: '/lib/big', source: join(folder.path, 'big'), package: record },
    text('/etc/x', '1'),
  ]);
  const above = await layerOf(folder.path, 'above', [text('/etc/x', '2')]);
  const lines = explainImage(
    await inspectImage(await imageOf(folder.path, 'i', [below, above], { env: { A: '1' } }), '//i'),
  );
  const all = lines.join('\n');
  for (const part of [
    'linux/amd64, 2 layers',
    'A=1',
    'layer 1: //below',
    '5.0 kB  pypi requests 2.32.0',
    '5.0 kB  0555  /lib/big',
    '/etc/x of //below (1 B, 0644 0:0',
  ]) {
    assert.ok(all.includes(part), `${part} in:\n${all}`);
  }
});

test('lists no more than asked for, and says how much more there is', async () => {
  await using folder = await scratchFolder();
  const layer = await layerOf(folder.path, 'a', [text('/a', ''), text('/b', ''), text('/c', '')]);
  const image = await inspectImage(await imageOf(folder.path, 'i', [layer]), 'i');
  const files = explainImage(image, { top: 1 }).filter((line) => /0644/.test(line));
  assert.equal(files.length, 1);
});

test('tells two images apart by file, mode, package and configuration', async () => {
  await using folder = await scratchFolder();
  const record = (version: string) => ({ type: 'pypi', name: 'p', version }) as const;
  await writeFile(join(folder.path, 'f'), '');
  const file = (version: string): LayerSource => ({
    kind: 'file',
    path: '/p',
    source: join(folder.path, 'f'),
    package: record(version),
  });
  const shared = await layerOf(folder.path, 'shared', [text('/shared', '')]);
  const one = await layerOf(folder.path, 'one', [text('/gone', ''), text('/mode', ''), text('/text', '1'), file('1')]);
  const two = await layerOf(folder.path, 'two', [
    text('/new', ''),
    text('/mode', '', '0600'),
    text('/text', '2'),
    file('2'),
  ]);
  const before = await inspectImage(await imageOf(folder.path, 'before', [shared, one], { env: { A: '1' } }), 'before');
  const after = await inspectImage(
    await imageOf(folder.path, 'after', [shared, two], { env: { A: '2', B: '3' } }),
    'after',
  );
  const diff = diffImages(before, after);
  assert.equal(isSameImage(diff), false);
  assert.deepEqual(diff.config, [
    { what: 'Env A', before: '"1"', after: '"2"' },
    { what: 'Env B', after: '"3"' },
  ]);
  assert.deepEqual(diff.packages, [{ what: 'pypi p', before: '1', after: '2' }]);
  assert.deepEqual(
    diff.files.map(({ what, before: old, after: made }) => [what, old === undefined, made === undefined]),
    [
      ['/gone', false, true],
      ['/mode', false, false],
      ['/new', true, false],
      ['/text', false, false],
    ],
  );
  assert.ok(diffLines(before, after, diff).includes('1 of 2 layers are in both'));
  assert.equal(isSameImage(diffImages(before, before)), true);
});

test('reads an image layout, as a tar and as a folder, and finds no difference to what it was made of', async () => {
  await using folder = await scratchFolder();
  const layer = await layerOf(folder.path, 'a', [text('/a', 'a'), text('/b', 'b')]);
  const image = await imageOf(folder.path, 'i', [layer]);
  const tar = join(folder.path, 'layout.tar');
  await writeOciLayoutTar(image, tar, ['r.example/i:v1']);
  await using opened = await openLayout(tar, { os: 'linux', architecture: 'amd64' });
  const read = await inspectImage(opened.image, tar);
  assert.equal(read.digest, image.manifest.digest);
  assert.equal(isSameImage(diffImages(await inspectImage(image, 'i'), read)), true);
});

test('takes the image for the platform out of an index, and says which there are', async () => {
  await using folder = await scratchFolder();
  const image = await imageOf(folder.path, 'i', [await layerOf(folder.path, 'a', [text('/a', 'a')])]);
  const layout = join(folder.path, 'layout');
  await mkdir(join(layout, 'blobs/sha256'), { recursive: true });
  const put = async (bytes: Buffer) => writeFile(join(layout, 'blobs', digestOf(bytes).replace(':', '/')), bytes);
  for (const { path } of [image.manifest, image.config, ...image.layers]) await put(await readFile(path));
  const { mediaType, digest, size } = image.manifest;
  const platform = { os: 'linux', architecture: 'arm64' };
  const inner = Buffer.from(JSON.stringify({ manifests: [{ mediaType, digest, size, platform }] }));
  await put(inner);
  const entry = { mediaType: MEDIA_TYPE.index, digest: digestOf(inner), size: inner.length };
  await writeFile(join(layout, 'index.json'), JSON.stringify({ manifests: [entry] }));
  await using opened = await openLayout(layout, platform);
  assert.equal(opened.image.manifest.digest, digest);
  await assert.rejects(openLayout(layout, { os: 'linux', architecture: 'amd64' }), {
    code: 'OCI_LAYOUT_PLATFORM',
    message: /only for linux\/arm64$/,
  });
});

test('reads a layout whose manifest does not say its media type', async () => {
  await using folder = await scratchFolder();
  const image = await imageOf(folder.path, 'i', [await layerOf(folder.path, 'a', [text('/a', 'a')])]);
  const layout = join(folder.path, 'layout');
  await mkdir(join(layout, 'blobs/sha256'), { recursive: true });
  const put = async (bytes: Buffer) => writeFile(join(layout, 'blobs', digestOf(bytes).replace(':', '/')), bytes);
  for (const { path } of [image.config, ...image.layers]) await put(await readFile(path));
  const { mediaType, ...manifest } = JSON.parse(await readFile(image.manifest.path, 'utf8'));
  const bytes = Buffer.from(JSON.stringify(manifest));
  await put(bytes);
  const entry = { mediaType, digest: digestOf(bytes), size: bytes.length };
  await writeFile(join(layout, 'index.json'), JSON.stringify({ manifests: [entry] }));
  await using opened = await openLayout(layout, { os: 'linux', architecture: 'amd64' });
  const digests = opened.image.layers.map(({ digest }) => digest);
  assert.deepEqual(digests, [image.layers[0]?.digest]);
});

test('says that a path is no image layout', async () => {
  await using folder = await scratchFolder();
  const fails = (path: string) =>
    assert.rejects(openLayout(path, { os: 'linux', architecture: 'amd64' }), { code: 'OCI_LAYOUT_UNREADABLE' });
  await fails(join(folder.path, 'none'));
  await fails(folder.path);
});
