// What the engine takes for unchanged without asking is what the server would leave unchanged: for objects of many kinds,
// as they are, with each of their fields changed, taken away or added, and after others have changed them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { isAsApplied } from '../deploy/as_applied.ts';
import { fieldChanges } from '../deploy/changes.ts';
import { withMembership } from '../deploy/desired.ts';
import { makePlan } from '../deploy/planner.ts';
import { type Connected, connect } from '../deploy/session.ts';
import { applyObject } from '../kube/objects.ts';
import { KubeStatusError } from '../kube/errors.ts';
import { type KubeObject, asRecord, nameOf } from '../model/object.ts';
import { desiredObjects } from '../deploy/desired.ts';
import { type ApiServer, startApiServer } from '../testing/apiserver.ts';
import { callsTo } from '../testing/calls.ts';
import { configMap, service } from '../testing/objects.ts';
import { type TestStack, withSession } from '../testing/stack.ts';

let server: ApiServer;
before(async () => {
  server = await startApiServer();
});
after(() => server.stop());
const { applyStack, get, makeNamespace, merge, post, remove } = callsTo(() => server);

const NS = 'kinds';
const place = (name: string) => ({ name, namespace: NS });
const podTemplate = (image: string) => ({
  metadata: { labels: { app: 'web' }, annotations: { 'example.com/x': '1' } },
  spec: {
    serviceAccountName: 'web',
    containers: [
      {
        ...{
          name: 'web',
          image,
          args: ['--a', '--b'],
          env: [
            { name: 'A', value: '1' },
            { name: 'B', value: '2' },
          ],
        },
        ports: [{ containerPort: 80 }, { name: 'dns', containerPort: 53, protocol: 'UDP' }],
        resources: { requests: { cpu: '100m', memory: '64Mi' } },
        volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }],
        readinessProbe: { httpGet: { path: '/', port: 80 } },
      },
      { name: 'side', image: 'example.com/side' },
    ],
    volumes: [{ name: 'scratch', emptyDir: {} }],
  },
});
const selector = { matchLabels: { app: 'web' } };

const OBJECTS: readonly KubeObject[] = [
  configMap('map', NS, { x: '1', 'a.b_c': '2' }),
  configMap('empty', NS),
  { apiVersion: 'v1', kind: 'Secret', metadata: place('data'), data: { x: 'aHVudGVy' }, type: 'Opaque' },
  { apiVersion: 'v1', kind: 'Secret', metadata: place('strings'), stringData: { x: 'hunter' } },
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { ...place('web'), labels: { a: 'b' } } },
  service(NS),
  {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: place('web') },
    spec: { replicas: 0, selector, template: podTemplate('example.com/web') },
  },
  {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: place('quantities') },
    spec: {
      ...{ replicas: 0, selector },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'web', image: 'x', resources: { requests: { cpu: '1000m' } } }] },
      },
    },
  },
  {
    ...{ apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: place('data') },
    spec: {
      ...{ serviceName: 'data', replicas: 0, selector, template: podTemplate('example.com/data') },
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        },
      ],
    },
  },
  {
    ...{ apiVersion: 'batch/v1', kind: 'CronJob', metadata: place('nightly') },
    spec: {
      schedule: '0 3 * * *',
      jobTemplate: {
        spec: {
          template: { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'b', command: ['c'] }] } },
        },
      },
    },
  },
  {
    ...{ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: place('policy') },
    spec: {
      podSelector: {},
      policyTypes: ['Ingress'],
      ingress: [{ from: [{ podSelector: selector }], ports: [{ port: 80, protocol: 'TCP' }] }],
    },
  },
  {
    ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: place('role') },
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }],
  },
  {
    ...{
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { ...place('claim'), finalizers: ['example.com/a'] },
    },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  },
];
const ARGS = ['--no-wait', '--force-conflicts'];
const STACK: TestStack = { sets: [{ stack: 'kinds', namespace: NS, objects: OBJECTS }], args: ARGS };

/** The same value with one part of it changed, taken away or added, for each part of it. */
function* variants(value: unknown): Generator<unknown> {
  if (Array.isArray(value)) {
    yield [...value, 'added'];
    if (value.length > 1) yield [...value].reverse();
    for (const [index, item] of value.entries()) {
      yield value.filter((_, at) => at !== index);
      for (const other of variants(item)) yield value.map((one: unknown, at) => (at === index ? other : one));
    }
    return;
  }
  const record = asRecord(value);
  if (record === undefined) {
    yield typeof value === 'number' ? value + 1 : typeof value === 'boolean' ? !value : `${String(value)}x`;
    return;
  }
  yield { ...record, added: 'x' };
  for (const [key, item] of Object.entries(record)) {
    const { [key]: _taken, ...rest } = record;
    yield rest;
    for (const other of variants(item)) yield { ...record, [key]: other };
  }
}

interface Pair {
  readonly wanted: KubeObject;
  readonly live: KubeObject;
  /** What the server would make of another version: undefined where it refuses it. */
  readonly dryRun: (other: KubeObject) => Promise<KubeObject | undefined>;
}

/** Wanted and live objects, as a plan has them. */
async function withPairs(use: (pairs: readonly Pair[], connected: Connected) => Promise<void>): Promise<void> {
  await withSession(server, STACK, async ({ session }) => {
    const connected = await connect(session);
    const { client, resources } = connected;
    try {
      const plan = await makePlan(session, connected, { sets: session.sets });
      const desired = desiredObjects(session.sets, { resources, defaultNamespace: NS });
      const pairs = plan.objects.map(({ live, resource }, index): Pair => {
        const one = desired[index];
        assert.ok(live !== undefined && one !== undefined);
        const dryRun = async (object: KubeObject) => {
          try {
            return await applyObject(client, { resource, object }, { isDryRun: true, isForced: true });
          } catch (error) {
            if (error instanceof KubeStatusError) return undefined;
            throw error;
          }
        };
        return { wanted: withMembership(one, live), live, dryRun };
      });
      await use(pairs, connected);
    } finally {
      client.close();
    }
  });
}

/** Fails where the engine takes for unchanged what the server would change. */
async function check({ wanted, live, dryRun }: Pair): Promise<boolean> {
  if (!isAsApplied(wanted, live)) return false;
  const result = await dryRun(wanted);
  assert.ok(result !== undefined, `${nameOf(live)} is refused`);
  assert.deepEqual(fieldChanges(live, result), [], nameOf(live));
  assert.deepEqual(result.metadata.managedFields, live.metadata.managedFields, nameOf(live));
  return true;
}

test('objects of most kinds are known to be unchanged without asking', async () => {
  await makeNamespace(NS);
  await applyStack(STACK);
  await withPairs(async (pairs) => {
    const asked: string[] = [];
    for (const pair of pairs) if (!(await check(pair))) asked.push(nameOf(pair.live));
    // Those that the server writes in another form than they were given.
    const rewritten = ['ConfigMap kinds/empty', 'Secret kinds/strings', 'Deployment kinds/quantities'];
    assert.deepEqual(asked, [...rewritten, 'StatefulSet kinds/data']);
  });
});

test('whatever field is changed, taken away or added: what would change is never taken for unchanged', async () => {
  await withPairs(async (pairs) => {
    let count = 0;
    for (const pair of pairs) {
      for (const variant of variants(pair.wanted)) {
        const wanted = variant as KubeObject;
        const { apiVersion, kind, metadata } = wanted;
        // Another object, or none.
        if (apiVersion !== pair.live.apiVersion || kind !== pair.live.kind || metadata === undefined) continue;
        if (metadata.name !== pair.live.metadata.name || metadata.namespace !== NS) continue;
        await check({ ...pair, wanted });
        count++;
      }
    }
    assert.ok(count > 300, `${count}`);
  });
});

const DEPLOYMENT = `/apis/apps/v1/namespaces/${NS}/deployments/web`;

test('what others have changed is asked about, what they have added is not', async () => {
  const isKnown = async (): Promise<boolean> => {
    let known = false;
    await withPairs(async (pairs) => {
      const pair = pairs.find(({ live }) => nameOf(live) === `Deployment ${NS}/web`);
      assert.ok(pair !== undefined);
      known = await check(pair);
    });
    return known;
  };
  await merge(DEPLOYMENT, { metadata: { annotations: { theirs: '1' } } });
  assert.equal(await isKnown(), true, 'an annotation of theirs');
  await merge(DEPLOYMENT, { spec: { template: { metadata: { labels: { theirs: '1' } } } } });
  assert.equal(await isKnown(), true, 'a label of theirs');
  await merge(DEPLOYMENT, { spec: { replicas: 3 } });
  assert.equal(await isKnown(), false, 'a field of ours');
  await applyStack(STACK);
  assert.equal(await isKnown(), true, 'taken back');
  await merge(DEPLOYMENT, { spec: { replicas: 0 } });
  assert.equal(await isKnown(), true, 'a field of ours, to the value that it has');
});

test('a first apply asks about each object once', async () => {
  await makeNamespace('first');
  const objects = Array.from({ length: 10 }, (_, index) => configMap(`o${index}`, 'first', { x: '1' }));
  const stack: TestStack = { sets: [{ stack: 'first', namespace: 'first', objects }] };
  await withSession(server, stack, async ({ session }) => {
    const connected = await connect(session);
    try {
      const before = { ...connected.client.counts };
      const plan = await makePlan(session, connected, { sets: session.sets });
      assert.deepEqual([...new Set(plan.objects.map(({ action }) => action))], ['create']);
      const { GET = 0, PATCH } = connected.client.counts;
      // The namespace, the inventory, the webhooks.
      assert.deepEqual([GET - (before['GET'] ?? 0), PATCH], [3, 10]);
    } finally {
      connected.client.close();
    }
  });
});

test('an apply without changes asks about no object, unless a webhook may change it', async () => {
  await makeNamespace('asked');
  const objects = [configMap('a', 'asked', { x: '1' }), configMap('b', 'asked', { x: '1' })];
  const stack: TestStack = { sets: [{ stack: 'asked', namespace: 'asked', objects }] };
  const patches = () =>
    withSession(server, stack, async ({ session }) => {
      const connected = await connect(session);
      try {
        const plan = await makePlan(session, connected, { sets: session.sets });
        assert.deepEqual([...new Set(plan.objects.map(({ action }) => action))], ['unchanged']);
        return connected.client.counts['PATCH'] ?? 0;
      } finally {
        connected.client.close();
      }
    });
  await applyStack(stack);
  assert.equal(await patches(), 0);
  const configurations = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations';
  const webhook = (resource: string) => ({
    ...{ name: 'change.example.com', sideEffects: 'None', admissionReviewVersions: ['v1'], failurePolicy: 'Ignore' },
    clientConfig: { url: 'https://127.0.0.1:9/' },
    rules: [{ apiGroups: ['*'], apiVersions: ['*'], resources: [resource], operations: ['*'] }],
  });
  const metadata = { name: 'asked' };
  const base = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'MutatingWebhookConfiguration', metadata };
  await post(configurations, { ...base, webhooks: [webhook('pods')] });
  assert.equal(await patches(), 0, 'of pods only');
  await merge(`${configurations}/asked`, { webhooks: [webhook('configmaps')] });
  assert.equal(await patches(), 2);
  await remove(`${configurations}/asked`);
  assert.equal(await get(`${configurations}/asked`), undefined);
});
