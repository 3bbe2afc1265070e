// The rights that .rbac prints are enough for every verb, and none of them is too many: against a real API server.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import type { Rule } from '../deploy/granted_rights.ts';
import type { KubeObject } from '../model/object.ts';
import { type ApiServer, startApiServer } from '../testing/apiserver.ts';
import { callsTo } from '../testing/calls.ts';
import { configMap, database, deployment, service } from '../testing/objects.ts';
import { type TestStack, withSession } from '../testing/stack.ts';
import { describeVerb } from '../verbs/describe.ts';
import { diffVerb } from '../verbs/diff.ts';
import { rbacVerb } from '../verbs/rbac.ts';
import { rollbackVerb } from '../verbs/rollback.ts';
import { statusVerb } from '../verbs/status.ts';

let server: ApiServer;
before(async () => {
  server = await startApiServer();
});
after(() => server.stop());
const { applyStack, deleteStack, get, getMap, makeNamespace, merge, post, remove } = callsTo(() => server);

const stackOf = (namespace: string, x: string, context?: string): TestStack => ({
  sets: [
    {
      stack: 'x',
      namespace,
      objects: [configMap('a', namespace, { x }), service(namespace), deployment(namespace, 0)],
    },
  ],
  args: ['--no-wait'],
  ...(context === undefined ? {} : { context }),
});

async function rbacOf(stack: TestStack): Promise<KubeObject[]> {
  const printed: string[] = [];
  const args = ['--subject', 'user:nobody'];
  const print = (text: string) => void printed.push(text);
  await withSession(server, { ...stack, args, streams: { print } }, ({ session }) => rbacVerb(session));
  const documents = parseAllDocuments(printed.join('\n'));
  assert.ok(Array.isArray(documents));
  return documents.map((document) => document.toJS());
}

function pathOf({ kind, metadata }: KubeObject): string {
  const namespace = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
  return `/apis/rbac.authorization.k8s.io/v1${namespace}/${kind.toLowerCase()}s`;
}

/** Grants, does, and takes the rights away again. */
async function withRights<T>(objects: readonly KubeObject[], work: () => Promise<T>): Promise<T> {
  for (const object of objects) await post(pathOf(object), object);
  try {
    return await work();
  } finally {
    for (const object of objects) await remove(`${pathOf(object)}/${object.metadata.name}`);
  }
}

/** The whole life of a stack, as somebody with few rights. */
async function live(namespace: string): Promise<void> {
  const stack = (x: string) => stackOf(namespace, x, 'nobody');
  await applyStack(stack('1'));
  await applyStack(stack('2'));
  await withSession(server, stack('3'), ({ session }) =>
    diffVerb(
      async () => session,
      () => {},
    ),
  ).then((code) => assert.equal(code, 1));
  await withSession(server, stack('2'), ({ session }) => statusVerb(session, () => {}));
  await withSession(server, stack('2'), ({ session }) => describeVerb(session, () => {}));
  await withSession(server, stack('2'), ({ session }) => rollbackVerb(session));
  const [set] = stack('1').sets;
  await applyStack({
    ...stack('1'),
    sets: [{ ...set, stack: 'x', namespace, objects: set?.objects.slice(0, 2) ?? [] }],
  });
  await deleteStack(stack('1'));
}

test('with just these rights a stack can be applied, compared, looked at, rolled back, pruned and deleted', async () => {
  await makeNamespace('enough');
  await assert.rejects(live('enough'), { code: 'K8S_FORBIDDEN' });
  const objects = await rbacOf(stackOf('enough', '1'));
  assert.deepEqual(
    objects.map(({ kind, metadata }) => [kind, metadata.name, metadata.namespace]),
    [
      ['Role', 'fathom-deploy-x', 'enough'],
      ['RoleBinding', 'fathom-deploy-x', 'enough'],
      ['ClusterRole', 'fathom-deploy-enough-x', undefined],
      ['ClusterRoleBinding', 'fathom-deploy-enough-x', undefined],
    ],
  );
  await withRights(objects, () => live('enough'));
});

test('without any one of these rights some verb is refused', async () => {
  await makeNamespace('fewer');
  const objects = await rbacOf(stackOf('fewer', '1'));
  const role = objects.find(({ kind }) => kind === 'Role') as KubeObject & { readonly rules: readonly Rule[] };
  // What is only asked for when something is wrong with pods, or when a lease is renewed or somebody else's.
  const isForTrouble = ({ resources }: Rule, verb: string) =>
    ['events', 'pods', 'pods/log'].includes(resources?.[0] ?? '') ||
    (resources?.[0] === 'leases' && verb !== 'create' && verb !== 'delete');
  // Without these a deploy is not told of, and done all the same.
  const isForTelling = ({ resources, resourceNames }: Rule) =>
    resources?.join() === 'configmaps' && resourceNames?.includes('a') !== true;
  for (const [index, rule] of role.rules.entries()) {
    if (isForTelling(rule)) continue;
    for (const verb of rule.verbs.filter((one) => !isForTrouble(rule, one))) {
      const rules = role.rules
        .map((one, at) => (at === index ? { ...one, verbs: one.verbs.filter((v) => v !== verb) } : one))
        .filter(({ verbs }) => verbs.length > 0);
      const fewer = objects.map((object) => (object === role ? { ...role, rules } : object));
      // A lease that cannot be given back is no failure: it ends by itself.
      if (rule.resources?.[0] === 'leases' && verb === 'delete') continue;
      await withRights(fewer, () =>
        assert.rejects(live('fewer'), { code: 'K8S_FORBIDDEN' }, `${verb} ${rule.resources?.join(' ')}`),
      );
      await deleteStack(stackOf('fewer', '1'));
    }
  }
});

test('who may not list claims deletes a stack, whose inventory still knows of which templates they are', async () => {
  await makeNamespace('blind');
  const stack = (context?: string): TestStack => ({
    sets: [{ stack: 'x', namespace: 'blind', objects: [database('blind')] }],
    args: ['--no-wait'],
    ...(context === undefined ? {} : { context }),
  });
  const objects = await rbacOf(stack());
  const [role, ...others] = objects as (KubeObject & { readonly rules: readonly Rule[] })[];
  assert.ok(role !== undefined);
  const rules = role.rules.filter(({ resources }) => resources?.join() !== 'persistentvolumeclaims');
  assert.equal(rules.length, role.rules.length - 1);
  await withRights([{ ...role, rules }, ...others], async () => {
    await applyStack(stack('nobody'));
    assert.match((await deleteStack(stack('nobody'))).at(-1) ?? '', /: 1 deleted,/);
  });
  const parent = await get('/api/v1/namespaces/blind/secrets/fathom-x');
  assert.equal(parent?.metadata.annotations?.['fathom.internal/claims'], '["blind/db/data"]');
  await withRights(objects, () => deleteStack(stack('nobody')));
  assert.equal(await get('/api/v1/namespaces/blind/secrets/fathom-x'), undefined, 'there was none');
});

test('without the rights to tell of it a stack is deployed with a warning', async () => {
  await makeNamespace('untold');
  const stack = (context?: string) => ({
    sets: [{ stack: 'x', namespace: 'untold', objects: [service('untold')] }],
    ...(context === undefined ? {} : { context }),
  });
  const objects = await rbacOf(stack());
  const [role, ...others] = objects as (KubeObject & { readonly rules: readonly Rule[] })[];
  assert.ok(role !== undefined);
  const silent = role.rules.filter(({ resources }) => resources?.join() !== 'configmaps');
  assert.equal(silent.length, role.rules.length - 2);
  const warnings = (lines: readonly string[]) => lines.filter((line) => /is not told of/.test(line));
  await withRights([{ ...role, rules: silent }, ...others], async () => {
    const [warning, ...more] = warnings(await applyStack(stack('nobody')));
    assert.match(warning ?? '', /^untold\/x: this deploy is not told of: .*cannot patch resource "configmaps"/);
    assert.deepEqual(more, []);
  });
  assert.equal(await getMap('untold', 'fathom-x'), undefined);
  await deleteStack(stack());
  await withRights(objects, async () => assert.deepEqual(warnings(await applyStack(stack('nobody'))), []));
  assert.ok(await getMap('untold', 'fathom-x'));
});

const mapsOf = (namespace: string, names: readonly string[], rest: Partial<TestStack> = {}): TestStack => ({
  sets: [{ stack: 'x', namespace, objects: names.map((name) => configMap(name, namespace)) }],
  ...rest,
});

test('the rights end at the objects of the stack', async () => {
  await makeNamespace('names');
  const foreign = '/api/v1/namespaces/names/configmaps/foreign';
  await post('/api/v1/namespaces/names/configmaps', configMap('foreign', 'names'));
  await withRights(await rbacOf(mapsOf('names', ['a'])), async () => {
    await applyStack(mapsOf('names', ['a'], { context: 'nobody' }));
    const other = mapsOf('names', ['a', 'foreign'], { context: 'nobody' });
    await assert.rejects(applyStack(other), {
      code: 'K8S_FORBIDDEN',
      message:
        /configmaps "foreign" is forbidden: User "nobody" cannot get resource "configmaps" in API group "" in the namespace "names"/,
    });
  });
  assert.ok(await get(foreign));
});

test('what a stack had before can be pruned, and put back by a rollback', async () => {
  await makeNamespace('former');
  await applyStack(mapsOf('former', ['a', 'b']));
  // By its label alone it is known as well.
  const parent = '/api/v1/namespaces/former/secrets/fathom-x';
  const { data } = (await get(parent)) as KubeObject & { readonly data: object };
  await merge(parent, { data: null });
  const printed = await rbacOf(mapsOf('former', ['a']));
  await merge(parent, { data });
  await withRights(printed, async () => {
    await applyStack(mapsOf('former', ['a'], { context: 'nobody' }));
    assert.equal(await getMap('former', 'b'), undefined);
  });
  // By now only the history knows of it.
  await withRights(await rbacOf(mapsOf('former', ['a'])), () =>
    withSession(server, mapsOf('former', ['a'], { context: 'nobody' }), ({ session }) => rollbackVerb(session)),
  );
  assert.ok(await getMap('former', 'b'));
});

// `view` itself is put together of this one by a controller, which is not there.
const VIEW = 'system:aggregate-to-view';

test('a stack that grants rights needs those that it grants, and no more', async () => {
  await makeNamespace('grants');
  const metadata = { name: 'reader', namespace: 'grants' };
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  const bindingOf = (name: string, kind: string) => ({
    ...{ apiVersion, kind: 'RoleBinding', metadata: { name, namespace: 'grants' } },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name },
    subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: 'grants' }],
  });
  const role = {
    apiVersion,
    kind: 'Role',
    metadata,
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
  };
  const objects: KubeObject[] = [role, bindingOf('reader', 'Role'), bindingOf(VIEW, 'ClusterRole')];
  const stack: TestStack = { sets: [{ stack: 'x', namespace: 'grants', objects }] };
  const printed = await rbacOf(stack);
  const own = printed[0] as KubeObject & { readonly rules: readonly Rule[] };
  const granting = own.rules.filter(({ verbs }) => verbs.includes('bind') || verbs.join() === 'get');
  assert.deepEqual(granting, [
    { apiGroups: [''], resources: ['pods'], verbs: ['get'] },
    {
      ...{ apiGroups: ['rbac.authorization.k8s.io'], resources: ['clusterroles'] },
      ...{ resourceNames: [VIEW], verbs: ['bind'] },
    },
  ]);
  for (const rule of granting) {
    const fewer = printed.map((one) =>
      one === own ? { ...one, rules: own.rules.filter((other) => other !== rule) } : one,
    );
    await withRights(fewer, () =>
      assert.rejects(applyStack({ ...stack, context: 'nobody' }), {
        code: 'K8S_FORBIDDEN',
        message: /attempting to grant/,
      }),
    );
    await deleteStack(stack);
  }
  await withRights(printed, () => applyStack({ ...stack, context: 'nobody' }));
});
