// Where clusters are found in kubeconfigs, and what is told of kubeconfigs and plugins that are wrong: nothing of their text.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { errorText } from '../../lib/errors.ts';
import { authorize } from '../kube/credentials.ts';
import { type FindClusterOptions, findCluster } from '../kube/kubeconfig.ts';

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'fathom-kubeconfig-'));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const CONFIG = (context: string, user: string) => `
apiVersion: v1
current-context: another
clusters: [{name: c, cluster: {server: "https://127.0.0.1:6443", certificate-authority-data: Q0E=}}]
contexts: [{name: ${context}, context: {cluster: c, user: u, namespace: n}}]
users: [{name: u, user: ${user}}]
`;
const options = (changes: Partial<FindClusterOptions>): FindClusterOptions => ({
  env: {},
  context: 'wanted',
  cluster: '',
  user: '',
  files: [],
  ...changes,
});

test('takes the named context from KUBECONFIG, the state folder, the home folder, in this order', () =>
  withFolder(async (folder) => {
    const env = { KUBECONFIG: join(folder, 'own'), FATHOM_STATE: folder, HOME: folder };
    const find = () => findCluster(options({ env, cluster: 'fathom' }));
    await assert.rejects(find(), {
      code: 'K8S_NO_CONTEXT',
      hint: /\.\/fathom up/,
      message: /own \(no such file\).*\.kube\/config/,
    });
    await mkdir(join(folder, '.kube'));
    await writeFile(join(folder, '.kube/config'), CONFIG('wanted', '{token: home}'));
    assert.equal((await find()).file, join(folder, '.kube/config'));
    await mkdir(join(folder, 'fathom'));
    await writeFile(join(folder, 'fathom/kubeconfig'), CONFIG('wanted', '{token: state}'));
    assert.equal((await find()).file, join(folder, 'fathom/kubeconfig'));
    await writeFile(join(folder, 'own'), CONFIG('unwanted', '{token: own}'));
    assert.equal((await find()).file, join(folder, 'fathom/kubeconfig'));
    await writeFile(join(folder, 'own'), CONFIG('wanted', '{token: own}'));
    const access = await find();
    assert.equal(access.file, join(folder, 'own'));
    assert.deepEqual([access.namespace, access.tls.ca?.toString()], ['n', 'CA']);
  }));

const search = (files: readonly string[], folder: string) =>
  findCluster(options({ env: { HOME: folder, BUILD_WORKING_DIRECTORY: folder, KUBECONFIG: files.join(delimiter) } }));

test('takes relative paths of KUBECONFIG from where the command was typed', () =>
  withFolder(async (folder) => {
    await writeFile(join(folder, 'own'), CONFIG('wanted', '{token: own}'));
    assert.equal((await search(['./own'], folder)).file, join(folder, 'own'));
  }));

test('the files of KUBECONFIG are one: the first of a name counts, and paths are relative to their own file', () =>
  withFolder(async (folder) => {
    const write = async (name: string, config: object) => {
      await mkdir(join(folder, name), { recursive: true });
      await writeFile(join(folder, name, 'config'), JSON.stringify(config));
    };
    const server = (address: string) => ({ server: `https://${address}`, 'certificate-authority': 'ca.crt' });
    const context = { cluster: 'c', user: 'u' };
    await write('contexts', { contexts: [{ name: 'wanted', context }] });
    await write('clusters', { clusters: [{ name: 'c', cluster: server('first') }], users: [] });
    await write('users', {
      clusters: [{ name: 'c', cluster: server('second') }],
      contexts: [{ name: 'wanted', context: { cluster: 'c', user: 'v' } }],
      users: [{ name: 'u', user: { exec: { command: './login' } } }],
    });
    await writeFile(join(folder, 'clusters/ca.crt'), 'of clusters');
    await writeFile(join(folder, 'users/login'), '#!/bin/sh\necho \'{"status":{"token":"t"}}\'\n', { mode: 0o755 });
    const files = ['contexts/config', 'none/config', 'clusters/config', 'users/config'];
    const access = await search(files, folder);
    assert.deepEqual([access.server, access.tls.ca?.toString()], ['https://first', 'of clusters']);
    assert.equal(access.file, join(folder, 'clusters/config'));
    assert.equal((await authorize(access, AbortSignal.timeout(5000))).header, 'Bearer t');
    // As whoever is told where the cluster is finds it again.
    assert.equal((await findCluster(options({ files: access.files ?? [] }))).server, 'https://first');
    await assert.rejects(search(['contexts/config', 'clusters/config'], folder), {
      code: 'K8S_KUBECONFIG_INVALID',
      message: /contexts\/config, .*clusters\/config: user 'u' of context 'wanted' is missing$/,
    });
  }));

for (const [what, user, header] of [
  ['a token', '{token: t}', 'Bearer t'],
  ['a name and a password', '{username: a, password: b}', 'Basic YTpi'],
  ['a token file', '{tokenFile: token}', 'Bearer from-file'],
  [
    'an exec plugin',
    '{exec: {command: echo, args: ["{\\"status\\":{\\"token\\":\\"from-plugin\\"}}"]}}',
    'Bearer from-plugin',
  ],
] as const) {
  test(`logs in with ${what}`, () =>
    withFolder(async (folder) => {
      const file = join(folder, 'config');
      await writeFile(join(folder, 'token'), 'from-file\n');
      await writeFile(file, CONFIG('wanted', user));
      const access = await findCluster(options({ files: [file] }));
      assert.equal((await authorize(access, AbortSignal.timeout(5000))).header, header);
    }));
}

test('acts as whom the user of the context says, and as itself where it says nobody', () =>
  withFolder(async (folder) => {
    const file = join(folder, 'config');
    const find = async (user: string) => {
      await writeFile(file, CONFIG('wanted', user));
      return (await findCluster(options({ files: [file] }))).impersonation;
    };
    assert.equal(await find('{token: t}'), undefined);
    const extra = '{example.com/scopes: [c, d], plain(1): [e]}';
    assert.deepEqual(
      await find(`{token: t, as: "Zo\u00eb", as-uid: "7", as-groups: [a, b], as-user-extra: ${extra}}`),
      {
        'impersonate-user': Buffer.from('Zo\u00eb').toString('latin1'),
        'impersonate-uid': '7',
        'impersonate-group': ['a', 'b'],
        'impersonate-extra-example.com%2Fscopes': ['c', 'd'],
        'impersonate-extra-plain%281%29': ['e'],
      },
    );
  }));

for (const [what, text, code] of [
  ['is no YAML', 'a: [', 'K8S_KUBECONFIG_INVALID'],
  ['is a list', '- a', 'K8S_KUBECONFIG_INVALID'],
  [
    'lacks the user of the context',
    CONFIG('wanted', '{}').replace('name: u, user', 'name: v, user'),
    'K8S_KUBECONFIG_INVALID',
  ],
  ['has an auth-provider', CONFIG('wanted', '{auth-provider: {name: gcp}}'), 'K8S_AUTH_UNSUPPORTED'],
  ['says as what it acts, but not as whom', CONFIG('wanted', '{token: t, as-groups: [a]}'), 'K8S_KUBECONFIG_INVALID'],
  ['has not the context', CONFIG('another', '{}'), 'K8S_NO_CONTEXT'],
] as const) {
  test(`refuses a kubeconfig that ${what}`, () =>
    withFolder(async (folder) => {
      const file = join(folder, 'config');
      await writeFile(file, text);
      await assert.rejects(findCluster(options({ files: [file] })), { code });
    }));
}

const SECRET = 'hunter2-hunter2';
for (const [what, text] of [
  ['YAML with a wrong indent', CONFIG('wanted', `{token: x}\n   token: ${SECRET}`)],
  ['YAML with a text that is not closed', CONFIG('wanted', `{token: "${SECRET}}`)],
  ['YAML with an alias of nothing', CONFIG('wanted', `{token: *${SECRET}}`)],
  ['YAML with two texts in one place', CONFIG('wanted', `"a" "${SECRET}"`)],
  ['JSON with a comma too few', `{"users": [{"name": "u" "token": "${SECRET}"}]`],
] as const) {
  test(`tells of a kubeconfig that is ${what} where it is wrong, and nothing of its text`, () =>
    withFolder(async (folder) => {
      const file = join(folder, 'config');
      await writeFile(file, text);
      await assert.rejects(findCluster(options({ files: [file] })), (error: unknown) => {
        assert.match(errorText(error), /it is no YAML(: line \d+, column \d+: [A-Z_]+)?$/);
        assert.doesNotMatch(inspect(error), new RegExp(SECRET));
        return true;
      });
    }));
}

for (const [what, script, said] of [
  ['fails', 'echo first >&2; echo no such user >&2; exit 3', 'sh: exit code 3: first; no such user'],
  ['is killed', 'kill -9 $$', 'sh: it was ended by a signal'],
  ['prints no JSON', `echo 'token: ${SECRET}'`, 'sh printed no credential'],
] as const) {
  test(`tells of an exec plugin that ${what} its name and what it says, and neither arguments nor output`, () =>
    withFolder(async (folder) => {
      const file = join(folder, 'config');
      const exec = JSON.stringify({ command: 'sh', args: ['-c', script, '--client-secret', SECRET] });
      await writeFile(file, CONFIG('wanted', `{exec: ${exec}}`));
      const access = await findCluster(options({ files: [file] }));
      await assert.rejects(authorize(access, AbortSignal.timeout(5000)), (error: unknown) => {
        assert.equal(errorText(error), `Getting credentials for context 'wanted': ${said}`);
        assert.doesNotMatch(inspect(error), new RegExp(SECRET));
        return true;
      });
    }));
}

test('says of a plugin that is not there what the kubeconfig says of it', () =>
  withFolder(async (folder) => {
    const file = join(folder, 'config');
    const exec = { command: './no-such-login', args: [SECRET], installHint: 'Install it with `brew`.' };
    await writeFile(file, CONFIG('wanted', `{exec: ${JSON.stringify(exec)}}`));
    const access = await findCluster(options({ files: [file] }));
    await assert.rejects(authorize(access, AbortSignal.timeout(5000)), {
      code: 'K8S_CREDENTIALS',
      message: `Getting credentials for context 'wanted': ${join(folder, 'no-such-login')}: there is no such program`,
      hint: 'Install it with `brew`.',
    });
  }));
