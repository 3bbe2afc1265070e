import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ToolError } from '../../lib/errors.ts';
import { readIndex } from './index_file.ts';
import { resolvePackages } from './lock.ts';
import type { DebianWishes } from './lock_format.ts';
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
