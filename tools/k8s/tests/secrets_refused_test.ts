// References to secrets that cannot be filled in: what is said of it, and what must not be.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { inspect } from 'node:util';
import { ToolError } from '../../lib/errors.ts';
import { sopsFixture, sopsReference } from '../testing/secret_objects.ts';
import { PLAIN, type SecretMachine, secretMachine, type SopsFiles } from '../testing/secret_values.ts';

const KEY = sopsFixture('throw_away_age_key.txt');
const OTHER_KEY = sopsFixture('throw_away_other_age_key.txt');

let machine: SecretMachine;
before(async () => {
  machine = await secretMachine();
});
after(() => machine[Symbol.asyncDispose]());

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
const withKey = { env: { SOPS_AGE_KEY: KEY }, files: ['secrets.yaml'] as SopsFiles };
const password = { a: sopsReference('secrets.yaml', 'redis.password') };
const BAD: readonly (readonly [string, string, RegExp, RegExp, Parameters<SecretMachine['valuesOf']>])[] = [
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
    await assert.rejects(machine.valuesOf(...input), (error) => {
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
  const workspace = join(machine.folder, 'clone');
  await mkdir(workspace);
  const git = (...args: readonly string[]) => execFileSync('git', ['-C', workspace, ...args]);
  git('init', '--quiet');
  await writeFile(join(workspace, 'token'), 'a-token-in-git', { mode: 0o600 });
  const env = { BUILD_WORKSPACE_DIRECTORY: workspace };
  const a = '${fathom-secret://file/token}';
  assert.deepEqual(await machine.valuesOf({ a }, { env }), { a: 'a-token-in-git' });
  git('add', 'token');
  await assert.rejects(machine.valuesOf({ a }, { env }), { code: 'K8S_SECRET_PLAIN', message: /token: git has it/ });
});

test('refuses a value inside of a text that is no text', async () => {
  const path = join(machine.folder, 'bytes');
  await writeFile(path, Buffer.from([255, 254]), { mode: 0o600 });
  const a = `x\${fathom-secret://file/${path}}`;
  await assert.rejects(machine.valuesOf({ a }), { code: 'K8S_SECRET_BINARY', message: /key a of Secret dev\/x/ });
});

test('refuses an entry of a file that is broken, and takes nothing of what can be read of it', async () => {
  const path = join(machine.folder, 'broken.yaml');
  await writeFile(path, 'token: "half-of-a-secret\nother: x\n', { mode: 0o600 });
  for (const a of [`\${fathom-secret://file/${path}#token}`, `\${fathom-secret://file/${path}#other}`]) {
    await assert.rejects(machine.valuesOf({ a }), (error: unknown) => {
      assert.ok(error instanceof ToolError, String(error));
      assert.equal(error.code, 'K8S_SECRET_FILE');
      assert.match(error.message, /it is neither YAML nor JSON/);
      return !inspect(error).includes('half-of-a-secret');
    });
  }
});
