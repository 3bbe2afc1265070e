import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { debianSources, findMirrors } from './debian_sources.ts';
import { centralOf, configuredRepositories } from './maven_repositories.ts';

const settings = (mirrors: string, servers = '') =>
  `<settings><servers>${servers}</servers><mirrors>${mirrors}</mirrors></settings>`;
const mirror = (of: string, more = '') =>
  `<mirror><id>m</id><mirrorOf>${of}</mirrorOf><url>https://m.example/repo/</url>${more}</mirror>`;

for (const [what, text, expected] of [
  ['a mirror of everything', settings(mirror('*')), ['https://m.example/repo']],
  ['a mirror of central', settings(mirror('jcenter, central')), ['https://m.example/repo']],
  ['a mirror of all but central', settings(mirror('*,!central')), []],
  ['a mirror of another repository', settings(mirror('other')), []],
  ['a mirror that blocks', settings(mirror('central', '<blocked>true</blocked>')), []],
  ['a mirror in a comment', settings(`<!-- ${mirror('*')} -->`), []],
  ['no mirror', '', []],
] as const) {
  test(`takes Maven artifacts from where settings.xml says: ${what}`, () => {
    assert.deepEqual(configuredRepositories({}, text), expected);
  });
}

test('authorizes itself as the server of the mirror, with variables of the environment', () => {
  const server = '<server><id>m</id><username>me&amp;you</username><password>${env.TOKEN}</password></server>';
  const urls = configuredRepositories({ TOKEN: 's@cret' }, settings(mirror('*'), server));
  assert.deepEqual(urls, ['https://me&you:s%40cret@m.example/repo']);
});

test('says what to do about an encrypted password', () => {
  const server = '<server><id>m</id><username>me</username><password>{abc=}</password></server>';
  assert.throws(() => configuredRepositories({}, settings(mirror('*'), server)), { code: 'MAVEN_PASSWORD_ENCRYPTED' });
});

test('prefers FATHOM_MAVEN_MIRROR', () => {
  const env = { FATHOM_MAVEN_MIRROR: 'https://a.example/x/ file:///mirror' };
  assert.deepEqual(configuredRepositories(env, settings(mirror('*'))), ['https://a.example/x', 'file:///mirror']);
});

test("knows Maven's own default from its super POM", () => {
  const pom =
    '<project><repositories><repository><id>central</id><url>https://c.example/m2/</url></repository></repositories></project>';
  assert.equal(centralOf(pom), 'https://c.example/m2');
  assert.throws(() => centralOf('<project/>'), { code: 'MAVEN_SUPER_POM_UNKNOWN' });
});

test('asks Debian’s mirrors, then the snapshot of the lock', async () => {
  const env = { FATHOM_DEBIAN_MIRROR: 'http://d.example/debian/', FATHOM_DEBIAN_SNAPSHOTS: 'http://s.example/archive' };
  const file = { archive: 'debian-security', path: 'pool/a.deb', snapshot: '20260101T000000Z' };
  assert.deepEqual(debianSources(file, await findMirrors(env, ['http://ignored.example/debian']), env), [
    'http://d.example/debian-security/pool/a.deb',
    'http://s.example/archive/debian-security/20260101T000000Z/pool/a.deb',
  ]);
});

describe("apt's mirrors", () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(process.env['TEST_TMPDIR'] ?? tmpdir(), 'apt-'));
  });
  after(() => rm(folder, { recursive: true }));

  /** The mirrors of a machine whose apt-get is this program. */
  async function mirrorsOf(program: string, timeoutMs?: number): Promise<readonly string[]> {
    await writeFile(join(folder, 'apt-get'), `#!/bin/sh\n${program}\n`);
    await chmod(join(folder, 'apt-get'), 0o755);
    return findMirrors({ PATH: `${folder}:/usr/bin:/bin` }, [], timeoutMs);
  }

  test('are those of Debian, each once', async () => {
    const sites = [
      'http://a.example/debian/',
      'http://a.example/debian',
      'http://a.example/debian-security',
      'file:/x',
    ];
    assert.deepEqual(await mirrorsOf(`printf '${sites.join('\\n')}\\n'`), ['http://a.example/debian']);
  });
  test('are asked for in the language of machines', async () =>
    assert.deepEqual(await mirrorsOf('echo "http://$LC_ALL.example/debian"'), ['http://C.example/debian']));
  test('are not asked for where others are named', async () => {
    await mirrorsOf('echo http://a.example/debian');
    const named = ['http://named.example/debian/'];
    assert.deepEqual(await findMirrors({ PATH: folder }, named), ['http://named.example/debian']);
  });

  for (const [what, program, code, says] of [
    ['has no source', 'exit 0', 'DEBIAN_NO_MIRROR', /apt is configured with no source of packages$/],
    [
      'has only others',
      'echo http://archive.example/ubuntu',
      'DEBIAN_NO_MIRROR',
      /none of Debian by http, only http:\/\/archive\.example\/ubuntu$/,
    ],
    [
      'says what is wrong',
      'echo "E: Malformed entry 1 in list file" >&2; exit 100',
      'DEBIAN_APT_FAILED',
      /mirrors: E: Malformed entry 1 in list file$/,
    ],
    ['fails without a word', 'exit 100', 'DEBIAN_APT_FAILED', /exit code 100$/],
    ['does not end', 'exec sleep 30', 'DEBIAN_APT_FAILED', /no end within 0\.3 s$/],
  ] as const) {
    test(`tells that apt ${what}`, () =>
      assert.rejects(mirrorsOf(program, what === 'does not end' ? 300 : undefined), {
        code,
        message: says,
        hint: /FATHOM_DEBIAN_MIRROR/,
      }));
  }
  test('tells that there is no apt', () =>
    assert.rejects(findMirrors({ PATH: '/nowhere' }), {
      code: 'DEBIAN_NO_MIRROR',
      message: /there is no apt-get on this machine$/,
    }));
});
