// Which cluster a verb may reach, and what a protected environment asks for: against a real API server and real clones.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fingerprintsOf } from '../deploy/guard.ts';
import type { Guard } from '../model/plan_input.ts';
import { type ApiServer, startApiServer } from '../testing/apiserver.ts';
import { callsTo } from '../testing/calls.ts';
import { configMap, deployment } from '../testing/objects.ts';
import { type TestStack, withSession } from '../testing/stack.ts';
import { diffVerb } from '../verbs/diff.ts';
import { statusVerb } from '../verbs/status.ts';

let server: ApiServer;
let ca: string;
let folder: string;
/** A clean clone whose HEAD the main branch has. */
let clone: string;
before(async () => {
  server = await startApiServer();
  ca = fingerprintsOf(await readFile(join(server.folder, 'certs/apiserver.crt'))).at(-1) ?? '';
  folder = await mkdtemp(join(tmpdir(), 'fathom-guard-'));
  const origin = join(folder, 'origin');
  execFileSync('git', ['init', '--quiet', '--initial-branch=main', origin]);
  git(origin, 'commit', '--quiet', '--allow-empty', '-m', 'first');
  git(origin, 'commit', '--quiet', '--allow-empty', '-m', 'second');
  clone = join(folder, 'clone');
  execFileSync('git', ['clone', '--quiet', origin, clone]);
});
after(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});
const { applyStack, deleteStack, getMap, makeNamespace } = callsTo(() => server);

function git(where: string, ...args: readonly string[]): void {
  const identity = ['-c', 'user.name=ada', '-c', 'user.email=ada@example.com'];
  execFileSync('git', ['-C', where, ...identity, ...args]);
}

/** The certificate of an authority that nobody has. */
const OTHER_CA = `-----BEGIN CERTIFICATE-----
MIIBdzCCAR2gAwIBAgIUSC4eTcy29KzX6Uez1etI23ZawvMwCgYIKoZIzj0EAwIw
EDEOMAwGA1UEAwwFb3RoZXIwIBcNMjYxMTI0MTYxNzU0WhgPMjEyNjEwMzExNjE3
NTRaMBAxDjAMBgNVBAMMBW90aGVyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
SI/anA+7a/IyDhFhiZAv34wTIuUYbvzXVDHb2nqL+5/zlVRSRGV9DLct2k8gHauS
78qigTjRNhY0XA+P26+ZpqNTMFEwHQYDVR0OBBYEFEBJCW+N6KFcCIDLXjQyOylQ
tWxEMB8GA1UdIwQYMBaAFEBJCW+N6KFcCIDLXjQyOylQtWxEMA8GA1UdEwEB/wQF
MAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIgB8/M1um9OHzuegCkea8SHhEJhWce+Uha
VbRorJ4Nuj8CIQCfSOCMd0GGYHxS2FXYllXp7vHbgrDdTzj8gKrnx3p2oQ==
-----END CERTIFICATE-----`;

const protectedBy = (caSha256: string): Guard => ({ environment: 'prod', isProtected: true, caSha256 });

async function prodStack(namespace: string, rest: Partial<TestStack> & { readonly guard?: Guard } = {}) {
  const { guard = protectedBy(ca), ...others } = rest;
  const stack: TestStack = {
    sets: [{ stack: 'x', namespace, objects: [configMap('a', namespace)], guard }],
    ...others,
    env: { BUILD_WORKSPACE_DIRECTORY: clone, ...rest.env },
  };
  await makeNamespace(namespace);
  return stack;
}

const person = (answer: string) => {
  const questions: string[] = [];
  const ask = async (question: string) => {
    questions.push(question);
    return answer;
  };
  return { questions, terminal: { isInteractive: true, ask } };
};

/** A state folder as `./fathom up` writes it, whose cluster has the given kubeconfig. */
async function stateFolder(name: string, kubeconfig: string): Promise<string> {
  const root = join(folder, name);
  await mkdir(join(root, 'own'), { recursive: true });
  const path = join(root, 'own/kubeconfig');
  await writeFile(path, kubeconfig.replaceAll('fathom-test', 'fathom-own'));
  const state = { version: 1, name: 'own', provider: 'embedded', kubeconfig: path };
  await writeFile(join(root, 'own/cluster.json'), JSON.stringify(state));
  return root;
}

test('a cluster of the state folder is changed without a question, whatever protects its environment', async () => {
  const FATHOM_STATE = await stateFolder('state', await readFile(server.kubeconfig, 'utf8'));
  const env = { FATHOM_STATE, BUILD_WORKSPACE_DIRECTORY: '' };
  for (const [namespace, guard] of [
    ['own-unbound', protectedBy('')],
    ['own-bound', protectedBy('f'.repeat(64))],
  ] as const) {
    const stack = await prodStack(namespace, { guard, cluster: 'own', env });
    await applyStack(stack);
    assert.ok(await getMap(namespace, 'a'));
  }
});

test('refuses a context that has the name of the own cluster, but is another one', async () => {
  const other = await readFile(server.kubeconfig, 'utf8');
  const theirs = Buffer.from(OTHER_CA).toString('base64');
  const own = other.replace(/"certificate-authority-data":"[^"]*"/, `"certificate-authority-data":"${theirs}"`);
  const FATHOM_STATE = await stateFolder('moved', own);
  const kubeconfig = join(folder, 'fathom-own.kubeconfig');
  await writeFile(kubeconfig, other.replaceAll('fathom-test', 'fathom-own'));
  const stack = await prodStack('moved', { cluster: 'own', context: 'fathom-own', env: { FATHOM_STATE } });
  await assert.rejects(applyStack({ ...stack, args: ['--kubeconfig', kubeconfig] }), {
    code: 'K8S_WRONG_CLUSTER',
    message: /fathom up` made one/,
  });
});

test('refuses a cluster with another authority than the environment’s, whatever the verb', async () => {
  const stack = await prodStack('wrong', { guard: protectedBy('f'.repeat(64)), args: ['--yes'] });
  const expected = { code: 'K8S_WRONG_CLUSTER', message: new RegExp(`prod.*${ca.slice(0, 12)}.*sha256:ffff`) };
  await assert.rejects(applyStack(stack), expected);
  await assert.rejects(deleteStack(stack), expected);
  await assert.rejects(
    withSession(server, stack, ({ session }) => statusVerb(session, () => {})),
    expected,
  );
  assert.equal(await getMap('wrong', 'a'), undefined);
});

test('refuses another context than the environment’s', async () => {
  const stack = await prodStack('context', { args: ['--yes', '--context', 'nobody'] });
  await assert.rejects(applyStack(stack), { code: 'K8S_WRONG_CLUSTER', message: /'fathom-test', not to 'nobody'/ });
});

test('a protected environment that is bound to no cluster may be read, and the fingerprint to add is told', async () => {
  const stack = await prodStack('unbound', { guard: protectedBy(''), args: ['--yes'] });
  await assert.rejects(applyStack(stack), { code: 'K8S_UNBOUND', hint: new RegExp(`"ca_sha256": "${ca}"`) });
  const lines: string[] = [];
  const print = (line: string) => void lines.push(line);
  assert.equal(await withSession(server, stack, ({ session }) => diffVerb(async () => session, print)), 1);
});

type Tree = readonly [string, string, RegExp, (where: string) => Promise<void> | void];
// With it git takes every folder for another user's, as those are in the containers of pipelines.
const OF_ANOTHER = 'GIT_TEST_ASSUME_DIFFERENT_OWNER';
const TREES: readonly Tree[] = [
  [
    'that is no clone',
    'K8S_GIT_UNKNOWN',
    /commit of this checkout is not known: .*not a git repository/,
    (where) => rm(join(where, '.git'), { recursive: true }),
  ],
  [
    'that is of another user',
    'K8S_GIT_UNKNOWN',
    /dubious ownership.*git config --global --add safe\.directory/,
    () => {
      process.env[OF_ANOTHER] = '1';
    },
  ],
  ['with a new file', 'K8S_GIT_DIRTY', /new\.txt/, (where) => writeFile(join(where, 'new.txt'), '')],
  [
    'whose commit is not in the main branch',
    'K8S_GIT_UNMERGED',
    /not in origin\//,
    (where) => git(where, 'commit', '--quiet', '--allow-empty', '-m', 'mine'),
  ],
];

for (const [index, [what, code, message, change]] of TREES.entries()) {
  test(`refuses to deploy to a protected environment from a tree ${what}`, async () => {
    const namespace = `tree-${index}`;
    const tree = join(folder, namespace);
    execFileSync('git', ['clone', '--quiet', join(folder, 'origin'), tree]);
    await change(tree);
    const stack = await prodStack(namespace, { args: ['--yes'], env: { BUILD_WORKSPACE_DIRECTORY: tree } });
    await assert.rejects(applyStack(stack), { code, message }).finally(() => {
      delete process.env[OF_ANOTHER];
    });
    assert.equal(await getMap(namespace, 'a'), undefined);
  });
}

test('deploys an older commit of the main branch from a detached HEAD', async () => {
  const tree = join(folder, 'detached');
  execFileSync('git', ['clone', '--quiet', join(folder, 'origin'), tree]);
  git(tree, 'checkout', '--quiet', '--detach', 'HEAD~1');
  await applyStack(await prodStack('detached', { args: ['--yes'], env: { BUILD_WORKSPACE_DIRECTORY: tree } }));
  assert.ok(await getMap('detached', 'a'));
});

test('refuses images by tag in a protected environment', async () => {
  const guard = protectedBy(ca);
  const sets = [{ stack: 'x', namespace: 'tags', objects: [deployment('tags', 0, 'example.com/web:latest')], guard }];
  const stack = { ...(await prodStack('tags')), sets, args: ['--yes'] };
  await assert.rejects(applyStack(stack), { code: 'K8S_UNPINNED', message: /web:latest/ });
});

test('without a terminal and without --yes a protected environment is an error, once the plan is shown', async () => {
  const logged: string[] = [];
  const stack = await prodStack('unattended', { onLine: (line) => logged.push(line) });
  await assert.rejects(applyStack(stack), { code: 'K8S_NOT_CONFIRMED', hint: /--yes/ });
  assert.deepEqual(logged, ['+ ConfigMap unattended/a']);
  assert.equal(await getMap('unattended', 'a'), undefined);
});

test('asks on a terminal: no changes nothing, yes does it, and nothing to do is no question', async () => {
  const stack = await prodStack('asked');
  const no = person('y');
  await assert.rejects(applyStack({ ...stack, terminal: no.terminal }), { code: 'K8S_NOT_CONFIRMED' });
  assert.equal(await getMap('asked', 'a'), undefined);
  const yes = person('yes');
  const lines = await applyStack({ ...stack, terminal: yes.terminal });
  assert.deepEqual(yes.questions, ["Change environment 'prod'? Only 'yes' does: "]);
  assert.equal(lines[0], '+ ConfigMap asked/a');
  assert.ok(await getMap('asked', 'a'));
  const again = person('yes');
  await applyStack({ ...stack, terminal: again.terminal });
  assert.deepEqual(again.questions, []);
});

test('a delete is asked about as well', async () => {
  const stack = await prodStack('asked-delete');
  await applyStack({ ...stack, args: ['--yes'] });
  const no = person('');
  await assert.rejects(deleteStack({ ...stack, terminal: no.terminal }), { code: 'K8S_NOT_CONFIRMED' });
  assert.ok(await getMap('asked-delete', 'a'));
  await deleteStack({ ...stack, terminal: person('yes').terminal });
  assert.equal(await getMap('asked-delete', 'a'), undefined);
});
