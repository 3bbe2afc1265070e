import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ToolError } from './errors.ts';
import { personalNamespace } from './user.ts';

const nobody = { passwdName: () => '' };

for (const [name, namespace] of [
  ['ada', 'ada'],
  ['Ada.Lovelace', 'ada-lovelace-84e7d0'],
  ['jörg', 'j-rg-1b2a0f'],
] as const) {
  test(`maps ${name} to a namespace that is a DNS label`, () => {
    const mapped = personalNamespace({ env: { FATHOM_USER: name } });
    assert.match(mapped, /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/);
    assert.equal(mapped.replace(/-[0-9a-f]{6}$/, ''), namespace.replace(/-[0-9a-f]{6}$/, ''));
    assert.equal(mapped === name, namespace === name, 'a hash follows exactly when something was changed');
  });
}

test('keeps two names apart that map to the same letters', () => {
  assert.notEqual(personalNamespace({ env: { USER: 'a.b' } }), personalNamespace({ env: { USER: 'a_b' } }));
});

test('cuts a name of 80 letters to a label of at most 47', () => {
  assert.equal(personalNamespace({ env: { USER: 'x'.repeat(80) } }).length, 47);
});

test('takes FATHOM_USER before USER, LOGNAME and the passwd name', () => {
  assert.equal(personalNamespace({ env: { FATHOM_USER: 'a', USER: 'b', LOGNAME: 'c' } }), 'a');
  assert.equal(personalNamespace({ env: { LOGNAME: 'c' } }), 'c');
  assert.equal(personalNamespace({ env: {}, passwdName: () => 'd' }), 'd');
});

for (const name of ['default', 'kube-system', 'prod']) {
  test(`refuses the reserved name ${name}`, () => {
    assert.throws(() => personalNamespace({ env: { USER: name }, reserved: ['prod'] }), { code: 'NAMESPACE_RESERVED' });
  });
}

test('says what to set when nobody has a name', () => {
  assert.throws(
    () => personalNamespace({ env: {}, ...nobody }),
    (error) => error instanceof ToolError && /FATHOM_USER/.test(error.hint ?? ''),
  );
});
