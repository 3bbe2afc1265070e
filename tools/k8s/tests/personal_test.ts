// Personal namespaces: made with owner, end and quota, and used by nobody else: against a real API server.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { type KubeObject, asList, at, textAt } from '../model/object.ts';
import { type ApiServer, startApiServer } from '../testing/apiserver.ts';
import { callsTo } from '../testing/calls.ts';
import { configMap, deployment } from '../testing/objects.ts';
import { PERSONAL, pathOf, personalNamespacesOf, stackOf } from '../testing/personal.ts';
import { type TestStack, withSession } from '../testing/stack.ts';
import { diffVerb } from '../verbs/diff.ts';
import { rbacVerb } from '../verbs/rbac.ts';

let server: ApiServer;
before(async () => {
  server = await startApiServer();
});
after(() => server.stop());
const { applyStack, deleteStack, get, getMap, makeNamespace, merge, post, remove } = callsTo(() => server);
const { annotate, collect, expire, expiresAt, isEnding, namespaceOf, release } = personalNamespacesOf(() => server);

const HOUR_MS = 3_600_000;

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
