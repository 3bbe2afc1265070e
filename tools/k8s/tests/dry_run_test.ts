// --dry-run against a real API server: what is told, and that nothing is written; and which options a verb takes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { OPTIONS } from '../deploy/options.ts';
import { OPTIONS_OF, requireOwnOptions } from '../deploy/verb_options.ts';
import type { KubeObject } from '../model/object.ts';
import { type ApiServer, startApiServer } from '../testing/apiserver.ts';
import { callsTo } from '../testing/calls.ts';
import { configMap, custom, definition } from '../testing/objects.ts';
import { type TestStack, withSession } from '../testing/stack.ts';
import { rollbackVerb } from '../verbs/rollback.ts';

let server: ApiServer;
before(async () => {
  server = await startApiServer();
});
after(() => server.stop());

const { applyStack, deleteStack, get, getMap, makeNamespace, merge } = callsTo(() => server);

const DRY = ['--dry-run'];
const stackOf = (namespace: string, objects: readonly KubeObject[], rest: Partial<TestStack> = {}): TestStack => ({
  sets: [{ stack: 'x', namespace, objects }],
  ...rest,
});

/** What a run prints for whoever looks at its result. */
async function printed(stack: TestStack, run: (stack: TestStack) => Promise<unknown>): Promise<string[]> {
  const lines: string[] = [];
  await run({ ...stack, args: [...DRY, ...(stack.args ?? [])], streams: { print: (line) => lines.push(line) } });
  return lines;
}

/** All that a run could have written in a namespace. */
async function stateOf(namespace: string): Promise<string> {
  const paths = ['api/v1', 'apis/coordination.k8s.io/v1'].map((group) => `/${group}/namespaces/${namespace}`);
  const lists = ['configmaps', 'secrets', 'persistentvolumeclaims'].map((plural) => `${paths[0]}/${plural}`);
  const found = await Promise.all([paths[0] ?? '', ...lists, `${paths[1]}/leases`].map(get));
  return JSON.stringify(found.map((list) => list?.['items'] ?? list));
}

test('apply tells what it would do, and neither locks nor makes a namespace', async () => {
  const objects = [configMap('a', 'myns-placeholder')];
  const lines = await printed(stackOf('myns-placeholder', objects), applyStack);
  assert.deepEqual(lines, ['+ Namespace ada', '+ ConfigMap ada/a', 'fathom: 2 differences']);
  assert.equal(await get('/api/v1/namespaces/ada'), undefined);
});

test('apply, delete and rollback leave a stack as it is, and say which objects would differ', async () => {
  await makeNamespace('dry');
  const claim: KubeObject = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', namespace: 'dry' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
  };
  const stack = (data: Readonly<Record<string, string>>) =>
    stackOf('dry', [configMap('a', 'dry', data), claim], { args: ['--no-wait'] });
  await applyStack(stack({ x: '1' }));
  await applyStack(stack({ x: '2' }));
  const before = await stateOf('dry');
  assert.deepEqual(await printed(stack({ x: '3' }), applyStack), [
    '~ ConfigMap dry/a',
    '    data.x',
    '      - "2"',
    '      + "3"',
    'fathom: 1 differences',
  ]);
  assert.deepEqual(await printed(stackOf('dry', []), deleteStack), [
    '- ConfigMap dry/a',
    '= PersistentVolumeClaim dry/data  holds data',
    'fathom: 1 differences',
  ]);
  const rollback = (one: TestStack) => withSession(server, one, ({ session }) => rollbackVerb(session));
  assert.deepEqual((await printed(stack({ x: '2' }), rollback)).slice(0, 2), ['~ ConfigMap dry/a', '    data.x']);
  const [json = ''] = await printed({ ...stackOf('dry', []), args: ['--output=json'] }, deleteStack);
  assert.deepEqual(
    JSON.parse(json).differences.map(({ action }: { action: string }) => action),
    ['delete'],
  );
  assert.equal(await stateOf('dry'), before);
});

test('replace tells of the fields of others that would go, and create and replace refuse what they refuse', async () => {
  await makeNamespace('put');
  const stack = stackOf('put', [configMap('a', 'put', { x: '1' })]);
  await assert.rejects(
    printed(stack, (one) => applyStack(one, 'replace')),
    { code: 'K8S_ABSENT' },
  );
  await applyStack(stack);
  await merge('/api/v1/namespaces/put/configmaps/a', { data: { theirs: 'too' } });
  const before = await getMap('put', 'a');
  const lines = await printed(stack, (one) => applyStack(one, 'replace'));
  assert.deepEqual(lines.slice(0, 3), ['~ ConfigMap put/a', '    data.theirs', '      - "too"']);
  await assert.rejects(
    printed(stack, (one) => applyStack(one, 'create')),
    { code: 'K8S_EXISTS' },
  );
  assert.deepEqual(await getMap('put', 'a'), before);
});

test('replace tells of custom resources that only the definition of the same run allows', async () => {
  await makeNamespace('custom');
  const stack = (fields: readonly string[]) => {
    const spec = Object.fromEntries(fields.map((field) => [field, 1]));
    return stackOf('custom', [definition('Gear', fields), custom('Gear', { name: 'a', namespace: 'custom' }, spec)]);
  };
  await applyStack(stack(['teeth']));
  const lines = await printed(stack(['teeth', 'size']), (one) => applyStack(one, 'replace'));
  assert.deepEqual(
    lines.filter((line) => !line.startsWith(' ')),
    ['~ CustomResourceDefinition gears.example.com', '~ Gear custom/a', 'fathom: 2 differences'],
  );
});

test('every option is one of some program', () => {
  const taken = new Set(Object.values(OPTIONS_OF).flat());
  assert.deepEqual(
    Object.keys(OPTIONS).filter((name) => !taken.has(name as keyof typeof OPTIONS)),
    [],
  );
});

for (const [program, args, hint] of [
  ['apply', ['--tail=3'], /^It takes --allow-empty, .*--dry-run, .*--yes\.$/],
  ['delete', ['-f'], /--prune-data/],
  ['diff', ['--dry-run'], /^It takes --context, /],
  ['resolve', ['--kubeconfig', 'x'], /^It takes no arguments\.$/],
  ['namespaces.list', ['--yes'], /^It takes /],
] as const) {
  test(`.${program} refuses ${args.join(' ')}, and says what it takes`, () => {
    assert.throws(() => requireOwnOptions(args, program), { code: 'K8S_USAGE', hint });
  });
}

test('arguments of a BUILD file are for all verbs, those of a caller for this one', async () => {
  const timeout = ['--timeout=30s', '--tail', '3'];
  assert.throws(() => requireOwnOptions(timeout, 'wait'), { message: /\.wait has no use for --tail/ });
  requireOwnOptions(['--timeout=30s', '--unknown', 'extra'], 'wait');
});
