// References to secrets, files of sops, and the keys that open them. The files are sops' own work.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ToolError } from '../../lib/errors.ts';
import { redact } from '../../lib/redact.ts';
import { runfile } from '../../lib/runfiles.ts';
import type { KubeObject } from '../model/object.ts';
import type { LoadedSet } from '../model/plan_input.ts';
import { findAgeKeys } from '../secrets/age_keys.ts';
import { withSecrets } from '../secrets/fill.ts';
import { fillReferences, withoutValues } from '../secrets/in_objects.ts';
import type { ProviderOptions } from '../secrets/providers.ts';
import { parseSopsFile } from '../secrets/sops_file.ts';
import { SOPS_FOLDER, secretObject, sopsFixture, sopsReference } from '../testing/secret_objects.ts';

const KEY = sopsFixture('throw_away_age_key.txt');
const OTHER_KEY = sopsFixture('throw_away_other_age_key.txt');

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fathom-secrets-'));
});
after(() => rm(folder, { recursive: true }));

/** Where all that a test does not name is missing. */
const optionsOf = (env: ProviderOptions['env'], warned: string[] = []): ProviderOptions => ({
  env: { HOME: folder, ...env },
  resolve: runfile,
  warn: (line) => warned.push(line),
  isInCluster: false,
});

function setOf(object: KubeObject, files: readonly (string | { readonly path: string; readonly text: string })[]) {
  const connection = { cluster: '', context: '', namespace: 'dev', user: '', kubeconfig: '' };
  const secrets = files.map((one) => (typeof one === 'string' ? { path: one, file: `${SOPS_FOLDER}/${one}` } : one));
  const guard = { environment: '', isProtected: false, caSha256: '' };
  const input = { version: 1 as const, label: '//x:y', connection, guard, images: [], secrets, objects: [object] };
  const set: LoadedSet = { label: '//x:y', stack: 'x', namespace: 'dev', objects: [input] };
  return [set];
}

type Files = Parameters<typeof setOf>[1];

/** The values of a Secret, filled in. */
async function valuesOf(
  stringData: Readonly<Record<string, string>>,
  { env = {}, files = [], warned = [] }: { env?: ProviderOptions['env']; files?: Files; warned?: string[] } = {},
): Promise<Readonly<Record<string, string>>> {
  const [set] = await withSecrets(setOf(secretObject(stringData), files), optionsOf(env, warned));
  const data = set?.objects[0]?.objects[0]?.['data'] as Readonly<Record<string, string>>;
  return Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text, 'base64').toString()]));
}

const PLAIN = {
  'redis.password': 'redis-pa55word-1',
  'redis.port': '6379',
  'redis.ratio': '0.5',
  'redis.tls': 'true',
  'users.0': 'ada-pa55word-1',
  'users.1': 'grace-pa55word-1',
  empty: '',
  odd: 'a b/c&d=ü"?',
  'tls.key': '-----BEGIN FAKE KEY-----\nbm90IGEga2V5LCBidXQgbG9uZyBlbm91Z2g=\n-----END FAKE KEY-----\n',
} as const;

for (const [what, file] of [
  ['YAML', 'secrets.yaml'],
  ['JSON', 'secrets.json'],
  ['YAML for two recipients', 'two_recipients.yaml'],
  ['YAML whose code is over encrypted values only', 'mac_only_encrypted.yaml'],
] as const) {
  test(`decrypts ${what} as sops has encrypted it`, async () => {
    const keys = Object.keys(PLAIN);
    const stringData = Object.fromEntries(keys.map((key, index) => [`k${index}`, sopsReference(file, key)]));
    const values = await valuesOf(stringData, { env: { SOPS_AGE_KEY: KEY }, files: [file] });
    assert.deepEqual(Object.values(values), Object.values(PLAIN));
  });
}

test('decrypts only what a regular expression chooses, and any file as a whole', async () => {
  const env = { SOPS_AGE_KEY: KEY };
  const a = sopsReference('by_regex.yaml', 'redis.password');
  assert.deepEqual(await valuesOf({ a }, { env, files: ['by_regex.yaml'] }), { a: PLAIN['redis.password'] });
  const b = sopsReference('binary.json', 'data');
  const { b: text = '' } = await valuesOf({ b }, { env, files: ['binary.json'] });
  assert.match(text, /^# Which password is this\?\nredis:/);
});

test('opens a file with the hybrid key of ML-KEM and X25519', async () => {
  const env = { SOPS_AGE_KEY: sopsFixture('throw_away_hybrid_age_key.txt') };
  const a = sopsReference('hybrid.yaml', 'redis.password');
  assert.deepEqual(await valuesOf({ a }, { env, files: ['hybrid.yaml'] }), { a: PLAIN['redis.password'] });
});

test('writes a value into a text as it is, for a URL, and as base64', async () => {
  const env = { WORD: 'p@ss/ü w' };
  const word = (encode = '') => `\${fathom-secret://env/WORD${encode}}`;
  const text = `a://u:${word('?encode=url')}@h ${word()} ${word('?encode=base64')} $\{HOME} {}`;
  assert.deepEqual(await valuesOf({ text, plain: 'as it is' }, { env }), {
    text: 'a://u:p%40ss%2F%C3%BC%20w@h p@ss/ü w cEBzcy/DvCB3 ${HOME} {}',
    plain: 'as it is',
  });
});

test('reads a file below the workspace, an absolute one, any bytes, and one entry', async () => {
  const workspace = join(folder, 'workspace');
  await mkdir(workspace);
  await writeFile(join(workspace, 'a.bin'), Buffer.from([0, 255, 10]), { mode: 0o600 });
  await writeFile(join(folder, 'b.json'), '{"a": {"b": "deep-value"}, "big": 12345678901234567890}', { mode: 0o600 });
  const env = { BUILD_WORKSPACE_DIRECTORY: workspace };
  const object = secretObject({
    bytes: '${fathom-secret://file/a.bin}',
    deep: `\${fathom-secret://file/${folder}/b.json#a.b}`,
    big: `\${fathom-secret://file/${folder}/b.json#big}`,
  });
  const [set] = await withSecrets(setOf(object, []), optionsOf(env));
  const data = set?.objects[0]?.objects[0]?.['data'] as Readonly<Record<string, string>>;
  assert.deepEqual(Buffer.from(data['bytes'] ?? '', 'base64'), Buffer.from([0, 255, 10]));
  assert.equal(Buffer.from(data['deep'] ?? '', 'base64').toString(), 'deep-value');
  assert.equal(Buffer.from(data['big'] ?? '', 'base64').toString(), '12345678901234567890');
});

test('takes age keys from SOPS_AGE_KEY, a file, and keys.txt, and passes over what is none', async () => {
  const home = join(folder, 'home');
  await mkdir(join(home, '.config/sops/age'), { recursive: true });
  const place = join(home, '.config/sops/age/keys.txt');
  await writeFile(place, `# a comment\nAGE-PLUGIN-X-1ABC\n${KEY}`, { mode: 0o600 });
  const stringData = { a: sopsReference('secrets.yaml', 'redis.password') };
  const files = ['secrets.yaml'];
  const expected = { a: PLAIN['redis.password'] };
  assert.deepEqual(await valuesOf(stringData, { env: { HOME: home }, files }), expected);
  assert.deepEqual(await valuesOf(stringData, { env: { SOPS_AGE_KEY_FILE: place }, files }), expected);
  assert.deepEqual(await valuesOf(stringData, { env: { XDG_CONFIG_HOME: join(home, '.config') }, files }), expected);
  const env = { HOME: home, SOPS_AGE_KEY: OTHER_KEY };
  assert.deepEqual(await valuesOf(stringData, { env, files }), expected, 'all keys that are there are tried');
  assert.equal((await findAgeKeys({ HOME: home }, 'darwin')).identities.length, 0);
  // A folder in the place of the file: what is not readable is told where nothing else opens the file.
  await mkdir(join(folder, 'odd/sops/age/keys.txt'), { recursive: true });
  const odd = { XDG_CONFIG_HOME: join(folder, 'odd') };
  assert.deepEqual(await valuesOf(stringData, { env: { ...odd, SOPS_AGE_KEY: KEY }, files }), expected);
  await assert.rejects(valuesOf(stringData, { env: odd, files }), { message: /keys\.txt \(EISDIR\)/ });
});

test('warns of files that others may read, once, and not in a pod', async () => {
  const path = join(folder, 'open.txt');
  await writeFile(path, KEY);
  await chmod(path, 0o644);
  const warned: string[] = [];
  const stringData = { a: sopsReference('secrets.yaml', 'odd'), b: `\${fathom-secret://file/${path}}` };
  const files = ['secrets.yaml'];
  await valuesOf(stringData, { env: { SOPS_AGE_KEY_FILE: path }, files, warned });
  assert.deepEqual(warned, [`${path} may be read by others than its owner: \`chmod 600 ${path}\``]);
  const inPod = { ...optionsOf({ SOPS_AGE_KEY_FILE: path }, warned), isInCluster: true };
  await withSecrets(setOf(secretObject(stringData), files), inPod);
  assert.equal(warned.length, 1);
});

// What is wrong, its code, what the message says of it, and what the hint does.
const tampered = (change: (text: string) => string) => [
  { path: 'secrets.yaml', text: change(sopsFixture('secrets.yaml')) },
];
const swapped = (text: string) => {
  const [, first = '', second = ''] = /users:\n +- (ENC\S+)\n +- (ENC\S+)/.exec(text) ?? [];
  return text.replace(first, '<first>').replace(second, first).replace('<first>', second);
};
const moved = (text: string) => {
  const [, value = ''] = /port: (ENC\S+)/.exec(text) ?? [];
  return text.replace(/password: ENC\S+/, `password: ${value}`);
};
const withKey = { env: { SOPS_AGE_KEY: KEY }, files: ['secrets.yaml'] as Files };
const password = { a: sopsReference('secrets.yaml', 'redis.password') };
const BAD: readonly (readonly [string, string, RegExp, RegExp, Parameters<typeof valuesOf>])[] = [
  [
    'no key',
    'K8S_SECRET_NO_KEY',
    /secrets\.yaml: .*SOPS_AGE_KEY \(not set\).*keys\.txt \(not there\)/,
    /age1/,
    [password, { files: ['secrets.yaml'] }],
  ],
  [
    'a file of keys that is not there',
    'K8S_SECRET_NO_KEY',
    /\/nowhere of SOPS_AGE_KEY_FILE: it is not there/,
    /age-keygen/,
    [password, { env: { SOPS_AGE_KEY_FILE: '/nowhere' }, files: ['secrets.yaml'] }],
  ],
  [
    'a key with a letter changed',
    'K8S_SECRET_NO_KEY',
    /is damaged/,
    /whole line/,
    [password, { ...withKey, env: { SOPS_AGE_KEY: damaged(KEY) } }],
  ],
  [
    'the key of somebody else',
    'K8S_SECRET_WRONG_KEY',
    /it is for age1\w+; yours are age1\w+/,
    /--add-age age1/,
    [password, { ...withKey, env: { SOPS_AGE_KEY: OTHER_KEY } }],
  ],
  [
    'a value with a letter changed',
    'K8S_SECRET_TAMPERED',
    /'redis\.password' is not what was encrypted there/,
    /git log/,
    [password, { ...withKey, files: tampered((text) => text.replace(/(password: ENC\[AES256_GCM,data:)./, '$1_')) }],
  ],
  [
    'a value at the place of another',
    'K8S_SECRET_TAMPERED',
    /'redis\.password' is not what was encrypted there/,
    /git log/,
    [password, { ...withKey, files: tampered(moved) }],
  ],
  [
    'two items of a list in each other’s place',
    'K8S_SECRET_TAMPERED',
    /not those over which its code \(mac\) was computed/,
    /git log/,
    [password, { ...withKey, files: tampered(swapped) }],
  ],
  [
    'an entry taken away',
    'K8S_SECRET_TAMPERED',
    /not those over which its code/,
    /git log/,
    [password, { ...withKey, files: tampered((text) => text.replace(/^odd: .*\n/m, '')) }],
  ],
  [
    'a plain value changed',
    'K8S_SECRET_TAMPERED',
    /not those over which its code/,
    /git log/,
    [password, { ...withKey, files: tampered((text) => text.replace('plain text', 'other text')) }],
  ],
  [
    'a plain value in place of an encrypted one',
    'K8S_SECRET_TAMPERED',
    /'redis\.password' is not what was encrypted/,
    /git log/,
    [password, { ...withKey, files: tampered((text) => text.replace(/password: ENC.*/, 'password: mine')) }],
  ],
  [
    'another time of change',
    'K8S_SECRET_TAMPERED',
    /its code \(mac\) is not what sops wrote/,
    /git log/,
    [
      password,
      {
        ...withKey,
        files: tampered((text) => text.replace(/lastmodified: .*/, 'lastmodified: "2001-01-01T00:00:00Z"')),
      },
    ],
  ],
  [
    'no code',
    'K8S_SECRET_TAMPERED',
    /its code \(mac\) is not what sops wrote/,
    /git log/,
    [password, { ...withKey, files: tampered((text) => text.replace(/ +mac: .*\n/, '')) }],
  ],
  [
    'the code of another file',
    'K8S_SECRET_TAMPERED',
    /its code \(mac\) is not what sops wrote/,
    /git log/,
    [
      password,
      {
        ...withKey,
        files: tampered((text) =>
          text.replace(/mac: .*/, /mac: .*/.exec(sopsFixture('two_recipients.yaml'))?.[0] ?? ''),
        ),
      },
    ],
  ],
  [
    'an entry that is not there',
    'K8S_SECRET_ENTRY',
    /no entry 'redis\.pasword'; the nearest is 'redis\.password'/,
    /sops secrets\.yaml/,
    [{ a: sopsReference('secrets.yaml', 'redis.pasword') }, withKey],
  ],
  [
    'a file that is not declared',
    'K8S_SECRET_UNDECLARED',
    /secret\.yaml: .*the nearest is 'secrets\.yaml'/,
    /attribute secrets/,
    [{ a: sopsReference('secret.yaml', 'a') }, withKey],
  ],
  [
    'variables that are not set',
    'K8S_SECRET_ENV',
    /no ABSENT_1, ABSENT_2/,
    /export ABSENT_1/,
    [{ a: '${fathom-secret://env/ABSENT_2}', b: 'x${fathom-secret://env/ABSENT_1}' }, {}],
  ],
  [
    'a variable that is empty',
    'K8S_SECRET_ENV',
    /no EMPTY/,
    /export EMPTY/,
    [{ a: '${fathom-secret://env/EMPTY}' }, { env: { EMPTY: '' } }],
  ],
  [
    'a file of the machine that is not there',
    'K8S_SECRET_FILE',
    /\/nowhere\/x: ENOENT/,
    /Put the secret there/,
    [{ a: '${fathom-secret://file//nowhere/x}' }, {}],
  ],
  [
    'a file below a workspace that nobody knows',
    'K8S_SECRET_FILE',
    /there is no workspace/,
    /absolute path/,
    [{ a: '${fathom-secret://file/x}' }, {}],
  ],
];

function damaged(key: string): string {
  const at = key.indexOf('AGE-SECRET-KEY-1') + 30;
  return `${key.slice(0, at)}${key[at] === 'Q' ? 'P' : 'Q'}${key.slice(at + 1)}`;
}

const VALUES = [...Object.values(PLAIN).filter((value) => value.length > 6), KEY.trim().split('\n').at(-1) ?? ''];

for (const [what, code, message, hint, input] of BAD) {
  test(`says what to do about ${what}, and no value`, async () => {
    await assert.rejects(valuesOf(...input), (error) => {
      assert.ok(error instanceof ToolError, String(error));
      assert.equal(error.code, code);
      assert.match(error.message, message);
      assert.match(error.hint ?? '', hint);
      const text = `${error.message} ${error.hint}`;
      for (const value of VALUES) assert.ok(!text.includes(value), text);
      return true;
    });
  });
}

test('refuses a file of the machine that git has', async () => {
  const workspace = join(folder, 'clone');
  await mkdir(workspace);
  const git = (...args: readonly string[]) => execFileSync('git', ['-C', workspace, ...args]);
  git('init', '--quiet');
  await writeFile(join(workspace, 'token'), 'a-token-in-git', { mode: 0o600 });
  const env = { BUILD_WORKSPACE_DIRECTORY: workspace };
  const a = '${fathom-secret://file/token}';
  assert.deepEqual(await valuesOf({ a }, { env }), { a: 'a-token-in-git' });
  git('add', 'token');
  await assert.rejects(valuesOf({ a }, { env }), { code: 'K8S_SECRET_PLAIN', message: /token: git has it/ });
});

test('refuses a value inside of a text that is no text', async () => {
  const path = join(folder, 'bytes');
  await writeFile(path, Buffer.from([255, 254]), { mode: 0o600 });
  const a = `x\${fathom-secret://file/${path}}`;
  await assert.rejects(valuesOf({ a }), { code: 'K8S_SECRET_BINARY', message: /key a of Secret dev\/x/ });
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
  await valuesOf({ a: '${fathom-secret://env/HIDDEN}' }, { env: { HIDDEN: value } });
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
  await valuesOf(
    { a: '${fathom-secret://env/PORT} ${fathom-secret://env/NAME}' },
    { env: { PORT: '63790', NAME: 'postgres' } },
  );
  assert.equal(redact('postgres listens at 63790'), 'postgres listens at 63790');
  assert.equal(redact(Buffer.from('postgres').toString('base64')), '***');
});
