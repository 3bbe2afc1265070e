// The pure parts of the engine: differences, order, inventories, arguments.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applySetId, inventoryOf, isSameInventory, parentObject, readInventory, unionOf } from '../deploy/applyset.ts';
import { fieldChanges, redactChange } from '../deploy/changes.ts';
import { parseDuration, parseOptions } from '../deploy/options.ts';
import { dependencies } from '../deploy/order.ts';
import { colorsFor, objectLine } from '../deploy/report.ts';
import { KubeConnectionError, KubeStatusError, retryReason } from '../kube/errors.ts';
import type { KubeObject } from '../model/object.ts';
import { personalize } from '../model/placeholder.ts';
import { configMap } from '../testing/objects.ts';

test('names fields by the names of list items', () => {
  const pod = (image: string): KubeObject => ({
    ...configMap('a', 'b'),
    spec: {
      containers: [
        { name: 'x', image: '1' },
        { name: 'web', image },
      ],
    },
  });
  assert.deepEqual(fieldChanges(pod('1'), pod('2')), [{ path: 'spec.containers[web].image', before: '1', after: '2' }]);
});

test('counts neither bookkeeping nor status as a difference', () => {
  const noisy: KubeObject = {
    ...configMap('a', 'b'),
    metadata: { name: 'a', namespace: 'b', uid: 'u', resourceVersion: '7', generation: 3, creationTimestamp: 't' },
    status: { x: 1 },
  };
  assert.deepEqual(fieldChanges(configMap('a', 'b'), { ...noisy, data: {} }), []);
});

test('finds items that moved, came and went', () => {
  const list = (...names: string[]): KubeObject => ({ ...configMap('a', 'b'), env: names.map((name) => ({ name })) });
  assert.deepEqual(
    fieldChanges(list('a', 'b'), list('b', 'a')).map(({ path }) => path),
    ['env (order)'],
  );
  assert.deepEqual(
    fieldChanges(list('a'), list('b')).map(({ path }) => path),
    ['env[a]', 'env[b]'],
  );
});

test('hides the values of Secrets and nothing else', () => {
  const change = { path: 'data.password', before: 'b2xk', after: 'bmV3' };
  assert.deepEqual(redactChange({ kind: 'Secret' }, change), { path: 'data.password', before: '***', after: '***' });
  assert.deepEqual(redactChange({ kind: 'ConfigMap' }, change), change);
});

const dependent = (name: string, on: string): KubeObject => {
  const object = configMap(name, 'n');
  const annotations = { 'config.kubernetes.io/depends-on': on };
  return { ...object, metadata: { ...object.metadata, annotations } };
};

test('prints a cycle of depends-on', () => {
  const objects = [dependent('a', '/namespaces/n/ConfigMap/b'), dependent('b', '/namespaces/n/ConfigMap/a')];
  assert.throws(() => dependencies(objects), {
    code: 'K8S_DEPENDENCY_CYCLE',
    message: 'Ordering objects: ConfigMap n/a → ConfigMap n/b → ConfigMap n/a',
  });
});

for (const [what, reference] of [
  ['of the wrong form', 'ConfigMap/b'],
  ['on an object that is not in the stack', '/namespaces/n/ConfigMap/c'],
] as const) {
  test(`refuses depends-on ${what}`, () => {
    assert.throws(() => dependencies([dependent('a', reference)]), { code: 'K8S_DEPENDS_ON' });
  });
}

const APISERVICE = 'apiregistration.k8s.io/APIService/v1.example.com';
const apiService = (on: string): KubeObject => ({
  ...{ apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService' },
  metadata: { name: 'v1.example.com', annotations: { 'config.kubernetes.io/depends-on': on } },
});

test('refuses depends-on what is applied in a later step, naming both, and not what comes before', () => {
  const objects = [dependent('a', APISERVICE), apiService('')];
  assert.throws(() => dependencies(objects), {
    code: 'K8S_DEPENDS_ON',
    message: 'Ordering ConfigMap n/a: depends-on names APIService v1.example.com, which is always applied later',
    hint: /^Take APIService v1\.example\.com out of the annotation config\.kubernetes\.io\/depends-on of ConfigMap n\/a:/,
  });
  const [first, second] = [configMap('b', 'n'), apiService('/namespaces/n/ConfigMap/b')];
  assert.deepEqual([...dependencies([first, second]).values()], [[], ['ConfigMap/n/b']]);
});

test('takes references as they are where objects are put back, but no cycle', () => {
  const on = '/namespaces/n/ConfigMap/elsewhere,/namespaces/n/ConfigMap/b';
  const edges = dependencies([dependent('a', on), configMap('b', 'n')], { isLenient: true });
  assert.deepEqual(edges.get('ConfigMap/n/a'), ['ConfigMap/n/b']);
  dependencies([dependent('a', APISERVICE), apiService('')], { isLenient: true });
  const circle = [dependent('a', '/namespaces/n/ConfigMap/b'), dependent('b', '/namespaces/n/ConfigMap/a')];
  assert.throws(() => dependencies(circle, { isLenient: true }), { code: 'K8S_DEPENDENCY_CYCLE' });
});

test('takes a failure of the store for one that passes, and for a bad manifest only where that was asked about', () => {
  const body = '{"kind":"Status","message":"etcdserver: leader changed","code":500}';
  const other = new KubeStatusError('Asking', { status: 500, body });
  assert.deepEqual([other.code, other.isSchema, retryReason(other)], ['K8S_API_FAILED', false, {}]);
  const apply = new KubeStatusError('Applying', { status: 500, body, isApply: true });
  assert.deepEqual([apply.code, apply.isSchema, retryReason(apply)], ['K8S_BAD_REQUEST', true, undefined]);
});

for (const code of ['ECONNREFUSED', 'ERR_PROXY_TUNNEL', 'ETIMEDOUT']) {
  test(`takes a connection that is not made (${code}) for a broken one only where the server has answered before`, () => {
    const where = { server: 's', context: 'c', cause: Object.assign(new Error('x'), { code }) };
    const failure = (isKnown: boolean) => new KubeConnectionError('Asking', { ...where, isKnown });
    assert.deepEqual([failure(true).code, retryReason(failure(true))], ['K8S_CONNECTION_LOST', {}]);
    assert.deepEqual([failure(false).code, retryReason(failure(false))], ['K8S_UNREACHABLE', undefined]);
  });
}

test('computes ApplySet ids as KEP-3659 does', () => {
  // printf 'fathom-x.prod.Secret.' | sha256sum, in base64url without padding.
  assert.match(applySetId('x', 'prod'), /^applyset-[A-Za-z0-9_-]{43}-v1$/);
  assert.equal(applySetId('x', 'prod'), 'applyset-pjJU6IJF6NVc6QGMafsxYsZXscpc7iN9X-fL4UN_3XA-v1');
  assert.notEqual(applySetId('x', 'prod'), applySetId('x', 'dev'));
});

test('reads from a parent what it wrote, sorted and once', () => {
  const place = { stack: 'x', namespace: 'n' };
  const inventory = inventoryOf(place, [configMap('a', 'n'), configMap('b', 'm'), configMap('c', 'm')], {
    roots: ['r', 'r'],
    claims: ['n/db/data'],
  });
  assert.deepEqual(readInventory(parentObject(inventory)), {
    ...place,
    groupKinds: ['ConfigMap'],
    namespaces: ['m'],
    roots: ['r'],
    claims: ['n/db/data'],
  });
  assert.ok(isSameInventory(inventory, unionOf(inventory, inventory)));
});

test('reads times', () => {
  assert.deepEqual(
    ['90', '90s', '1m30s', '500ms', '1h'].map((text) => parseDuration(text, '--timeout')),
    [90_000, 90_000, 90_000, 500, 3_600_000],
  );
});

for (const args of [['--timeout', 'soon'], ['--tineout', '5m'], ['extra']]) {
  test(`refuses the arguments ${args.join(' ')}`, () => {
    assert.throws(() => parseOptions(args), { code: 'K8S_USAGE' });
  });
}

test('colours only terminals, and not with NO_COLOR', () => {
  const one = { action: 'create', object: configMap('a', 'b'), changes: [] } as unknown as Parameters<
    typeof objectLine
  >[0];
  assert.equal(objectLine(one, colorsFor({}, {})), 'created   ConfigMap b/a');
  assert.equal(objectLine(one, colorsFor({ isTTY: true }, { NO_COLOR: '1' })), 'created   ConfigMap b/a');
  assert.match(objectLine(one, colorsFor({ isTTY: true }, {})), /\u001b\[32mcreated/);
});

test('puts the personal namespace into strings at any depth, and asks nobody where it is not needed', () => {
  const value = { a: [{ b: 'x.myns-placeholder.svc' }], c: 1 };
  assert.deepEqual(personalize(value, { env: { FATHOM_USER: 'ada' } }), { a: [{ b: 'x.ada.svc' }], c: 1 });
  const plain = { a: 'b' };
  assert.equal(personalize(plain, { env: {}, passwdName: () => '' }), plain);
});
