import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ToolError } from './errors.ts';
import { createRandom } from './testing/random.ts';
import { personName, personalNamespace } from './user.ts';

const nobody = { passwdName: () => '' };
const namespaceOf = (name: string) => personalNamespace({ env: { FATHOM_USER: name }, ...nobody });

for (const [what, name, namespace] of [
  ['a plain name', 'ada', 'ada'],
  ['digits in front', '42nd-street', '42nd-street'],
  ['dashes inside', 'a--b', 'a-b-90827a'],
  ['capitals', 'Ada', 'ada-99a563'],
  ['capitals and dots', 'Ada.Lovelace', 'ada-lovelace-a99708'],
  ['umlauts', 'jörg', 'j-rg-12c433'],
  ['an umlaut at each end', 'öberg-å', 'berg-66cd21'],
  ['dashes in front and behind', '--ada--', 'ada-e3afdc'],
  ['only symbols', '!?$', 'u-4ce72c'],
  ['only letters of another script', '李小龍', 'u-c1fa1a'],
  ['a domain', 'CORP\\ada', 'corp-ada-86a325'],
  ['an address', 'ada@example.com', 'ada-example-com-b5fc85'],
  ['80 letters', 'x'.repeat(80), `${'x'.repeat(40)}-d929cd`],
  ['a cut at a dash', `${'x'.repeat(39)}-yz`, `${'x'.repeat(39)}-edd427`],
  ['what looks mapped', 'ada-99a563', 'ada-99a563-f1f0d3'],
] as const) {
  test(`maps ${what}: ${name}`, () => assert.equal(namespaceOf(name), namespace));
}

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const LETTERS = [...'abcxyz0189-_.ABCÄöß@ $/\\İKſ', '李', '😀', 'e\u0301', '-', '--'];

test('maps any name to an RFC 1123 label, always to the same one, and no two names to one', () => {
  // Always the same names: of very many, two have the same six digits one day.
  const random = createRandom(1);
  const names = new Map<string, string>();
  for (let round = 0; round < 20_000; round++) {
    const length = 1 + Math.floor(random() * (round % 10 === 0 ? 90 : 8));
    const name = Array.from({ length }, () => LETTERS[Math.floor(random() * LETTERS.length)] ?? 'a').join('');
    if (name.trim() === '') continue;
    const namespace = namespaceOf(name);
    assert.match(namespace, LABEL, JSON.stringify(name));
    assert.ok(namespace.length <= 47, JSON.stringify(name));
    assert.equal(namespaceOf(name), namespace);
    const same = names.get(namespace);
    assert.ok(same === undefined || same === name.normalize('NFC'), `${JSON.stringify([same, name])} meet`);
    names.set(namespace, name.normalize('NFC'));
    // Whoever takes the name of another's namespace for their own has another one.
    if (namespace !== name) assert.notEqual(namespaceOf(namespace), namespace);
  }
});

test('takes one name that is written in two ways as one', () => {
  assert.equal(namespaceOf('jo\u0308rg'), namespaceOf('jörg'));
});

test('takes FATHOM_USER before USER, LOGNAME and the passwd name, and what is empty for nothing', () => {
  assert.equal(personalNamespace({ env: { FATHOM_USER: 'a', USER: 'b', LOGNAME: 'c' } }), 'a');
  assert.equal(personalNamespace({ env: { FATHOM_USER: '', USER: '  ', LOGNAME: 'c' } }), 'c');
  assert.equal(personalNamespace({ env: {}, passwdName: () => 'd' }), 'd');
});

test('takes the namespace where it is known, such as that of a pod', () => {
  assert.equal(personalNamespace({ env: {}, namespace: 'ada-99a563', ...nobody }), 'ada-99a563');
});

for (const name of ['default', 'kube-system', 'fathom-system', 'prod']) {
  test(`refuses the reserved name ${name}`, () => {
    assert.throws(() => personalNamespace({ env: { USER: name }, reserved: ['prod'] }), { code: 'NAMESPACE_RESERVED' });
  });
}

test('a name that is mapped is no reserved one', () => {
  assert.match(namespaceOf('Default'), /^default-[0-9a-f]{6}$/);
});

test('says what to set when nobody has a name', () => {
  assert.throws(
    () => personalNamespace({ env: {}, ...nobody }),
    (error) => error instanceof ToolError && /FATHOM_USER/.test(error.hint ?? ''),
  );
  assert.equal(
    personName({}, () => ''),
    '',
  );
});
