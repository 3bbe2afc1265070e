// What of an archive gets into a layer.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { rawTar } from '../testing/raw_tar.ts';
import { scratchFolder } from '../testing/sample_image.ts';
import { fails, names, tarOf } from '../testing/unpacked.ts';
import { archiveMembers } from './archive.ts';
import { tarBytes, writeLayer } from './blob.ts';
import { arrange } from './entries.ts';
import { type LayerSource, readSources } from './sources.ts';

test('passes over members of an archive that are read in part, or not at all', { timeout: 20_000 }, async () => {
  await using folder = await scratchFolder();
  const path = join(folder.path, 'x.tar');
  const sources: LayerSource[] = ['a', 'b', 'c'].map((name) => ({
    kind: 'text',
    path: name,
    text: name.repeat(2_000_000),
  }));
  const { entries } = await readSources(sources, join(folder.path, 's'));
  await writeLayer({ entries, path, compression: 'zstd', createdBy: '//x' });
  const found: string[] = [];
  for await (const member of archiveMembers({ path, origin: path })) {
    if (member.path === 'b') {
      found.push('b');
      continue;
    }
    for await (const chunk of member.body) {
      found.push(chunk.toString('utf8', 0, 1));
      if (member.path === 'a') break;
      if (chunk.includes('c')) break;
    }
  }
  assert.deepEqual(found, ['a', 'b', 'c']);
});

test('takes for a hard link the file that it names, and no other whose path ends in the same way', async () => {
  await using folder = await scratchFolder();
  const source = join(folder.path, 'x.tar');
  const archive = rawTar([
    { path: './README', content: 'of all' },
    { path: './docs/README', content: 'of docs' },
    { path: './LIESMICH', flag: '1', linkname: './README' },
    { path: './README', content: 'another, as tar takes the last' },
  ]);
  await writeFile(source, archive);
  const entries = await tarOf([{ kind: 'tar', path: '/srv', source }], join(folder.path, 's'));
  assert.deepEqual(
    entries.filter(({ header }) => header.type === 'file').map(({ header, text }) => [header.name, text]),
    [
      ['srv/LIESMICH', 'of all'],
      ['srv/README', 'another, as tar takes the last'],
      ['srv/docs/README', 'of docs'],
    ],
  );
});

test('keeps the extended attributes of an archive, byte by byte and in one order', async () => {
  await using folder = await scratchFolder();
  // As the capabilities cap_setuid and cap_net_raw are written: bytes that are no text.
  const capability = Buffer.from('0100000280200000000000000a00000000000000', 'hex');
  const attributes = { 'SCHILY.xattr.user.note': 'a=b', 'SCHILY.xattr.security.capability': capability };
  const [source, again] = [join(folder.path, 'x.tar'), join(folder.path, 'y.tar')];
  await writeFile(
    source,
    rawTar([
      { path: 'bin/ping', content: 'ping', pax: { ...attributes, comment: 'not kept' } },
      { path: 'bin/ping4', flag: '1', linkname: 'bin/ping' },
      { path: 'bin/sh', content: 'sh' },
    ]),
  );
  const tar = async (path: string) => {
    const chunks: Buffer[] = [];
    const { entries } = await readSources([{ kind: 'tar', path: '/', source: path }], join(folder.path, 's'));
    for await (const chunk of tarBytes(await arrange(entries))) chunks.push(chunk);
    return Buffer.concat(chunks);
  };
  const made = await tar(source);
  const records = Buffer.concat([
    Buffer.from('57 SCHILY.xattr.security.capability='),
    capability,
    Buffer.from('\n30 SCHILY.xattr.user.note=a=b\n'),
  ]);
  const first = made.indexOf(records);
  assert.ok(first > 0 && made.indexOf(records, first + 1) > 0, 'both names of the file have them');
  assert.equal(made.indexOf(records, made.indexOf(records, first + 1) + 1), -1);
  assert.equal(made.includes('not kept'), false);
  await writeFile(again, made);
  assert.ok(made.equals(await tar(again)));
});

test('packs a file once that two archives have with the same bytes, and refuses one with others', async () => {
  await using folder = await scratchFolder();
  const source = async (name: string, content: string): Promise<LayerSource> => {
    const path = join(folder.path, name);
    await writeFile(path, rawTar([{ path: `of-${name}` }, { path: 'LICENSE', content }]));
    return { kind: 'tar', path: '/', source: path };
  };
  const sources = [await source('a', 'MIT'), await source('b', 'MIT'), await source('c', 'BSD')];
  const entries = await tarOf(sources.slice(0, 2), join(folder.path, 's'));
  assert.deepEqual(names(entries), ['LICENSE', 'of-a', 'of-b']);
  await assert.rejects(
    tarOf(sources.slice(1), join(folder.path, 's')),
    fails('OCI_PATH_CONFLICT', /Packing \/LICENSE: .*b and .*c both have it, and differ/),
  );
});

test('takes no file for another that has other extended attributes', async () => {
  await using folder = await scratchFolder();
  const source = async (name: string, pax: Record<string, string>): Promise<LayerSource> => {
    const path = join(folder.path, name);
    await writeFile(path, rawTar([{ path: 'ping', content: 'ping', pax }]));
    return { kind: 'tar', path: '/', source: path };
  };
  const sources = [await source('a', { 'SCHILY.xattr.user.x': '1' }), await source('b', { comment: 'none' })];
  await assert.rejects(tarOf(sources, join(folder.path, 's')), fails('OCI_PATH_CONFLICT', /Packing \/ping/));
});
