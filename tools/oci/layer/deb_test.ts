import assert from 'node:assert/strict';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { scratchFolder } from '../testing/sample_image.ts';
import { fails, names, tarOf } from '../testing/unpacked.ts';
import { readArMembers } from './ar.ts';
import { tarBytes } from './blob.ts';
import { buildLayer } from './build_layer.ts';
import { arrange } from './entries.ts';
import { type LayerSource, readSources } from './sources.ts';

/** A .deb with a control record and a data archive. */
async function sampleDeb(path: string, data: readonly LayerSource[], packageName = 'sample'): Promise<void> {
  const tar = async (sources: readonly LayerSource[]) => {
    const chunks: Buffer[] = [];
    const { entries } = await readSources(sources, `${path}.s`);
    for await (const chunk of tarBytes(await arrange(entries))) chunks.push(chunk);
    return gzipSync(Buffer.concat(chunks));
  };
  const member = (name: string, bytes: Buffer) => {
    const header = `${name.padEnd(16)}${'0'.padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'100644'.padEnd(8)}`;
    return Buffer.concat([
      Buffer.from(`${header}${String(bytes.length).padEnd(10)}\`\n`),
      bytes,
      Buffer.alloc(bytes.length % 2, 10),
    ]);
  };
  const control = await tar([{ kind: 'text', path: './control', text: `Package: ${packageName}\nVersion: 1\n` }]);
  const members = [
    member('debian-binary', Buffer.from('2.0\n')),
    member('control.tar.gz', control),
    member('data.tar.gz', await tar(data)),
  ];
  await writeFile(path, Buffer.concat([Buffer.from('!<arch>\n'), ...members]));
}

test('unpacks a Debian package without manuals, with its record for scanners', async () => {
  await using folder = await scratchFolder();
  const deb = join(folder.path, 'x.deb');
  await sampleDeb(deb, [
    { kind: 'text', path: '/usr/bin/tool', text: 'tool', mode: '4755' },
    { kind: 'text', path: '/usr/share/man/man1/tool.1', text: 'manual' },
    { kind: 'text', path: '/usr/share/doc/sample/changelog', text: 'log' },
    { kind: 'text', path: '/usr/share/doc/sample/copyright', text: 'licence' },
    { kind: 'text', path: '/opt/big/file', text: 'not wanted' },
  ]);
  const entries = await tarOf([{ kind: 'deb', source: deb, exclude: ['/opt/big'] }], join(folder.path, 's'));
  const files = entries.filter(({ header }) => header.type === 'file');
  assert.deepEqual(names(files), ['usr/bin/tool', 'usr/share/doc/sample/copyright', 'var/lib/dpkg/status.d/sample']);
  assert.equal(files[0]?.header.mode, 0o4755);
});

test('makes the bundle of certificates that ca-certificates would make', async () => {
  await using folder = await scratchFolder();
  const deb = join(folder.path, 'ca.deb');
  const crt = (name: string) =>
    ({ kind: 'text', path: `/usr/share/ca-certificates/mozilla/${name}.crt`, text: `${name}\n` }) as const;
  await sampleDeb(deb, [crt('b'), crt('a')], 'ca-certificates');
  const entries = await tarOf([{ kind: 'deb', source: deb }], join(folder.path, 's'));
  assert.equal(entries.find(({ header }) => header.name === 'etc/ssl/certs/ca-certificates.crt')?.text, 'a\n\nb\n\n');
});

test('names the archive that is damaged', async () => {
  await using folder = await scratchFolder();
  const deb = join(folder.path, 'x.deb');
  await sampleDeb(deb, [{ kind: 'text', path: '/a', text: 'a'.repeat(1000) }]);
  const spool = join(folder.path, 's');
  const bytes = await readFile(deb);
  const data = (await readArMembers(deb)).find(({ name }) => name.startsWith('data'));
  bytes.fill(0x55, (data?.offset ?? 0) + 20, (data?.offset ?? 0) + 40);
  await writeFile(deb, bytes);
  await assert.rejects(readSources([{ kind: 'deb', source: deb }], spool), fails('OCI_ARCHIVE_INVALID', /x\.deb/));
  await writeFile(deb, bytes.subarray(0, 100));
  await assert.rejects(
    readSources([{ kind: 'deb', source: deb }], spool),
    fails('OCI_ARCHIVE_INVALID', /damaged at byte/),
  );
  await writeFile(deb, 'something else');
  await assert.rejects(
    readSources([{ kind: 'deb', source: deb }], spool),
    fails('OCI_ARCHIVE_INVALID', /no ar archive/),
  );
});

test('leaves no scratch file behind', async () => {
  await using folder = await scratchFolder();
  const deb = join(folder.path, 'x.deb');
  await sampleDeb(deb, [{ kind: 'text', path: '/a', text: 'a' }]);
  const [blob, descriptor, contents] = ['blob', 'descriptor', 'contents'].map((name) =>
    join(folder.path, 'out', name),
  ) as [string, string, string];
  await mkdir(join(folder.path, 'out'));
  const sources: LayerSource[] = [{ kind: 'deb', source: deb }];
  await buildLayer({ blob, descriptor, contents, createdBy: '//x', compression: 'zstd', sources });
  assert.deepEqual((await readdir(join(folder.path, 'out'))).sort(), ['blob', 'contents', 'descriptor']);
});
