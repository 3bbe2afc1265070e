// What users do wrong, against a real API server: one error each, with a code and a hint, and nothing changed.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { renderError } from '../../lib/cli.ts';
import { ToolError } from '../../lib/errors.ts';
import type { KubeObject } from '../model/object.ts';
import { type ApiServer, startApiServer } from '../testing/apiserver.ts';
import { callsTo } from '../testing/calls.ts';
import { configMap, job } from '../testing/objects.ts';
import { type TestStack, withSession } from '../testing/stack.ts';
import { applyVerb } from '../verbs/apply.ts';
import { deleteVerb } from '../verbs/delete.ts';
import { diffVerb } from '../verbs/diff.ts';

let server: ApiServer;
before(async () => {
  server = await startApiServer();
  await prepare();
});
after(() => server.stop());
const { applyStack, makeNamespace, post, remove } = callsTo(() => server);

const stackOf = (objects: readonly KubeObject[], rest: Partial<TestStack> = {}): TestStack => ({
  sets: [{ stack: 'bad', namespace: 'default', objects }],
  ...rest,
});
const good = configMap('good', 'default');
const widget: KubeObject = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w' } };
const unknownField: KubeObject = { ...configMap('typo', 'default'), dada: { x: '1' } };
const invalid: KubeObject = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'bad', namespace: 'default' },
  spec: { ports: [{ port: 99_999 }] },
};
const large = configMap('large', 'default', { x: 'x'.repeat(1_100_000) });

const secret = (data: Readonly<Record<string, string>>, rest: object = {}): KubeObject => ({
  ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'password', namespace: 'default' } },
  ...{ data, ...rest },
});
const dependent = (name: string, on: string): KubeObject => {
  const object = configMap(name, 'default');
  return { ...object, metadata: { ...object.metadata, annotations: { 'config.kubernetes.io/depends-on': on } } };
};
const set = (stack: string) => ({ stack, namespace: 'default', objects: [configMap(stack, 'default')] });
const oldVersion: KubeObject = { ...job('x'), apiVersion: 'batch/v1beta1' };
const HIDDEN = 'aHVudGVyMg==';

// Beside them, render_test.ts has the table of what the build refuses: manifests that are wrong by themselves.
const CASES: readonly (readonly [string, TestStack, string, RegExp])[] = [
  [
    'a context that no kubeconfig has',
    stackOf([good], { context: 'elsewhere' }),
    'K8S_NO_CONTEXT',
    /elsewhere.*kubeconfig/,
  ],
  ['neither context nor cluster', stackOf([good], { context: '' }), 'K8S_CONTEXT_UNSET', /neither/],
  ['a person without rights', stackOf([good], { context: 'nobody' }), 'K8S_FORBIDDEN', /User "nobody" cannot/],
  [
    'objects that go to two clusters',
    stackOf([], { sets: [set('here'), { ...set('there'), context: 'elsewhere' }] }),
    'K8S_MIXED_CLUSTERS',
    /\/\/test:here goes to .*, \/\/test:there to elsewhere /,
  ],
  ['a stack without objects', stackOf([]), 'K8S_EMPTY_STACK', /no object in \/\/test:bad/],
  ['a version that the cluster lacks', stackOf([good, oldVersion]), 'K8S_UNKNOWN_KIND', /v1beta1 Job, but batch\/v1$/],
  [
    'fields that another manager has',
    stackOf([good, configMap('theirs', 'default', { x: 'ours' })]),
    'K8S_FIELD_CONFLICT',
    /ConfigMap default\/theirs of \/\/test:bad: .*data\.x.*"somebody"/,
  ],
  [
    'a Job with another template',
    stackOf([good, job('new')]),
    'K8S_IMMUTABLE',
    /Job default\/once of \/\/test:bad: spec\.template cannot be changed$/,
  ],
  [
    'a Secret that cannot be changed',
    stackOf([
      good,
      { ...secret({ x: HIDDEN }, { immutable: true }), metadata: { name: 'fixed', namespace: 'default' } },
    ]),
    'K8S_IMMUTABLE',
    /Secret default\/fixed .*data cannot be changed$/,
  ],
  [
    'a Secret that is not in base64',
    stackOf([good, secret({ x: `${HIDDEN}%` })]),
    'K8S_BAD_REQUEST',
    /Secret default\/password/,
  ],
  ['a Secret with a bad key', stackOf([good, secret({ 'a key': HIDDEN })]), 'K8S_INVALID', /Secret default\/password/],
  ['a kind that the cluster lacks', stackOf([good, widget]), 'K8S_UNKNOWN_KIND', /example\.com\/v1 Widget/],
  ['a field that the kind lacks', stackOf([good, unknownField]), 'K8S_BAD_REQUEST', /ConfigMap default\/typo.*dada/],
  ['a value that is not allowed', stackOf([good, invalid]), 'K8S_INVALID', /Service default\/bad.*99999/],
  ['an object of more than 1 MiB', stackOf([good, large]), 'K8S_INVALID', /ConfigMap default\/large/],
  ['two bad objects', stackOf([unknownField, invalid]), 'K8S_BAD_REQUEST', /2 objects.*\n.*typo.*\n.*default\/bad/],
  ['a namespace that is not there', stackOf([configMap('x', 'nowhere')]), 'K8S_NAMESPACE_MISSING', /'nowhere'/],
  [
    'objects that depend on one another in a circle',
    stackOf([
      good,
      dependent('a', '/namespaces/default/ConfigMap/b'),
      dependent('b', '/namespaces/default/ConfigMap/a'),
    ]),
    'K8S_DEPENDENCY_CYCLE',
    /ConfigMap default\/a → ConfigMap default\/b → ConfigMap default\/a/,
  ],
  [
    'a dependency that is in no manifest',
    stackOf([good, dependent('a', 'apps/namespaces/default/Deployment/db')]),
    'K8S_DEPENDS_ON',
    /ConfigMap default\/a: depends-on 'apps\/namespaces\/default\/Deployment\/db' is not in this stack/,
  ],
  [
    'a namespace that is being deleted',
    stackOf([good, configMap('x', 'ending')]),
    'K8S_NAMESPACE_TERMINATING',
    /'ending' is being deleted/,
  ],
  [
    'an object of another stack',
    stackOf([good, configMap('owned', 'default')]),
    'K8S_OTHER_SET',
    /ConfigMap default\/owned: it belongs to another stack \(applyset-/,
  ],
  [
    'an inventory of another tool',
    { sets: [{ stack: 'foreign', namespace: 'default', objects: [good] }] },
    'K8S_FOREIGN_INVENTORY',
    /Secret default\/fathom-foreign is the inventory of kubectl\/v1\.34/,
  ],
  ['two stacks of one name', { sets: [set('one'), set('one')] }, 'K8S_DUPLICATE_STACK', /both 'one' in default/],
  ['an argument that no verb knows', stackOf([good], { args: ['--froce'] }), 'K8S_USAGE', /froce/],
  [
    'an object in two stacks',
    {
      sets: [
        { stack: 'one', namespace: 'default', objects: [good] },
        { stack: 'two', namespace: 'default', objects: [good] },
      ],
    },
    'K8S_DUPLICATE_OBJECT',
    /test:one and \/\/test:two/,
  ],
  [
    'a name of a person that is reserved',
    { ...stackOf([configMap('x', 'myns-placeholder')]), env: { FATHOM_USER: 'prod' } },
    'NAMESPACE_RESERVED',
    /prod/,
  ],
];

/** What is in the cluster before: objects that somebody else made, and that cannot be changed. */
async function prepare(): Promise<void> {
  const theirs = configMap('theirs', 'default', { x: 'theirs' });
  await server.client.request({
    method: 'PATCH',
    path: '/api/v1/namespaces/default/configmaps/theirs',
    query: { fieldManager: 'somebody' },
    contentType: 'application/apply-patch+yaml',
    body: theirs,
    doing: 'Making',
  });
  const fixed = { ...secret({ x: 'b2xk' }, { immutable: true }), metadata: { name: 'fixed', namespace: 'default' } };
  const objects = [job('old'), fixed];
  await applyStack({ sets: [{ stack: '', namespace: 'default', objects }], args: ['--no-wait'] });
  await applyStack({ sets: [{ stack: 'owner', namespace: 'default', objects: [configMap('owned', 'default')] }] });
  const annotations = { 'applyset.kubernetes.io/tooling': 'kubectl/v1.34' };
  await post('/api/v1/namespaces/default/secrets', {
    ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'fathom-foreign', namespace: 'default', annotations } },
  });
  await makeNamespace('ending');
  // Nobody is there who would end it: it stays as it is.
  await remove('/api/v1/namespaces/ending');
}

for (const [what, stack, code, message] of CASES) {
  test(`refuses ${what}, and changes nothing`, async () => {
    await assert.rejects(
      withSession(server, stack, ({ session }) => applyVerb(session, 'apply')),
      (error) => {
        assert.ok(error instanceof ToolError, String(error));
        assert.deepEqual([error.code, (error.hint ?? '').length > 10], [code, true], error.message);
        assert.match(error.message, message);
        assert.ok(!renderError(error).includes(HIDDEN.slice(0, -2)), 'no value of a Secret is printed');
        return true;
      },
    );
    const names = ['configmaps/good', 'secrets/fathom-bad'];
    for (const name of names) {
      const path = `/api/v1/namespaces/default/${name}`;
      await assert.rejects(server.client.request({ method: 'GET', path, doing: 'Reading' }), { code: 'K8S_NOT_FOUND' });
    }
  });
}

async function withKubeconfig(change: (config: string) => string, use: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'fathom-bad-'));
  try {
    const path = join(folder, 'kubeconfig');
    await writeFile(path, change(await readFile(server.kubeconfig, 'utf8')));
    await use(path);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const CLUSTERS: readonly (readonly [string, (config: string) => string, string])[] = [
  ['a cluster that is down', (text) => text.replace(/127\.0\.0\.1:\d+/, '127.0.0.1:9'), 'K8S_UNREACHABLE'],
  ['a cluster with another certificate', (text) => text.replace('"certificate-authority-data"', '"x"'), 'K8S_TLS'],
  [
    'credentials that are no longer valid',
    (text) => text.replaceAll(/"token":"[^"]*"/g, '"token":"old"'),
    'K8S_UNAUTHORIZED',
  ],
];

for (const [what, change, code] of CLUSTERS) {
  for (const verb of ['apply', 'delete', 'diff'] as const) {
    test(`${verb} says what to do about ${what}`, () =>
      withKubeconfig(change, (kubeconfig) =>
        withSession({ kubeconfig, context: server.context }, stackOf([good]), async ({ session }) => {
          if (verb === 'diff') {
            const lines: string[] = [];
            assert.equal(
              await diffVerb(
                async () => session,
                (line) => lines.push(line),
              ),
              2,
            );
            assert.equal(lines.at(-1), `fathom: error ${code}`);
            return;
          }
          const run = verb === 'apply' ? applyVerb(session, 'apply') : deleteVerb(session);
          await assert.rejects(
            run,
            (error) => error instanceof ToolError && error.code === code && error.hint !== undefined,
          );
        }),
      ));
  }
}

test('diff prints fields, hides the values of Secrets, and says in its last line how many objects differ', async () => {
  const secret = (value: string): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'password', namespace: 'default' },
    stringData: { password: value },
  });
  const stack = (value: string) => stackOf([secret(value), configMap('plain', 'default', { x: value })]);
  await withSession(server, stack('old-value'), ({ session }) => applyVerb(session, 'apply'));
  const lines: string[] = [];
  const print = (line: string) => void lines.push(line);
  assert.equal(await withSession(server, stack('new-value'), ({ session }) => diffVerb(async () => session, print)), 1);
  assert.deepEqual(lines, [
    '~ Secret default/password',
    '    data.password',
    '      - "***"',
    '      + "***"',
    '~ ConfigMap default/plain',
    '    data.x',
    '      - "old-value"',
    '      + "new-value"',
    'fathom: 2 differences',
  ]);
  lines.length = 0;
  assert.equal(await withSession(server, stack('old-value'), ({ session }) => diffVerb(async () => session, print)), 0);
  assert.deepEqual(lines, ['fathom: 0 differences']);
  await withSession(server, stack('old-value'), ({ session }) => deleteVerb(session));
});
