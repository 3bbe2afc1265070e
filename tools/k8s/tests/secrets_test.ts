// References to secrets, files of sops, and the keys that open them. The files are sops' own work.
import assert from 'node:assert/strict';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { redact } from '../../lib/redact.ts';
import { findAgeKeys } from '../secrets/age_keys.ts';
import { withSecrets } from '../secrets/fill.ts';
import { fillReferences, withoutValues } from '../secrets/in_objects.ts';
import { parseSopsFile } from '../secrets/sops_file.ts';
import { secretObject, sopsFixture, sopsReference } from '../testing/secret_objects.ts';
import { PLAIN, type SecretMachine, secretMachine, setOf } from '../testing/secret_values.ts';

const KEY = sopsFixture('throw_away_age_key.txt');
const OTHER_KEY = sopsFixture('throw_away_other_age_key.txt');

let machine: SecretMachine;
before(async () => {
  machine = await secretMachine();
});
after(() => machine[Symbol.asyncDispose]());

for (const [what, file] of [
  ['YAML', 'secrets.yaml'],
  ['JSON', 'secrets.json'],
  ['YAML for two recipients', 'two_recipients.yaml'],
  ['YAML whose code is over encrypted values only', 'mac_only_encrypted.yaml'],
] as const) {
  test(`decrypts ${what} as sops has encrypted it`, async () => {
    const keys = Object.keys(PLAIN);
    const stringData = Object.fromEntries(keys.map((key, index) => [`k${index}`, sopsReference(file, key)]));
    const values = await machine.valuesOf(stringData, { env: { SOPS_AGE_KEY: KEY }, files: [file] });
    assert.deepEqual(Object.values(values), Object.values(PLAIN));
  });
}

test('decrypts only what a regular expression chooses, and any file as a whole', async () => {
  const env = { SOPS_AGE_KEY: KEY };
  const a = sopsReference('by_regex.yaml', 'redis.password');
  assert.deepEqual(await machine.valuesOf({ a }, { env, files: ['by_regex.yaml'] }), { a: PLAIN['redis.password'] });
  const b = sopsReference('binary.json', 'data');
  const { b: text = '' } = await machine.valuesOf({ b }, { env, files: ['binary.json'] });
  assert.match(text, /^# Which password is this\?\nredis:/);
});

test('opens a file with the hybrid key of ML-KEM and X25519', async () => {
  const env = { SOPS_AGE_KEY: sopsFixture('throw_away_hybrid_age_key.txt') };
  const a = sopsReference('hybrid.yaml', 'redis.password');
  assert.deepEqual(await machine.valuesOf({ a }, { env, files: ['hybrid.yaml'] }), { a: PLAIN['redis.password'] });
});

test('writes a value into a text as it is, for a URL, and as base64', async () => {
  const env = { WORD: 'p@ss/ü w' };
  const word = (encode = '') => `\${fathom-secret://env/WORD${encode}}`;
  const text = `a://u:${word('?encode=url')}@h ${word()} ${word('?encode=base64')} $\{HOME} {}`;
  assert.deepEqual(await machine.valuesOf({ text, plain: 'as it is' }, { env }), {
    text: 'a://u:p%40ss%2F%C3%BC%20w@h p@ss/ü w cEBzcy/DvCB3 ${HOME} {}',
    plain: 'as it is',
  });
});

test('reads a file below the workspace, an absolute one, any bytes, and one entry', async () => {
  const workspace = join(machine.folder, 'workspace');
  await mkdir(workspace);
  await writeFile(join(workspace, 'a.bin'), Buffer.from([0, 255, 10]), { mode: 0o600 });
  await writeFile(join(machine.folder, 'b.json'), '{"a": {"b": "deep-value"}, "big": 12345678901234567890}', {
    mode: 0o600,
  });
  const env = { BUILD_WORKSPACE_DIRECTORY: workspace };
  const object = secretObject({
    bytes: '${fathom-secret://file/a.bin}',
    deep: `\${fathom-secret://file/${machine.folder}/b.json#a.b}`,
    big: `\${fathom-secret://file/${machine.folder}/b.json#big}`,
  });
  const [set] = await withSecrets(setOf(object, []), machine.optionsOf(env));
  const data = set?.objects[0]?.objects[0]?.['data'] as Readonly<Record<string, string>>;
  assert.deepEqual(Buffer.from(data['bytes'] ?? '', 'base64'), Buffer.from([0, 255, 10]));
  assert.equal(Buffer.from(data['deep'] ?? '', 'base64').toString(), 'deep-value');
  assert.equal(Buffer.from(data['big'] ?? '', 'base64').toString(), '12345678901234567890');
});

test('takes age keys from SOPS_AGE_KEY, a file, and keys.txt, and passes over what is none', async () => {
  const home = join(machine.folder, 'home');
  await mkdir(join(home, '.config/sops/age'), { recursive: true });
  const place = join(home, '.config/sops/age/keys.txt');
  await writeFile(place, `# a comment\nAGE-PLUGIN-X-1ABC\n${KEY}`, { mode: 0o600 });
  const stringData = { a: sopsReference('secrets.yaml', 'redis.password') };
  const files = ['secrets.yaml'];
  const expected = { a: PLAIN['redis.password'] };
  assert.deepEqual(await machine.valuesOf(stringData, { env: { HOME: home }, files }), expected);
  assert.deepEqual(await machine.valuesOf(stringData, { env: { SOPS_AGE_KEY_FILE: place }, files }), expected);
  assert.deepEqual(
    await machine.valuesOf(stringData, { env: { XDG_CONFIG_HOME: join(home, '.config') }, files }),
    expected,
  );
  const env = { HOME: home, SOPS_AGE_KEY: OTHER_KEY };
  assert.deepEqual(await machine.valuesOf(stringData, { env, files }), expected, 'all keys that are there are tried');
  assert.equal((await findAgeKeys({ HOME: home }, 'darwin')).identities.length, 0);
  // A folder in the place of the file: what is not readable is told where nothing else opens the file.
  await mkdir(join(machine.folder, 'odd/sops/age/keys.txt'), { recursive: true });
  const odd = { XDG_CONFIG_HOME: join(machine.folder, 'odd') };
  assert.deepEqual(await machine.valuesOf(stringData, { env: { ...odd, SOPS_AGE_KEY: KEY }, files }), expected);
  await assert.rejects(machine.valuesOf(stringData, { env: odd, files }), { message: /keys\.txt \(EISDIR\)/ });
});

test('warns of files that others may read, once, and not in a pod', async () => {
  const path = join(machine.folder, 'open.txt');
  await writeFile(path, KEY);
  await chmod(path, 0o644);
  const warned: string[] = [];
  const stringData = { a: sopsReference('secrets.yaml', 'odd'), b: `\${fathom-secret://file/${path}}` };
  const files = ['secrets.yaml'];
  await machine.valuesOf(stringData, { env: { SOPS_AGE_KEY_FILE: path }, files, warned });
  assert.deepEqual(warned, [`${path} may be read by others than its owner: \`chmod 600 ${path}\``]);
  const inPod = { ...machine.optionsOf({ SOPS_AGE_KEY_FILE: path }, warned), isInCluster: true };
  await withSecrets(setOf(secretObject(stringData), files), inPod);
  assert.equal(warned.length, 1);
});

test('finds the entries of a file without a key', () => {
  const file = parseSopsFile(sopsFixture('secrets.yaml'), 'secrets.yaml');
  assert.deepEqual(
    file.entries.filter(({ isEncrypted }) => isEncrypted).map(({ name }) => name),
    Object.keys(PLAIN),
  );
});

const some = '${fathom-secret://env/A}';

test('takes values out again, and leaves what the manifest itself has', () => {
  const object = secretObject(
    { a: some, plain: 'text' },
    { metadata: { name: 'x', annotations: { kept: 'yes' } }, data: { b: 'Yg==' } },
  );
  const filled = fillReferences(object, () => Buffer.from('value-1'));
  assert.deepEqual(filled['data'], { a: 'dmFsdWUtMQ==', b: 'Yg==', plain: 'dGV4dA==' });
  assert.equal(filled['stringData'], undefined);
  const taken = withoutValues(filled);
  assert.deepEqual(taken['stringData'], { a: some });
  assert.deepEqual(taken['data'], { b: 'Yg==', plain: 'dGV4dA==' });
  assert.deepEqual(taken.metadata.annotations, { kept: 'yes' });
  assert.deepEqual(
    fillReferences(taken, () => Buffer.from('value-1')),
    filled,
  );
  const forged = secretObject(
    {},
    { metadata: { name: 'x', annotations: { 'fathom.internal/secret-references': '{' } } },
  );
  assert.deepEqual(withoutValues(forged)['stringData'], {});
});

test('hides what it has read, in all forms', async () => {
  const value = 'hidden+value/ü with\nmore than one long line';
  await machine.valuesOf({ a: '${fathom-secret://env/HIDDEN}' }, { env: { HIDDEN: value } });
  const forms = [
    value,
    encodeURIComponent(value),
    JSON.stringify(value),
    Buffer.from(value).toString('base64'),
    Buffer.from(value).toString('base64url'),
    Buffer.from(value).toString('hex'),
    'more than one long line',
  ];
  for (const form of forms) assert.equal(redact(`[${form}]`).includes('long line'), false, form);
  for (const form of forms) assert.match(redact(`<${form}>`), /^<"?\*\*\*"?>$/);
});

test('hides neither a short value nor a short word, which much else has in it', async () => {
  await machine.valuesOf(
    { a: '${fathom-secret://env/PORT} ${fathom-secret://env/NAME}' },
    { env: { PORT: '63790', NAME: 'postgres' } },
  );
  assert.equal(redact('postgres listens at 63790'), 'postgres listens at 63790');
  assert.equal(redact(Buffer.from('postgres').toString('base64')), '***');
});
