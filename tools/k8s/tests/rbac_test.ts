// The rights that .rbac prints are enough for every verb, and none of them is too many: against a real API server.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import type { Rule } from '../deploy/rights.ts';
import type { KubeObject } from '../model/object.ts';
import { type ApiServer, startApiServer } from '../testing/apiserver.ts';
import { callsTo } from '../testing/calls.ts';
import { configMap, deployment, service } from '../testing/objects.ts';
import { type TestStack, withSession } from '../testing/stack.ts';
import { diffVerb } from '../verbs/diff.ts';
import { rbacVerb } from '../verbs/rbac.ts';
import { rollbackVerb } from '../verbs/rollback.ts';
import { statusVerb } from '../verbs/status.ts';

let server: ApiServer;
before(async () => {
  server = await startApiServer();
});
after(() => server.stop());
const { applyStack, deleteStack, makeNamespace, post, remove } = callsTo(() => server);

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
      ['ClusterRole', 'fathom-deploy-x', undefined],
      ['ClusterRoleBinding', 'fathom-deploy-x', undefined],
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
    ['events', 'pods', 'pods/log'].includes(resources[0] ?? '') ||
    (resources[0] === 'leases' && verb !== 'create' && verb !== 'delete');
  for (const [index, rule] of role.rules.entries()) {
    for (const verb of rule.verbs.filter((one) => !isForTrouble(rule, one))) {
      const rules = role.rules
        .map((one, at) => (at === index ? { ...one, verbs: one.verbs.filter((v) => v !== verb) } : one))
        .filter(({ verbs }) => verbs.length > 0);
      const fewer = objects.map((object) => (object === role ? { ...role, rules } : object));
      // A lease that cannot be given back is no failure: it ends by itself.
      if (rule.resources[0] === 'leases' && verb === 'delete') continue;
      await withRights(fewer, () =>
        assert.rejects(live('fewer'), { code: 'K8S_FORBIDDEN' }, `${verb} ${rule.resources.join(' ')}`),
      );
      await deleteStack(stackOf('fewer', '1'));
    }
  }
});
