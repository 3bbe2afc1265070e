import assert from 'node:assert/strict';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ToolError } from '../../lib/errors.ts';
import { scratchFolder } from '../testing/sample_image.ts';
import { askCredentialHelper } from './credential_helper.ts';
import { dockerCredentials } from './docker_config.ts';

const signal = new AbortController().signal;
const SECRET = 'hunter2-Secret';
const login = { username: 'alice', password: SECRET };
const auth = (user: string, password: string) => Buffer.from(`${user}:${password}`).toString('base64');

/** Writes config.json, and helpers of which each is a program with the given text. */
async function configured(folder: string, config: unknown, helpers: Readonly<Record<string, string>> = {}) {
  const bin = join(folder, 'bin');
  await mkdir(bin, { recursive: true });
  await writeFile(join(folder, 'config.json'), typeof config === 'string' ? config : JSON.stringify(config));
  for (const [name, text] of Object.entries(helpers)) {
    await writeFile(join(bin, `docker-credential-${name}`), `#!/bin/sh\n${text}\n`);
    await chmod(join(bin, `docker-credential-${name}`), 0o755);
  }
  return { DOCKER_CONFIG: folder, PATH: `${bin}:/usr/bin:/bin`, HOME: folder };
}

const answer = (username: string, secret: string) => `echo '${JSON.stringify({ Username: username, Secret: secret })}'`;

for (const [what, { config, registry, repository, expected }] of Object.entries({
  'a host': {
    config: { auths: { 'r.example': { auth: auth('alice', SECRET) } } },
    registry: 'r.example',
    repository: 'a/b',
    expected: login,
  },
  'a host with a port, written as a URL': {
    config: { auths: { 'https://r.example:5000/v2/': { auth: auth('alice', SECRET) } } },
    registry: 'r.example:5000',
    repository: 'a',
    expected: login,
  },
  'another port': {
    config: { auths: { 'r.example:5000': { auth: auth('alice', SECRET) } } },
    registry: 'r.example:5001',
    repository: 'a',
    expected: undefined,
  },
  'the longest path that fits': {
    config: {
      auths: {
        'r.example': { auth: auth('nobody', 'x') },
        'r.example/team': { auth: auth('bob', 'x') },
        'r.example/team/app': { auth: auth('alice', SECRET) },
        'r.example/team/app/deeper': { auth: auth('nobody', 'x') },
      },
    },
    registry: 'r.example',
    repository: 'team/app',
    expected: login,
  },
  'a path that only begins alike': {
    config: { auths: { 'r.example/team': { auth: auth('bob', 'x') } } },
    registry: 'r.example',
    repository: 'teams/app',
    expected: undefined,
  },
  'name and password side by side': {
    config: { auths: { 'r.example': { username: 'alice', password: SECRET } } },
    registry: 'r.example',
    repository: 'a',
    expected: login,
  },
  'a password with colons': {
    config: { auths: { 'r.example': { auth: auth('alice', 'a:b:c') } } },
    registry: 'r.example',
    repository: 'a',
    expected: { username: 'alice', password: 'a:b:c' },
  },
  'an identity token': {
    config: { auths: { 'r.example': { auth: auth('alice', ''), identitytoken: SECRET } } },
    registry: 'r.example',
    repository: 'a',
    expected: { identityToken: SECRET },
  },
  "Docker's own registry by any of its names": {
    config: { auths: { 'https://index.docker.io/v1/': { auth: auth('alice', SECRET) } } },
    registry: 'registry-1.docker.io',
    repository: 'library/x',
    expected: login,
  },
  'an empty entry that a store left behind': {
    config: { auths: { 'r.example': {} } },
    registry: 'r.example',
    repository: 'a',
    expected: undefined,
  },
})) {
  test(`finds the login in config.json of ${what}`, async () => {
    await using folder = await scratchFolder();
    const env = await configured(folder.path, config);
    assert.deepEqual(await dockerCredentials(registry, env, signal)(repository), expected);
  });
}

test('finds no login where there is no config.json', async () => {
  await using folder = await scratchFolder();
  assert.equal(await dockerCredentials('r.example', { HOME: folder.path }, signal)('a'), undefined);
});

test('asks the helper of the registry before the store of all, and the store before the file', async () => {
  await using folder = await scratchFolder();
  const env = await configured(
    folder.path,
    {
      credsStore: 'all',
      credHelpers: { 'one.example:5000': 'one' },
      auths: { 'two.example': { auth: auth('file', 'x') }, 'three.example': { auth: auth('alice', SECRET) } },
    },
    {
      one: answer('one', SECRET),
      all: `read server; [ "$server" = two.example ] && ${answer('all', SECRET)} && exit 0; echo 'credentials not found in native keychain'; exit 1`,
    },
  );
  const of = (registry: string) => dockerCredentials(registry, env, signal)('a/b');
  assert.deepEqual(await of('one.example:5000'), { username: 'one', password: SECRET });
  assert.deepEqual(await of('two.example'), { username: 'all', password: SECRET });
  assert.deepEqual(await of('three.example'), login, 'what the store lacks may be in the file');
  assert.equal(await of('four.example'), undefined);
});

test('asks a helper once for each repository', async () => {
  await using folder = await scratchFolder();
  const calls = join(folder.path, 'calls');
  const env = await configured(
    folder.path,
    { credsStore: 'count' },
    { count: `[ -e ${calls} ] && exit 9; echo x > ${calls}; ${answer('<token>', SECRET)}` },
  );
  const source = dockerCredentials('r.example', env, signal);
  assert.deepEqual(await Promise.all([source('a'), source('a')]), [
    { identityToken: SECRET },
    { identityToken: SECRET },
  ]);
});

for (const [what, { text, words }] of Object.entries({
  'that fails': { text: `echo ${SECRET}; echo ${SECRET} >&2; exit 3`, words: /exit code 3/ },
  'that answers nonsense': { text: `echo 'not JSON ${SECRET}'`, words: /no Username and Secret/ },
  'that answers without a secret': { text: `echo '{"Username":"x"}'`, words: /no Username and Secret/ },
})) {
  test(`names a helper ${what}, and does not quote it`, async () => {
    await using folder = await scratchFolder();
    const env = await configured(folder.path, { credsStore: 'bad' }, { bad: text });
    await assert.rejects(dockerCredentials('r.example', env, signal)('a'), (error) => {
      assert.ok(error instanceof ToolError);
      assert.equal(error.code, 'OCI_CREDENTIAL_HELPER_FAILED');
      assert.match(error.message, /docker-credential-bad .*r\.example/);
      assert.match(error.message, words);
      assert.doesNotMatch(`${error.message} ${error.hint} ${String(error.cause)}`, /hunter2/);
      return true;
    });
  });
}

test('gives up on a helper that does not answer', async () => {
  await using folder = await scratchFolder();
  const env = await configured(folder.path, {}, { slow: 'exec sleep 60' });
  await assert.rejects(askCredentialHelper('slow', 'r.example', { env, signal, deadlineMs: 200 }), {
    code: 'OCI_CREDENTIAL_HELPER_FAILED',
    message: /no answer within 0\.2 s/,
  });
});

for (const [helper, words] of [
  ['absent', /no such program on PATH/],
  ['../../bin/evil', /no name of a program/],
] as const) {
  test(`does not run the helper ${helper}`, async () => {
    await using folder = await scratchFolder();
    const env = await configured(folder.path, { credsStore: helper });
    await assert.rejects(dockerCredentials('r.example', env, signal)('a'), { message: words });
  });
}

for (const [what, text] of [
  ['is no JSON', `{"auths": {"r.example": {"auth": "${auth('alice', SECRET)}"}},}`],
  ['is a list', '[]'],
  [
    'has an entry without a name',
    JSON.stringify({ auths: { 'r.example': { auth: Buffer.from(SECRET).toString('base64') } } }),
  ],
] as const) {
  test(`says that config.json ${what}, and does not quote it`, async () => {
    await using folder = await scratchFolder();
    const env = await configured(folder.path, text);
    await assert.rejects(dockerCredentials('r.example', env, signal)('a'), (error) => {
      assert.ok(error instanceof ToolError);
      assert.equal(error.code, 'OCI_DOCKER_CONFIG_INVALID');
      const all = `${error.message} ${error.hint} ${String(error.cause)}`;
      assert.match(all, /config\.json/);
      for (const secret of ['hunter2', auth('alice', SECRET)]) assert.ok(!all.includes(secret), all);
      return true;
    });
  });
}
