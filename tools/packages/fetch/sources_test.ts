import assert from 'node:assert/strict';
import { test } from 'node:test';
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
