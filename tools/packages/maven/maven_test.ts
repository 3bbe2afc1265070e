import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCoordinate } from './lock_format.ts';
import { artifactPath, licenseOf, pomOf, readTree } from './resolve.ts';
import { compareVersions } from './version.ts';

const ORDERED = [
  '1.0-alpha-1',
  '1.0-beta2',
  '1.0-rc1',
  '1.0-SNAPSHOT',
  '1.0',
  '1.0-sp',
  '1.0-jre',
  '1.0.1',
  '1.2',
  '1.10',
  '2.0.0.Final',
];

for (const [index, older] of ORDERED.slice(0, -1).entries()) {
  const newer = ORDERED[index + 1] ?? '';
  test(`orders version ${older} before ${newer}`, () => {
    assert.ok(compareVersions(older, newer) < 0);
    assert.ok(compareVersions(newer, older) > 0);
  });
}

for (const [a, b] of [
  ['1', '1.0.0'],
  ['1.0.0.Final', '1.0-ga'],
  ['1.0-cr1', '1.0-rc-1'],
] as const) {
  test(`holds ${a} and ${b} for the same version`, () => assert.equal(compareVersions(a, b), 0));
}

const TREE = `1 fathom:pin:pom:1
2 g:a:jar:1.0:compile
3 (g:b:jar:1.0:runtime - omitted for conflict with 2.0)
4 g:b:jar:2.0:compile
5 g:c:zip:linux:3.0:runtime
#
1 2 compile
2 3 runtime
1 4 compile
4 5 runtime
5 2 runtime
`;

test('reads what Maven chose, and who needs it, also where another version was asked for', () => {
  const tree = readTree(TREE);
  assert.deepEqual([...tree.keys()], ['g:a', 'g:b', 'g:c:zip:linux']);
  assert.deepEqual(tree.get('g:a')?.depends, ['g:b']);
  assert.equal(tree.get('g:b')?.version, '2.0');
  assert.deepEqual(tree.get('g:c:zip:linux')?.depends, ['g:a']);
});

test('knows where a repository has an artifact', () => {
  const base = { group: 'org.x', artifact: 'a', version: '1', depends: [] };
  assert.equal(artifactPath({ ...base, type: 'jar' }), 'org/x/a/1/a-1.jar');
  assert.equal(artifactPath({ ...base, type: 'exe', classifier: 'linux-x86_64' }), 'org/x/a/1/a-1-linux-x86_64.exe');
});

test('asks Maven for the artifacts of the list, without those that it leaves out', () => {
  const pom = pomOf({ artifacts: ['g:a:1', 'g:c:zip:linux:3'], without: { 'g:b': 'why' } });
  assert.match(pom, /<artifactId>c<\/artifactId><version>3<\/version><type>zip<\/type><classifier>linux<\/classifier>/);
  assert.equal(pom.match(/<exclusion><groupId>g<\/groupId><artifactId>b<\/artifactId>/g)?.length, 2);
  assert.throws(() => pomOf({ artifacts: ['g:a:1</version>'] }), { code: 'MAVEN_COORDINATE_INVALID' });
});

test('reads coordinates', () => {
  assert.deepEqual(parseCoordinate('g:a:1'), { name: 'g:a', version: '1' });
  assert.deepEqual(parseCoordinate('g:a:jar:sources:1'), { name: 'g:a:jar:sources', version: '1' });
  for (const text of ['g', 'g:a', 'g::1', 'a:b:c:d:e:f']) {
    if (text === 'g:a') continue;
    assert.equal(parseCoordinate(text), undefined, text);
  }
});

test('takes a licence from the parent where the POM itself names none', async () => {
  const parent = '<parent><groupId>g</groupId><artifactId>p</artifactId><version>1</version></parent>';
  const licences =
    '<licenses><license><name>MIT</name></license><license><name>Apache\n  2</name></license></licenses>';
  const poms: Readonly<Record<string, string>> = { 'g/p/1/p-1.pom': `<project>${licences}</project>` };
  const read = async (path: string) => poms[path];
  assert.equal(await licenseOf(`<project>${parent}</project>`, read), 'MIT OR Apache 2');
  assert.equal(await licenseOf('<project/>', read), '');
});
