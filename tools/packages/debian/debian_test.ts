import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ToolError } from '../../lib/errors.ts';
import { createLog } from '../../lib/log.ts';
import { readIndex } from './index_file.ts';
import { resolvePackages } from './lock.ts';
import type { DebianWishes } from './lock_format.ts';
import { fetchIndexes } from './mirror.ts';
import { compareVersions } from './version.ts';

const ORDERED = ['1.0~rc1', '1.0', '1.0-1', '1.0-1+b2', '1.0-1+b10', '1.0a', '1.0+dfsg', '1.1', '1:0.1'];

for (const [index, older] of ORDERED.slice(0, -1).entries()) {
  const newer = ORDERED[index + 1] ?? '';
  test(`orders version ${older} before ${newer}`, () => {
    assert.ok(compareVersions(older, newer) < 0);
    assert.ok(compareVersions(newer, older) > 0);
    assert.equal(compareVersions(older, older), 0);
  });
}

function stanza(name: string, fields: Readonly<Record<string, string>> = {}): string {
  const all = {
    Package: name,
    Version: '1',
    SHA256: `${name}-hash`,
    Size: '1',
    Filename: `pool/${name}.deb`,
    ...fields,
  };
  return Object.entries(all)
    .map(([key, value]) => `${key}: ${value}`)
    .join('\n');
}

function index(...stanzas: string[]) {
  return readIndex([{ archive: 'debian', text: stanzas.join('\n\n') }]);
}

const WISHES: DebianWishes = {
  distribution: 'x',
  architectures: ['amd64'],
  components: ['main'],
  packages: ['a'],
  without: {},
};

test('follows dependencies, in circles too', () => {
  const made = resolvePackages(
    WISHES,
    index(stanza('a', { Depends: 'b (>= 1), c:any' }), stanza('b', { Depends: 'a' }), stanza('c')),
  );
  assert.deepEqual(Object.keys(made), ['a', 'b', 'c']);
  assert.deepEqual(made['a']?.depends, ['b', 'c']);
});

test('takes the alternative that is wanted already, else the first that exists', () => {
  const packages = index(stanza('a', { Depends: 'x | y, none | z' }), stanza('x'), stanza('y'), stanza('z'));
  assert.deepEqual(Object.keys(resolvePackages({ ...WISHES, packages: ['a', 'y'] }, packages)), ['a', 'y', 'z']);
});

test('takes the provider of a virtual package', () => {
  const packages = index(stanza('a', { 'Pre-Depends': 'awk' }), stanza('mawk', { Provides: 'awk (= 1)' }));
  assert.deepEqual(Object.keys(resolvePackages(WISHES, packages)), ['a', 'mawk']);
});

test('leaves out what the list names with a reason', () => {
  const packages = index(stanza('a', { Depends: 'debconf (>= 0.5) | debconf-2.0' }), stanza('debconf'));
  const made = resolvePackages({ ...WISHES, without: { debconf: 'not needed' } }, packages);
  assert.deepEqual(Object.keys(made), ['a']);
});

test('names the package that is unknown and who needs it', () => {
  assert.throws(
    () => resolvePackages(WISHES, index(stanza('a', { Depends: 'gone' }))),
    (error) =>
      error instanceof ToolError && error.code === 'DEBIAN_PACKAGE_UNKNOWN' && /gone, needed by a/.test(error.message),
  );
});

test('takes the newest of several suites, with its archive', () => {
  const made = readIndex([
    { archive: 'debian', text: stanza('a', { Version: '1-1' }) },
    { archive: 'debian-security', text: stanza('a', { Version: '1-1+deb13u1' }) },
  ]);
  assert.equal(made.byName.get('a')?.archive, 'debian-security');
});

test('takes the named packages alone where only their files are used', () => {
  const packages = index(stanza('a', { Depends: 'b' }), stanza('b'));
  const made = resolvePackages({ ...WISHES, files_only: true }, packages);
  assert.deepEqual(Object.keys(made), ['a']);
  assert.deepEqual(made['a']?.depends, []);
});

/** The public key of an archive that was made for this test, and a release that it has signed. */
const KEYS = Buffer.from(
  [
    'mDMEaVW5ABYJKwYBBAHaRw8BAQdAhUIWS7RNrIt5CF+nSqfz6iMrLnBybLIUtFOmrF1uAxi0ElRlc3Qgb2YgYW4gYXJjaGl2ZYiQ',
    'BBMWCAA4FiEE7Ip24iPJZSshxiveO/EqfuSTGOIFAmlVuQACGwMFCwkIBwIGFQoJCAsCBBYCAwECHgECF4AACgkQO/EqfuSTGOLC',
    'wwEAiLaAJ+yt5Q1yy05I0O0YLiJiMUO6viZb5OaUMuQ8ykQA/2piMF5JlElBGXA2kgiUMoJs+z/1OKQCWr0kZj7HXm8G',
  ].join(''),
  'base64',
);
const IN_RELEASE = `-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA256

Origin: Test
Suite: test
Date: Thu, 01 Jan 2026 00:00:00 UTC
SHA256:
 6f2ebebf537da677cbc8dee669759bf0851f2b78ef244d20f20002cd7e63fc24 68 main/binary-amd64/Packages.xz
-----BEGIN PGP SIGNATURE-----

iHUEARYIAB0WIQTsinbiI8llKyHGK9478Sp+5JMY4gUCaVcKgAAKCRA78Sp+5JMY
4oFgAQDdPXy/7kd9ORCnJXhNlIbficu07Gxax4+8X5rao+b89QEAgPBqMGrz76xM
YqzQDtsnmb3cDpqGQguuuYsWZvyvKg0=
=Wjey
-----END PGP SIGNATURE-----
`;
/** `Package: signed`, compressed by xz: the index that the release names. */
const PACKAGES = Buffer.from(
  '/Td6WFoAAAFpIt42AgAhARYAAAB0L+WjAQAPUGFja2FnZTogc2lnbmVkCgD4Z9bUAAEkEOlE2cyQQpkNAQAAAAABWVo=',
  'base64',
);

/** What is read of a mirror that has these files. */
async function indexesOf(inRelease: string, packages: Buffer = PACKAGES) {
  const folder = await mkdtemp(join(process.env['TEST_TMPDIR'] ?? tmpdir(), 'mirror-'));
  const keyring = join(folder, 'keys.gpg');
  await writeFile(keyring, KEYS);
  const server = createServer((request, response) =>
    response.end(request.url === '/dists/test/InRelease' ? inRelease : packages),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await fetchIndexes({
      ...{ mirror: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, suite: 'test', keyring },
      ...{ components: ['main'], architecture: 'amd64' },
      log: createLog(() => undefined),
      signal: AbortSignal.timeout(30_000),
    });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true });
  }
}

// Where it is missing, nothing is checked, and a warning says so.
const skip = spawnSync('gpgv', ['--version']).error !== undefined;

test('reads of a release what is signed, and nothing that stands around it', { skip }, async () => {
  const expected = { texts: ['Package: signed\n'], date: new Date('2026-01-01T00:00:00Z') };
  assert.deepEqual(await indexesOf(IN_RELEASE), expected);
  const other = Buffer.from('another index');
  const hash = createHash('sha256').update(other).digest('hex');
  const forged = `Date: Thu, 01 Jan 2099 00:00:00 UTC\n ${hash} ${other.length} main/binary-amd64/Packages.xz\n`;
  for (const release of [`${forged}\n${IN_RELEASE}`, `${IN_RELEASE}\n${forged}`]) {
    assert.deepEqual(await indexesOf(release), expected);
    await assert.rejects(indexesOf(release, other), { code: 'DEBIAN_INDEX_CHANGED', message: /found/ });
  }
});

test('refuses a release that was changed after it was signed', { skip }, async () => {
  await assert.rejects(indexesOf(IN_RELEASE.replace('2026', '2027')), { code: 'DEBIAN_SIGNATURE_BAD' });
  await assert.rejects(indexesOf('Date: Thu, 01 Jan 2026 00:00:00 UTC\n'), { code: 'DEBIAN_SIGNATURE_BAD' });
});
