// What the build refuses of references to secrets, without a key.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ToolError } from '../../lib/errors.ts';
import type { KubeObject } from '../model/object.ts';
import { referencesOf } from '../secrets/in_objects.ts';
import { checkSopsReferences } from '../secrets/sops_references.ts';
import { secretObject, sopsFixture, sopsReference } from '../testing/secret_objects.ts';

const check = (object: KubeObject, files: Readonly<Record<string, string>> = {}) =>
  checkSopsReferences(
    referencesOf(object, '//x:y'),
    Object.entries(files).map(([path, text]) => ({ path, text })),
  );
const map = (data: object): KubeObject => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm' }, data });
const some = '${fathom-secret://env/A}';
const REFUSED: readonly (readonly [string, string, RegExp, () => void])[] = [
  [
    'a provider that there is not',
    'K8S_SECRET_REFERENCE',
    /provider 'sop'; .*nearest is 'sops'/,
    () => check(secretObject({ a: '${fathom-secret://sop/x#a}' })),
  ],
  [
    'a reference without braces',
    'K8S_SECRET_REFERENCE',
    /Secret dev\/x of \/\/x:y, key a: it stands outside/,
    () => check(secretObject({ a: 'fathom-secret://env/A' })),
  ],
  [
    'a reference that does not end',
    'K8S_SECRET_REFERENCE',
    /outside of '\$\{' and '\}'/,
    () => check(secretObject({ a: '${fathom-secret://env/A' })),
  ],
  ['no slashes', 'K8S_SECRET_REFERENCE', /is no address/, () => check(secretObject({ a: '${fathom-secret:env/A}' }))],
  ['no file', 'K8S_SECRET_REFERENCE', /names no file/, () => check(secretObject({ a: '${fathom-secret://file/}' }))],
  [
    'no variable',
    'K8S_SECRET_REFERENCE',
    /names no variable/,
    () => check(secretObject({ a: '${fathom-secret://env}' })),
  ],
  [
    'a variable that can be none',
    'K8S_SECRET_REFERENCE',
    /not the name of an environment variable/,
    () => check(secretObject({ a: '${fathom-secret://env/A-B}' })),
  ],
  [
    'a generated value without a key',
    'K8S_SECRET_REFERENCE',
    /not the name of a Secret and a key of it/,
    () => check(secretObject({ a: '${fathom-secret://generated/redis}' })),
  ],
  [
    'an encrypted file without an entry',
    'K8S_SECRET_REFERENCE',
    /names no entry/,
    () => check(secretObject({ a: '${fathom-secret://sops/a.yaml}' })),
  ],
  [
    'an unknown encoding',
    'K8S_SECRET_REFERENCE',
    /only \?encode=url and \?encode=base64/,
    () => check(secretObject({ a: '${fathom-secret://env/A?encode=hex}' })),
  ],
  [
    'a reference in a ConfigMap',
    'K8S_SECRET_MISPLACED',
    /ConfigMap m of \/\/x:y: data\.a has/,
    () => check(map({ a: some })),
  ],
  [
    'a reference in an environment',
    'K8S_SECRET_MISPLACED',
    /spec\.containers\[0\]\.env\[0\]\.value/,
    () =>
      check({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'p' },
        spec: { containers: [{ env: [{ name: 'A', value: `x ${some}` }] }] },
      }),
  ],
  [
    'a reference in the data of a Secret',
    'K8S_SECRET_MISPLACED',
    /data\.b has/,
    () => check(secretObject({}, { data: { b: some } })),
  ],
  [
    'the same as base64',
    'K8S_SECRET_MISPLACED',
    /data\.b has/,
    () => check(secretObject({}, { data: { b: Buffer.from(some).toString('base64') } })),
  ],
  [
    'a reference in an annotation of a Secret',
    'K8S_SECRET_MISPLACED',
    /metadata\.annotations\.c/,
    () => check(secretObject({}, { metadata: { name: 'x', annotations: { c: some } } })),
  ],
  [
    'a file that is not encrypted',
    'K8S_SECRET_PLAIN',
    /a\.yaml: it is not encrypted by sops/,
    () => check(secretObject({}), { 'a.yaml': 'password: open-pa55word' }),
  ],
  [
    'a value that is not encrypted',
    'K8S_SECRET_PLAIN',
    /'note_unencrypted' is not encrypted/,
    () =>
      check(secretObject({ a: sopsReference('secrets.yaml', 'note_unencrypted') }), {
        'secrets.yaml': sopsFixture('secrets.yaml'),
      }),
  ],
  [
    'an entry that is not there',
    'K8S_SECRET_ENTRY',
    /nearest is 'users\.0'/,
    () =>
      check(secretObject({ a: sopsReference('secrets.yaml', 'users.2') }), {
        'secrets.yaml': sopsFixture('secrets.yaml'),
      }),
  ],
  [
    'a file for PGP alone',
    'K8S_SECRET_FILE',
    /encrypted for pgp, and for no age recipient/,
    () => check(secretObject({}), { 'a.yaml': 'a: ENC[x]\nsops: {pgp: [{fp: A}]}' }),
  ],
  [
    'a file whose key is split',
    'K8S_SECRET_FILE',
    /split among 2 groups/,
    () => check(secretObject({}), { 'a.yaml': 'a: ENC[x]\nsops: {key_groups: [{age: []}, {age: []}]}' }),
  ],
  [
    'a file of two documents',
    'K8S_SECRET_FILE',
    /it has 2 documents/,
    () => check(secretObject({}), { 'a.yaml': 'a: 1\n---\nb: 2' }),
  ],
  [
    'no YAML',
    'K8S_SECRET_FILE',
    /a\.yaml: it is neither YAML nor JSON: [A-Z_]+$/,
    () => check(secretObject({}), { 'a.yaml': 'password: open-pa55word: x\n' }),
  ],
  ['an empty file', 'K8S_SECRET_FILE', /it is (empty|no map)/, () => check(secretObject({}), { 'a.yaml': '' })],
];

for (const [what, code, message, run] of REFUSED) {
  test(`the build refuses ${what}`, () => {
    assert.throws(run, (error) => {
      assert.ok(error instanceof ToolError, String(error));
      assert.deepEqual(
        [error.code, message.test(error.message), error.message.includes('open-pa55word')],
        [code, true, false],
        error.message,
      );
      assert.ok((error.hint ?? '').length > 20);
      return true;
    });
  });
}
