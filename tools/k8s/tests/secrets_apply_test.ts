// Values of secrets get into Secrets of a cluster, and nowhere else: against a real API server.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { runfile } from '../../lib/runfiles.ts';
import { readHistory } from '../deploy/history.ts';
import { packPlan } from '../deploy/pack.ts';
import { type KubeObject, asList, at, textAt } from '../model/object.ts';
import { type ApiServer, startApiServer } from '../testing/apiserver.ts';
import { callsTo } from '../testing/calls.ts';
import { deployment } from '../testing/objects.ts';
import { runEngine } from '../testing/process.ts';
import { type TestStack, withPlan, withSession } from '../testing/stack.ts';
import { rollbackVerb } from '../verbs/rollback.ts';

const fixture = (name: string) => readFileSync(runfile(`fathom/tools/k8s/tests/secrets/${name}`), 'utf8');
const SOPS_AGE_KEY = fixture('throw_away_age_key.txt');
const FILE = { path: 'x/secrets.yaml', text: fixture('secrets.yaml') };

let server: ApiServer;
let folder: string;
before(async () => {
  server = await startApiServer();
  folder = await mkdtemp(join(tmpdir(), 'fathom-secrets-'));
});
after(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});
const { applyStack, get, makeNamespace } = callsTo(() => server);

const PASSWORD = '${fathom-secret://sops/x/secrets.yaml#redis.password}';
const TOKEN = '${fathom-secret://env/TOKEN}';
const FROM_FILE = 'redis-pa55word-1';
/** Which nothing prints by chance, and of which URLs and JSON have other forms. */
const FIRST = 'first+token/with "quotes" & ü';
const SECOND = 'second+token/with "quotes" & ü';

const secret = (
  namespace: string,
  stringData: object,
  annotations: Readonly<Record<string, string>> = {},
): KubeObject => ({
  ...{ apiVersion: 'v1', kind: 'Secret' },
  metadata: { name: 'x', namespace, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) },
  stringData,
});
const STRING_DATA = { password: PASSWORD, url: `redis://:${TOKEN.replace('}', '?encode=url}')}@redis/0`, token: TOKEN };

/** A Deployment whose pods read the Secret `x`. */
function reader(namespace: string, how: object): KubeObject {
  const plain = deployment(namespace, 0) as KubeObject & { readonly spec: object };
  const [container] = asList(at(plain, 'spec', 'template', 'spec', 'containers'));
  const { volumes, ...inContainer } = how as { readonly volumes?: object };
  const spec = {
    containers: [{ ...(container as object), ...inContainer }],
    ...(volumes === undefined ? {} : { volumes }),
  };
  const template = { metadata: { labels: { app: 'web' } }, spec };
  return { ...plain, spec: { ...plain.spec, template } };
}
const BY_KEY = { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'x', key: 'token' } } }] };

function stackOf(
  namespace: string,
  token: string | undefined,
  objects: readonly KubeObject[],
  args: readonly string[] = [],
): TestStack {
  return {
    sets: [{ stack: 'x', namespace, objects, secrets: [FILE] }],
    env: { SOPS_AGE_KEY, ...(token === undefined ? {} : { TOKEN: token }) },
    args: ['--no-wait', ...args],
  };
}

/** Every form in which a text may hold a value. */
function formsOf(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  return [
    value,
    bytes.toString('base64'),
    bytes.toString('base64url'),
    bytes.toString('hex'),
    encodeURIComponent(value),
    JSON.stringify(value).slice(1, -1),
  ];
}

function assertNoValue(text: string, where: string): void {
  for (const form of [FROM_FILE, FIRST, SECOND].flatMap(formsOf))
    assert.ok(!text.includes(form), `${where} has ${form}`);
}

const secretPath = (namespace: string, name = 'x') => `/api/v1/namespaces/${namespace}/secrets/${name}`;
const webPath = (namespace: string) => `/apis/apps/v1/namespaces/${namespace}/deployments/web`;
const parentPath = (namespace: string) => secretPath(namespace, 'fathom-x');
const valueOf = async (namespace: string, key: string) =>
  Buffer.from(textAt(await get(secretPath(namespace)), 'data', key) ?? '', 'base64').toString();
const versionsOf = async (namespace: string) =>
  textAt(
    await get(webPath(namespace)),
    'spec',
    'template',
    'metadata',
    'annotations',
    'fathom.internal/secret-versions',
  );
const run = (stack: TestStack, verb: string) => runEngine(server, stack, { verb });

test('the Secret has the values, and nothing that is printed, written or kept has them', async () => {
  await makeNamespace('quiet');
  const junit = join(folder, 'junit.xml');
  const objects = [secret('quiet', STRING_DATA), reader('quiet', BY_KEY)];
  const outputs: string[] = [];
  for (const [token, verb, args] of [
    [FIRST, 'diff', []],
    [FIRST, 'apply', ['--output=json', '--junit', junit]],
    [SECOND, 'diff', []],
    [SECOND, 'diff', ['--output=json']],
    [SECOND, 'apply', []],
    [FIRST, 'replace', ['--output=json']],
    [undefined, 'resolve', []],
    [undefined, 'status', ['--output=json']],
    [undefined, 'describe', []],
    [SECOND, 'rollback', []],
    [FIRST, 'apply', ['--dry-run']],
  ] as const) {
    const { code, stdout, stderr } = await run(stackOf('quiet', token, objects, args), verb);
    assert.ok(code === 0 || (verb === 'diff' && code === 1) || (verb === 'status' && code === 1), `${verb}: ${stderr}`);
    outputs.push(`${verb}:\n${stdout}\n${stderr}`);
  }
  for (const output of outputs) assertNoValue(output, output);
  assertNoValue(await readFile(junit, 'utf8'), 'junit');
  assert.match(outputs[6] ?? '', /password: \$\{fathom-secret:\/\/sops\/x\/secrets\.yaml#redis\.password\}/);
  assert.match(outputs[6] ?? '', /warning: Secrets have references in place of values/);
  assert.match(outputs[2] ?? '', /data\.token\n +- "\*\*\*"\n +\+ "\*\*\*"/);
  assert.equal(await valueOf('quiet', 'password'), FROM_FILE);
  assert.equal(await valueOf('quiet', 'token'), SECOND);
  assert.equal(await valueOf('quiet', 'url'), `redis://:${encodeURIComponent(SECOND)}@redis/0`);
  // The Secret itself says where its values come from; all else that the run left has none.
  assertNoValue(JSON.stringify((await get(secretPath('quiet')))?.metadata), 'metadata of the Secret');
  assertNoValue(JSON.stringify(await get(webPath('quiet'))), 'the Deployment');
  const parent = await get(parentPath('quiet'));
  const history = readHistory(parent);
  assert.ok(history.revisions.length >= 4);
  assertNoValue(JSON.stringify([parent, [...history.objects]]), 'the history');
  for (const [, kept] of history.objects) {
    assert.deepEqual(kept.find(({ kind }) => kind === 'Secret')?.['stringData'], STRING_DATA);
  }
});

test('a packed plan has the file as it is encrypted', async () => {
  const name = 'fathom/tools/k8s/tests/secrets/secrets.yaml';
  const [set] = stackOf('default', FIRST, [secret('default', STRING_DATA)]).sets;
  assert.ok(set);
  const stack = { sets: [{ ...set, secrets: [{ path: FILE.path, file: name }] }] };
  await withPlan(server, stack, async ({ input, folder: place }) => {
    const packed = JSON.stringify(await packPlan(input, (path) => (path === name ? runfile(path) : join(place, path))));
    assertNoValue(packed, 'the packed plan');
    assert.ok(packed.includes('ENC[AES256_GCM'));
    assert.ok(packed.includes('fathom-secret://sops/x/secrets.yaml#redis.password'));
  });
});

test('a second apply changes nothing, and one with another value the Secret alone', async () => {
  await makeNamespace('noop');
  const apply = async (token: string) =>
    (await applyStack(stackOf('noop', token, [secret('noop', STRING_DATA)]))).at(-1) ?? '';
  assert.match(await apply(FIRST), /1 created/);
  const before = await Promise.all([get(secretPath('noop')), get(parentPath('noop'))]);
  assert.match(await apply(FIRST), /1 unchanged/);
  assert.deepEqual(await Promise.all([get(secretPath('noop')), get(parentPath('noop'))]), before);
  assert.match(await apply(SECOND), /1 updated/);
  assert.equal(await valueOf('noop', 'token'), SECOND);
});

test('a value that somebody changes in the cluster is put back', async () => {
  await makeNamespace('drift');
  const stack = stackOf('drift', FIRST, [secret('drift', STRING_DATA), reader('drift', BY_KEY)]);
  await applyStack(stack);
  const { merge } = callsTo(() => server);
  const version = await versionsOf('drift');
  await merge(secretPath('drift'), { data: { token: Buffer.from('theirs').toString('base64') } });
  await applyStack({ ...stack, args: ['--no-wait', '--force-conflicts'] });
  assert.equal(await valueOf('drift', 'token'), FIRST);
  assert.notEqual(await versionsOf('drift'), version, 'pods may have read the other one');
});

for (const [how, fields] of [
  ['a key in env', BY_KEY],
  ['envFrom', { envFrom: [{ secretRef: { name: 'x' } }] }],
  [
    'a volume',
    { volumeMounts: [{ name: 'x', mountPath: '/x' }], volumes: [{ name: 'x', secret: { secretName: 'x' } }] },
  ],
  [
    'a projected volume',
    {
      volumeMounts: [{ name: 'x', mountPath: '/x' }],
      volumes: [{ name: 'x', projected: { sources: [{ secret: { name: 'x' } }] } }],
    },
  ],
] as const) {
  test(`pods that read it by ${how} start anew when a value changes, and only then`, async () => {
    const namespace = `roll-${how.replaceAll(' ', '-').toLowerCase()}`;
    await makeNamespace(namespace);
    const stack = (token: string) =>
      stackOf(namespace, token, [secret(namespace, STRING_DATA), reader(namespace, fields)]);
    await applyStack(stack(FIRST));
    const first = await versionsOf(namespace);
    assert.match(first ?? '', /^x=[0-9a-f]{16}$/);
    assert.match((await applyStack(stack(FIRST))).at(-1) ?? '', /2 unchanged/);
    assert.match((await applyStack(stack(SECOND))).at(-1) ?? '', /2 updated/);
    const second = await versionsOf(namespace);
    assert.notEqual(second, first);
    await applyStack(stack(FIRST));
    assert.notEqual(await versionsOf(namespace), first, 'nobody can see that it is a value of before');
  });
}

test('pods of another stack do not start anew because one is applied with or without the other', async () => {
  await makeNamespace('apart');
  const pods = { stack: 'y', namespace: 'apart', objects: [reader('apart', BY_KEY)] };
  const both = stackOf('apart', FIRST, [secret('apart', STRING_DATA)]);
  await applyStack({ ...both, sets: [...both.sets, pods] });
  assert.equal(await versionsOf('apart'), undefined);
  assert.match((await applyStack({ ...both, sets: [pods] })).at(-1) ?? '', /1 unchanged/);
});

test('what a template says of a value is not made of the value', async () => {
  const namespaces = ['one', 'two'];
  for (const namespace of namespaces) {
    await makeNamespace(namespace);
    await applyStack(stackOf(namespace, FIRST, [secret(namespace, { token: TOKEN }), reader(namespace, BY_KEY)]));
  }
  const [one, two] = await Promise.all(namespaces.map(versionsOf));
  assert.notEqual(one, two);
  for (const algorithm of ['md5', 'sha1', 'sha256', 'sha512']) {
    const hash = createHash(algorithm).update(FIRST).digest('hex');
    assert.ok(!(one ?? '').includes(hash.slice(0, 16)));
  }
});

test('a Secret whose rollout is none leaves its pods alone', async () => {
  await makeNamespace('still');
  const object = secret('still', STRING_DATA, { 'fathom.internal/rollout': 'none' });
  const stack = (token: string) => stackOf('still', token, [object, reader('still', BY_KEY)]);
  await applyStack(stack(FIRST));
  assert.match((await applyStack(stack(SECOND))).at(-1) ?? '', /1 updated, 1 unchanged/);
});

test('a rollback puts the manifests of before back, with the values of now', async () => {
  await makeNamespace('back');
  const stack = (token: string, extra: object) =>
    stackOf('back', token, [secret('back', { ...STRING_DATA, ...extra }), reader('back', BY_KEY)]);
  const rollback = (token: string | undefined) =>
    withSession(server, stackOf('back', token, []), ({ session }) => rollbackVerb(session, () => {}));
  await applyStack(stack(FIRST, {}));
  await applyStack(stack(SECOND, { more: 'a word' }));
  assert.equal(await valueOf('back', 'more'), 'a word');
  const before = await get(secretPath('back'));
  await assert.rejects(rollback(undefined), { code: 'K8S_SECRET_ENV' });
  assert.deepEqual(await get(secretPath('back')), before, 'nothing is changed where a value is missing');
  await withSession(server, stack(SECOND, { more: 'a word' }), ({ session }) => rollbackVerb(session, () => {}));
  assert.equal(await valueOf('back', 'token'), SECOND);
  assert.equal(await valueOf('back', 'more'), '');
});

test('without its key nothing is sent, not even a lease', async () => {
  await makeNamespace('nothing');
  const stack = { ...stackOf('nothing', FIRST, [secret('nothing', STRING_DATA)]), env: { TOKEN: FIRST } };
  await assert.rejects(applyStack(stack), { code: 'K8S_SECRET_NO_KEY' });
  const { code, stdout, stderr } = await run({ ...stack, args: ['--output=json'] }, 'apply');
  assert.equal(code, 1);
  assert.match(stderr, /^error: K8S_SECRET_NO_KEY: Decrypting x\/secrets\.yaml: /m);
  assert.match(stdout, /"kind":"error","code":"K8S_SECRET_NO_KEY"/);
  assert.ok(!/\n +at /.test(stderr), stderr);
  assert.deepEqual(asList(at(await get('/api/v1/namespaces/nothing/secrets'), 'items')), []);
  assert.deepEqual(asList(at(await get('/apis/coordination.k8s.io/v1/namespaces/nothing/leases'), 'items')), []);
});

test('what the server says of a Secret that it refuses has no value', async () => {
  await makeNamespace('refused');
  const object = { ...secret('refused', { '.dockerconfigjson': TOKEN }), type: 'kubernetes.io/dockerconfigjson' };
  const { code, stdout, stderr } = await run(stackOf('refused', FIRST, [object], ['--output=json']), 'apply');
  assert.equal(code, 1);
  assert.match(stderr, /K8S_INVALID/);
  assertNoValue(stdout + stderr, 'the refusal');
});

const GENERATED = '${fathom-secret://generated/x#password}';
const generatedStack = (namespace: string): TestStack => ({
  sets: [
    {
      stack: 'x',
      namespace,
      objects: [
        secret(namespace, { password: GENERATED }),
        { ...secret(namespace, { acl: `user a >${GENERATED}` }), metadata: { name: 'acl', namespace } },
      ],
    },
  ],
  args: ['--no-wait'],
});

test('a generated value is made once in each namespace, is the same in every text, and is printed nowhere', async () => {
  await makeNamespace('made');
  await makeNamespace('made-too');
  const first = await run(generatedStack('made'), 'apply');
  assert.equal(first.code, 0, first.stderr);
  const value = await valueOf('made', 'password');
  assert.match(value, /^[-\w]{43}$/);
  const acl = textAt(await get(secretPath('made', 'acl')), 'data', 'acl') ?? '';
  assert.equal(Buffer.from(acl, 'base64').toString(), `user a >${value}`);

  const second = await run(generatedStack('made'), 'apply');
  assert.equal(second.code, 0, second.stderr);
  const diff = await run(generatedStack('made'), 'diff');
  assert.equal(diff.code, 0, diff.stdout + diff.stderr);
  assert.equal(await valueOf('made', 'password'), value);
  for (const { stdout, stderr } of [first, second, diff]) {
    for (const form of formsOf(value)) assert.ok(!`${stdout}${stderr}`.includes(form));
  }

  assert.equal((await run(generatedStack('made-too'), 'apply')).code, 0);
  assert.notEqual(await valueOf('made-too', 'password'), value);
});

test('a generated value that no Secret would keep is refused before anything is changed', async () => {
  await makeNamespace('homeless');
  const stack = generatedStack('homeless');
  const objects = stack.sets[0]?.objects.slice(1) ?? [];
  const outcome = await run({ ...stack, sets: [{ stack: 'x', namespace: 'homeless', objects }] }, 'apply');
  assert.equal(outcome.code, 1);
  assert.match(outcome.stderr, /K8S_SECRET_HOME: .*homeless\/x/);
  assert.equal(await get(secretPath('homeless', 'acl')), undefined);
});
