// Personal namespaces: made with owner, end and quota, used by nobody else, collected when their time is over: against
// a real API server.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAllDocuments } from 'yaml';
import { runfile } from '../../lib/runfiles.ts';
import { chooseSeed, createRandom } from '../../lib/testing/random.ts';
import { renewPersonal } from '../deploy/personal_namespace.ts';
import { connect } from '../deploy/session.ts';
import { type KubeObject, asList, at, textAt } from '../model/object.ts';
import type { PersonalInput } from '../model/plan_input.ts';
import { gcVerb } from '../namespaces/gc.ts';
import { listVerb } from '../namespaces/list.ts';
import { releaseVerb } from '../namespaces/release.ts';
import { type ApiServer, startApiServer } from '../testing/apiserver.ts';
import { callsTo } from '../testing/calls.ts';
import { configMap, deployment } from '../testing/objects.ts';
import { type TestStack, withSession } from '../testing/stack.ts';
import { diffVerb } from '../verbs/diff.ts';
import { rbacVerb } from '../verbs/rbac.ts';

let server: ApiServer;
before(async () => {
  server = await startApiServer();
});
after(() => server.stop());
const { applyStack, deleteStack, get, getMap, makeNamespace, merge, post, remove } = callsTo(() => server);

const PERSONAL: PersonalInput = {
  ttl: '72h',
  quota: { pods: '10', 'requests.cpu': '4' },
  limits: { defaultRequest: { cpu: '50m' }, default: { memory: '256Mi' } },
};
const HOUR_MS = 3_600_000;

function stackOf(user: string, rest: Partial<TestStack> = {}, names: readonly string[] = ['a']): TestStack {
  const objects = names.map((name) => configMap(name, 'myns-placeholder', { host: 'x.myns-placeholder.svc' }));
  return {
    sets: [{ stack: 'x', namespace: 'myns-placeholder', objects }],
    env: { FATHOM_USER: user },
    personal: PERSONAL,
    args: ['--no-wait'],
    ...rest,
  };
}

/** What the targets of personal_namespaces hand over. */
const programOf = (user: string, namespace: string, args: readonly string[]): TestStack => ({
  sets: [{ stack: '', namespace, objects: [] }],
  env: { FATHOM_USER: user },
  personal: PERSONAL,
  reserved: namespace === '' ? ['prod'] : ['prod', 'myns-placeholder'],
  args: ['--no-wait', ...args],
});

async function collect(args: readonly string[], rest: Partial<TestStack> = {}) {
  const printed: string[] = [];
  const stack = { ...programOf('admin', '', args), streams: { print: (line: string) => printed.push(line) }, ...rest };
  return withSession(server, stack, async ({ session, lines }) => {
    await gcVerb(session);
    return { printed, lines };
  });
}
const release = (user: string) =>
  withSession(server, programOf(user, 'myns-placeholder', []), ({ session }) => releaseVerb(session));

const pathOf = (name: string) => `/api/v1/namespaces/${name}`;
const namespaceOf = async (name: string) => (await get(pathOf(name))) as KubeObject;
const expiresAt = async (name: string) =>
  Date.parse((await namespaceOf(name)).metadata.annotations?.['fathom.internal/expires'] ?? '');
const annotate = (name: string, annotations: Readonly<Record<string, string | null>>) =>
  merge(pathOf(name), {
    metadata: {
      annotations: Object.fromEntries(
        Object.entries(annotations).map(([key, value]) => [`fathom.internal/${key}`, value]),
      ),
    },
  });
const expire = (name: string) => annotate(name, { expires: '2001-01-01T00:00:00Z' });
const isEnding = async (name: string) => (await get(pathOf(name)))?.metadata.deletionTimestamp !== undefined;

/** All that is in a namespace, and itself, byte by byte. */
async function bytesOf(name: string): Promise<string> {
  const paths = ['configmaps', 'secrets', 'resourcequotas', 'limitranges', 'serviceaccounts'].map(
    (kind) => `${pathOf(name)}/${kind}`,
  );
  const leases = `/apis/coordination.k8s.io/v1/namespaces/${name}/leases`;
  const lists = await Promise.all([...paths, leases].map(async (path) => at(await get(path), 'items')));
  return JSON.stringify([await namespaceOf(name), lists]);
}

test('the first apply makes it with owner, end, quota, limits and the restricted standard', async () => {
  const before = Date.now();
  const lines = await applyStack(stackOf('Ada.Lovelace'));
  const name = 'ada-lovelace-a99708';
  const { labels, annotations = {} } = (await namespaceOf(name)).metadata;
  assert.deepEqual(labels, {
    'app.kubernetes.io/managed-by': 'fathom',
    'fathom.internal/namespace': 'personal',
    'fathom.internal/owner': name,
    'kubernetes.io/metadata.name': name,
    'pod-security.kubernetes.io/audit': 'restricted',
    'pod-security.kubernetes.io/enforce': 'restricted',
    'pod-security.kubernetes.io/warn': 'restricted',
  });
  assert.equal(annotations['fathom.internal/owner-name'], 'Ada.Lovelace');
  assert.ok(Math.abs(Date.parse(annotations['fathom.internal/created'] ?? '') - before) < 60_000);
  assert.ok(Math.abs((await expiresAt(name)) - before - 72 * HOUR_MS) < 60_000);
  assert.deepEqual(at(await get(`${pathOf(name)}/resourcequotas/fathom-personal`), 'spec', 'hard'), {
    pods: '10',
    'requests.cpu': '4',
  });
  const limits = asList(at(await get(`${pathOf(name)}/limitranges/fathom-personal`), 'spec', 'limits'));
  assert.deepEqual([at(limits[0], 'type'), at(limits[0], 'default', 'memory')], ['Container', '256Mi']);
  assert.deepEqual((await getMap(name, 'a'))?.['data'], { host: `x.${name}.svc` });
  assert.match(lines.at(-1) ?? '', /1 objects?: 1 created/);
});

test('an apply puts its end off, and changes nothing else; an end that is later stays', async () => {
  await applyStack(stackOf('renews'));
  await annotate('renews', { expires: '2026-01-01T00:00:00Z' });
  const diff = await withSession(server, stackOf('renews'), ({ session }) =>
    diffVerb(
      async () => session,
      () => {},
    ),
  );
  assert.equal(diff, 0);
  assert.equal(await expiresAt('renews'), Date.parse('2026-01-01T00:00:00Z'), 'a diff changes nothing');
  const quota = await get(`${pathOf('renews')}/resourcequotas/fathom-personal`);
  const lines = await applyStack(stackOf('renews'));
  assert.match(lines.at(-1) ?? '', /1 unchanged/);
  assert.ok((await expiresAt('renews')) > Date.now() + 71 * HOUR_MS);
  assert.deepEqual(await get(`${pathOf('renews')}/resourcequotas/fathom-personal`), quota);
  await annotate('renews', { expires: '2999-01-01T00:00:00Z' });
  await applyStack(stackOf('renews'));
  assert.equal(await expiresAt('renews'), Date.parse('2999-01-01T00:00:00Z'));
});

test('a changed quota is a difference, and applied', async () => {
  await applyStack(stackOf('quota'));
  const stack = stackOf('quota', { personal: { ...PERSONAL, quota: { pods: '20' } } });
  const printed: string[] = [];
  await withSession(server, stack, ({ session }) =>
    diffVerb(
      async () => session,
      (line) => printed.push(line),
    ),
  );
  assert.match(printed.join('\n'), /~ ResourceQuota quota\/fathom-personal[^]*spec\.hard\.pods\n +- "10"\n +\+ "20"/);
  await applyStack(stack);
  assert.deepEqual(at(await get(`${pathOf('quota')}/resourcequotas/fathom-personal`), 'spec', 'hard'), { pods: '20' });
});

test('without settings it has neither end nor quota; with a wrong one nothing is made', async () => {
  await applyStack(stackOf('plain', { personal: {} }));
  assert.equal((await namespaceOf('plain')).metadata.annotations?.['fathom.internal/expires'], undefined);
  assert.deepEqual(asList(at(await get(`${pathOf('plain')}/resourcequotas`), 'items')), []);
  await assert.rejects(applyStack(stackOf('wrong', { personal: { ttl: '3 days' } })), {
    code: 'K8S_USAGE',
    message: /'ttl' of personal in cluster_constants\.bzl '3 days' is no time/,
  });
  assert.equal(await get(pathOf('wrong')), undefined);
});

test('two people’s namespaces never touch: apply, prune, delete and gc of one leave the other’s bytes', async () => {
  await applyStack(stackOf('anna', {}, ['a', 'b']));
  await applyStack(stackOf('bert', {}, ['a', 'b']));
  const bert = await bytesOf('bert');
  await applyStack(stackOf('anna', {}, ['a']));
  assert.equal(await getMap('anna', 'b'), undefined);
  assert.equal(await bytesOf('bert'), bert);
  await deleteStack(stackOf('anna'));
  assert.equal(await getMap('anna', 'a'), undefined);
  assert.equal(await bytesOf('bert'), bert);
  await expire('anna');
  const { printed } = await collect(['--yes']);
  assert.match(
    printed.join('\n'),
    /anna +anna +\S+ +to collect +expired at 2001[^]*bert +bert +\S+ +in use +expires at/,
  );
  assert.equal(await isEnding('anna'), true);
  assert.equal(await bytesOf('bert'), bert);
});

test('a namespace of one’s name that is somebody else’s is not used, whatever the verb', async () => {
  await makeNamespace('monitoring');
  await post(`${pathOf('monitoring')}/configmaps`, configMap('a', 'monitoring', { theirs: 'yes' }));
  await applyStack(stackOf('carl'));
  await merge(pathOf('carl'), {
    metadata: { labels: { 'fathom.internal/owner': 'dora' }, annotations: { 'fathom.internal/owner-name': 'Dora' } },
  });
  for (const [user, words] of [
    ['monitoring', /as that of 'monitoring': it is no personal namespace/],
    ['carl', /as that of 'carl': it belongs to 'Dora'/],
  ] as const) {
    const bytes = await bytesOf(user);
    const expected = { code: 'K8S_NAMESPACE_FOREIGN', message: words, hint: /FATHOM_USER.*kubectl label namespace/ };
    await assert.rejects(applyStack(stackOf(user)), expected);
    await assert.rejects(deleteStack(stackOf(user)), expected);
    await assert.rejects(release(user), expected);
    assert.equal(
      await withSession(server, stackOf(user), ({ session }) =>
        diffVerb(
          async () => session,
          () => {},
        ),
      ),
      2,
    );
    assert.equal(await bytesOf(user), bytes);
  }
});

test('an administrator can give a namespace to a person; it is used, and never collected', async () => {
  await post('/api/v1/namespaces', {
    ...{ apiVersion: 'v1', kind: 'Namespace' },
    metadata: { name: 'given', labels: { 'fathom.internal/namespace': 'personal', 'fathom.internal/owner': 'given' } },
  });
  await applyStack(stackOf('given'));
  await expire('given');
  const { printed } = await collect(['--yes']);
  assert.match(printed.join('\n'), /given +given +\S+ +left alone +somebody else has made it/);
  assert.equal(await isEnding('given'), false);
});

test('gc only lists with --dry-run, asks without --yes, and deletes nothing for any answer but yes', async () => {
  await applyStack(stackOf('emil'));
  await expire('emil');
  const { lines } = await collect(['--dry-run']);
  assert.match(lines.join('\n'), /1 to collect; nothing was deleted/);
  await assert.rejects(collect([]), { code: 'K8S_NOT_CONFIRMED', message: /Deleting emil: there is no terminal/ });
  const asked: string[] = [];
  const terminal = (answer: string) => ({
    isInteractive: true,
    ask: async (question: string) => (asked.push(question), answer),
  });
  await assert.rejects(collect([], { terminal: terminal('y') }), { code: 'K8S_NOT_CONFIRMED' });
  assert.equal(await isEnding('emil'), false);
  await collect([], { terminal: terminal('yes') });
  assert.deepEqual(asked, Array(2).fill("Delete emil, with all that is in it? Only 'yes' does: "));
  assert.equal(await isEnding('emil'), true);
});

test('gc collects what its owner has released; an apply takes that back', async () => {
  await applyStack(stackOf('frida'));
  const end = await expiresAt('frida');
  await release('frida');
  assert.equal(await expiresAt('frida'), end);
  assert.match((await collect(['--dry-run'])).printed.join('\n'), /frida .* to collect +released at/);
  await applyStack(stackOf('frida'));
  assert.match((await collect(['--dry-run'])).printed.join('\n'), /frida .* in use +expires at/);
  await release('frida');
  await collect(['--yes']);
  assert.equal(await isEnding('frida'), true);
  await assert.rejects(release('nobody-there'), { code: 'K8S_NAMESPACE_MISSING' });
});

test('gc leaves alone what Fathom has not made, what has another owner, a reserved name, or an end that is no time', async () => {
  const labels = {
    'app.kubernetes.io/managed-by': 'fathom',
    'fathom.internal/namespace': 'personal',
    'fathom.internal/owner': 'forged',
  };
  const annotations = {
    'fathom.internal/created': '2001-01-01T00:00:00Z',
    'fathom.internal/expires': '2001-01-01T00:00:00Z',
  };
  await post('/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'forged', labels, annotations },
  });
  for (const user of ['gustav', 'holly', 'ida']) await applyStack(stackOf(user));
  for (const user of ['gustav', 'holly']) await expire(user);
  await merge(pathOf('gustav'), { metadata: { labels: { 'fathom.internal/owner': 'holly' } } });
  await annotate('ida', { expires: 'soon' });
  const { printed } = await collect(['--yes'], { reserved: ['prod', 'holly'] });
  const table = printed.join('\n');
  for (const line of [
    /forged .* left alone +somebody else has made it/,
    /gustav .* left alone +its owner is 'holly'/,
    /holly .* left alone +its name is reserved/,
    /ida .* in use +expires at 'soon', which is no time/,
  ]) {
    assert.match(table, line);
  }
  for (const name of ['forged', 'gustav', 'holly', 'ida']) assert.equal(await isEnding(name), false, name);
});

test('an apply between the list and the deletion keeps the namespace', async () => {
  await applyStack(stackOf('karl'));
  await expire('karl');
  const terminal = {
    isInteractive: true,
    ask: async () => {
      // While somebody thinks about the question.
      await applyStack(stackOf('karl'));
      return 'yes';
    },
  };
  const { lines } = await collect([], { terminal });
  assert.match(lines.join('\n'), /kept {6}karl: it was changed, or is gone, since it was listed/);
  assert.equal(await isEnding('karl'), false);
});

test('however an apply and a gc meet, the namespace is kept whole, or the apply says that it is going', async () => {
  const random = createRandom(chooseSeed());
  const outcomes = { kept: 0, gone: 0 };
  for (let round = 0; round < 16; round++) {
    const user = `meet-${round}`;
    await applyStack(stackOf(user, {}, ['a']));
    await expire(user);
    // From the gc first to the apply first: an apply has more to do before it comes to the namespace.
    const aheadMs = random() * 300 - 60;
    const applying = sleep(Math.max(0, -aheadMs)).then(() => applyStack(stackOf(user, {}, ['a', 'b'])));
    const collecting = sleep(Math.max(0, aheadMs)).then(() => collect(['--yes']));
    const [applied, collected] = await Promise.allSettled([applying, collecting]);
    assert.equal(collected.status, 'fulfilled');
    if (applied.status === 'fulfilled') {
      outcomes.kept++;
      assert.equal(await isEnding(user), false, `round ${round}`);
      assert.ok((await expiresAt(user)) > Date.now() + 71 * HOUR_MS);
      assert.ok(await getMap(user, 'b'));
    } else {
      outcomes.gone++;
      assert.equal((applied.reason as { readonly code?: string }).code, 'K8S_NAMESPACE_TERMINATING');
      assert.equal(await isEnding(user), true, `round ${round}`);
    }
  }
  process.stdout.write(`${outcomes.kept} kept, ${outcomes.gone} gone\n`);
});

test('a deletion between the look at a namespace and its renewal makes no second one', async () => {
  await applyStack(stackOf('lena'));
  await expire('lena');
  const old = await namespaceOf('lena');
  await remove(pathOf('lena'));
  await server.client.request({
    method: 'PUT',
    path: `${pathOf('lena')}/finalize`,
    body: { ...(await namespaceOf('lena')), spec: { finalizers: [] } },
    doing: 'Testing',
  });
  assert.equal(await get(pathOf('lena')), undefined);
  await withSession(server, stackOf('lena'), async ({ session }) => {
    const connected = await connect(session);
    const { client } = connected;
    // The answer of a moment ago.
    const late = {
      ...client,
      request: async (one: Parameters<typeof client.request>[0]) =>
        one.method === 'GET' && one.path === pathOf('lena') ? old : client.request(one),
    };
    await assert.rejects(renewPersonal(session, { ...connected, client: late }), { code: 'K8S_CONFLICT' });
    client.close();
  });
  assert.equal(await get(pathOf('lena')), undefined);
});

test('an apply to a namespace that is ending says so', async () => {
  await applyStack(stackOf('mona'));
  await expire('mona');
  await collect(['--yes']);
  await assert.rejects(applyStack(stackOf('mona')), { code: 'K8S_NAMESPACE_TERMINATING' });
});

test('a namespace in which a run holds a lock is kept', async () => {
  await applyStack(stackOf('nils'));
  await expire('nils');
  const spec = {
    holderIdentity: 'nils@laptop:1:2',
    leaseDurationSeconds: 15,
    renewTime: new Date().toISOString().replace('Z', '000Z'),
  };
  const leases = '/apis/coordination.k8s.io/v1/namespaces/nils/leases';
  await post(leases, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'fathom-x' }, spec });
  const { printed } = await collect(['--yes']);
  assert.match(printed.join('\n'), /nils .* in use +expired at .*, but nils@laptop:1:2 is at work in it/);
  assert.equal(await isEnding('nils'), false);
  await merge(`${leases}/fathom-x`, { spec: { renewTime: '2001-01-01T00:00:00.000000Z' } });
  await collect(['--yes']);
  assert.equal(await isEnding('nils'), true);
});

test('the clock of a machine that is wrong by years makes no difference', async (context) => {
  context.mock.timers.enable({ apis: ['Date'], now: Date.parse('2001-01-01T00:00:00Z') });
  await applyStack(stackOf('otto'));
  const { printed } = await collect(['--dry-run']);
  context.mock.timers.reset();
  assert.ok((await expiresAt('otto')) > Date.now() + 71 * HOUR_MS);
  assert.match(printed.join('\n'), /otto .* in use/);
  context.mock.timers.enable({ apis: ['Date'], now: Date.parse('2999-01-01T00:00:00Z') });
  const late = await collect(['--dry-run']);
  context.mock.timers.reset();
  assert.match(late.printed.join('\n'), /otto .* in use/);
});

test('lists as JSON', async () => {
  const printed: string[] = [];
  const stack = {
    ...programOf('admin', '', ['--output=json']),
    streams: { print: (line: string) => void printed.push(line) },
  };
  await withSession(server, stack, ({ session }) => listVerb(session));
  const { namespaces } = JSON.parse(printed[0] ?? '') as {
    readonly namespaces: readonly Readonly<Record<string, string>>[];
  };
  assert.deepEqual(Object.keys(namespaces[0] ?? {}), ['name', 'owner', 'state', 'reason']);
});

test('whoever may not make it is told what helps; what .rbac prints is enough, and no rule of it is too many', async () => {
  const stack = stackOf('petra', { context: 'nobody' });
  const printed: string[] = [];
  const asAdmin = stackOf('petra', {
    args: ['--subject', 'user:nobody'],
    streams: { print: (text) => void printed.push(text) },
  });
  await withSession(server, asAdmin, ({ session }) => rbacVerb(session));
  const documents = parseAllDocuments(printed.join('\n'));
  assert.ok(Array.isArray(documents));
  const objects = documents.map((document) => document.toJS() as KubeObject & { readonly rules?: readonly Rule[] });
  const wide = objects.filter(({ metadata }) => metadata.namespace === undefined);
  const rbac = '/apis/rbac.authorization.k8s.io/v1';
  const place = ({ kind, metadata: { namespace } }: KubeObject) =>
    `${rbac}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${kind.toLowerCase()}s`;
  const withRights = async (granted: readonly KubeObject[], work: () => Promise<void>) => {
    for (const object of granted) await post(place(object), object);
    await work();
    for (const object of granted) await remove(`${place(object)}/${object.metadata.name}`);
  };
  const isCreate = ({ resources, verbs }: Rule) => resources.includes('namespaces') && verbs.includes('create');
  const without = wide.map((object) =>
    object.rules === undefined ? object : { ...object, rules: object.rules.filter((rule) => !isCreate(rule)) },
  );
  await withRights(without, async () => {
    await assert.rejects(applyStack(stack), {
      code: 'K8S_NAMESPACE_FORBIDDEN',
      message: /Making namespace 'petra', which is not there yet: .*cannot create resource "leases"/,
      hint: /kubectl create namespace petra && kubectl label namespace petra.*bazel run \/\/test:stack\.rbac/,
    });
  });
  // Somebody who may do in every namespace what is needed in one.
  const everywhere = without.map((object) =>
    object.rules === undefined ? object : { ...object, rules: [...object.rules, ...objects.flatMap(namespacedRules)] },
  );
  await withRights(everywhere, async () => {
    await assert.rejects(applyStack(stack), {
      code: 'K8S_NAMESPACE_FORBIDDEN',
      message: /Making namespace 'petra', which is not there yet: .*cannot (create|patch) resource "namespaces"/,
    });
  });
  await makeNamespace('petra');
  await merge(pathOf('petra'), {
    metadata: { labels: { 'fathom.internal/namespace': 'personal', 'fathom.internal/owner': 'petra' } },
  });
  for (const resource of ['resourcequotas', 'limitranges']) {
    for (const verb of ['create', 'get', 'patch']) {
      const fewer = objects.map((object) =>
        object.rules === undefined ? object : { ...object, rules: lessening(object.rules, resource, verb) },
      );
      await withRights(fewer, async () => {
        await assert.rejects(applyStack(stack), { code: 'K8S_FORBIDDEN' }, `${verb} ${resource}`);
      });
    }
  }
  await withRights(objects, async () => void (await applyStack(stack)));
  assert.ok(await get(`${pathOf('petra')}/limitranges/fathom-personal`));
});

interface Rule {
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

function namespacedRules({ metadata, rules }: KubeObject & { readonly rules?: readonly Rule[] }): readonly Rule[] {
  return metadata.namespace === undefined ? [] : (rules ?? []);
}

function lessening(rules: readonly Rule[], resource: string, verb: string): readonly Rule[] {
  return rules
    .map((rule) =>
      rule.resources.includes(resource) ? { ...rule, verbs: rule.verbs.filter((one) => one !== verb) } : rule,
    )
    .filter(({ verbs }) => verbs.length > 0);
}

test('a pod that says nothing itself is subject to limits and quota from the first one on', async () => {
  const stack: TestStack = {
    ...stackOf('quirin'),
    sets: [{ stack: 'x', namespace: 'myns-placeholder', objects: [deployment('myns-placeholder', 1)] }],
  };
  await applyStack(stack);
  const container = {
    name: 'a',
    image: 'example.com/a',
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    },
  };
  const pods = `${pathOf('quirin')}/pods`;
  const made = await post(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a' },
    spec: { containers: [container] },
  });
  const [first] = asList(at(made, 'spec', 'containers'));
  assert.deepEqual(at(first, 'resources'), { limits: { memory: '256Mi' }, requests: { cpu: '50m', memory: '256Mi' } });
  const loose = { ...container, securityContext: {} };
  await assert.rejects(
    post(pods, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'b' }, spec: { containers: [loose] } }),
    {
      code: 'K8S_FORBIDDEN',
      message: /violates PodSecurity "restricted/,
    },
  );
  assert.equal(textAt(await namespaceOf('quirin'), 'metadata', 'name'), 'quirin');
});

/** A target of the sample, as `bazel run` starts it. */
async function runTarget(name: string, user: string, args: readonly string[] = []) {
  // The environment's context, which leads here.
  const kubeconfig = join(server.folder, 'environment');
  const config = await readFile(server.kubeconfig, 'utf8');
  await writeFile(kubeconfig, config.replaceAll(`"${server.context}"`, '"fathom-fathom"'));
  const child = spawn(
    runfile(`fathom/tools/k8s/tests/sample/${name}`),
    ['--kubeconfig', kubeconfig, '--no-wait', ...args],
    {
      env: {
        ...{ PATH: process.env['PATH'], HOME: server.folder, FATHOM_STATE: server.folder, FATHOM_USER: user },
        SOPS_AGE_KEY_FILE: runfile('fathom/tools/k8s/tests/secrets/throw_away_age_key.txt'),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 60_000,
    },
  );
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  return { code, ...output };
}

test('the targets that the build makes apply a secret, list, release and collect', async () => {
  const applied = await runTarget('secretive.apply', 'Rosa');
  assert.equal(applied.code, 0, applied.stderr);
  const [, name = ''] = /Namespace (rosa-[0-9a-f]{6})/.exec(applied.stderr) ?? [];
  const { data } = (await get(`${pathOf(name)}/secrets/sample`)) as KubeObject & {
    readonly data: Readonly<Record<string, string>>;
  };
  assert.equal(Buffer.from(data['password'] ?? '', 'base64').toString(), 'redis-pa55word-1');
  assert.equal(
    Buffer.from(data['url'] ?? '', 'base64').toString(),
    `redis://:${encodeURIComponent('a b/c&d=ü"?')}@redis.${name}.svc`,
  );
  assert.ok((await expiresAt(name)) > Date.now() + HOUR_MS, 'what cluster_constants.bzl says');
  // Whoever collects need have no name, not even one that could be a namespace.
  for (const user of ['Rosa', 'prod', '']) {
    const listed = await runTarget('namespaces', user);
    assert.deepEqual([listed.code, listed.stderr], [0, '']);
    assert.match(listed.stdout, new RegExp(`^${name} +Rosa +\\S+ +in use +expires at `, 'm'));
  }
  assert.match((await runTarget('namespaces.release', 'Rosa')).stderr, /is released/);
  const refused = await runTarget('namespaces.gc', 'admin');
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /^error: K8S_NOT_CONFIRMED: /m);
  assert.equal((await runTarget('namespaces.gc', 'admin', ['--yes'])).code, 0);
  assert.equal(await isEnding(name), true);
  const wrong = await runTarget('namespaces.gc', 'admin', ['--force']);
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /^error: K8S_USAGE: .*'--force'/m);
});
