import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { credentials } from '@grpc/grpc-js';
import { RouteGuideClient } from '../../../proto/routeguide/v1/route_guide.ts';
import { createCalls } from '../client/calls.ts';
import { NEW_JERSEY } from '../client/round.ts';
import { featureKey, partKeys, PARTS } from '../server/redis_keys.ts';
import { eventually, kubectl, logOf, objectsOf, person, testPerson, versions, type Outcome } from './cluster.ts';

const REDIS_CLI = 'services/redis/keeper/main.js';
const CLIENT = 'services/routeguide/client/myns-deep';
const LAUREL_BAKERY = { location: { latitudeE7: 391594848, longitudeE7: -748206869 }, name: 'Laurel Bakery' };
// Up, in the namespace of the test.
const ada = testPerson();
const bob = person('bob');

/** A command of Redis, as its admin. */
const redis = (...command: readonly string[]) =>
  kubectl('exec', '-n', ada.namespace, 'redis-0', '-c', 'keeper', '--', 'node', REDIS_CLI, 'cli', ...command);
const succeeded = (outcome: Outcome) => assert.equal(outcome.status, 0, outcome.stdout + outcome.stderr);
const summary = (call: string) => async () =>
  (await logOf(ada.namespace, 'routeguide-client')).findLast((line) => line['call'] === call);

after(() => kubectl('delete', 'namespace', bob.namespace, '--ignore-not-found', '--wait=false'));

test('is the client with all that it needs', async () => {
  const names = Object.keys(versions(await objectsOf(ada.namespace)));
  for (const name of ['Deployment/routeguide-client', 'Deployment/routeguide-server', 'StatefulSet/redis'])
    assert.ok(names.includes(name), names.join(' '));
});

test('answers all four kinds of call with features that came through Redis', async () => {
  const listed = await eventually('ListFeatures is logged', summary('ListFeatures'));
  assert.ok(Number(listed['count']) > 50, JSON.stringify(listed));
  let stored = 0;
  // One at a time: each is a program in the keeper's container.
  for (let part = 0; part < PARTS; part++) stored += Number(await redis('ZCARD', partKeys(part).index));
  assert.equal(stored, Number(listed['count']));
  for (const call of ['GetFeature', 'RecordRoute', 'RouteChat']) await eventually(`${call} is logged`, summary(call));
});

test('answers who calls from outside of the cluster, through a forwarded port', async () => {
  const client = new RouteGuideClient(process.env['ROUTEGUIDE_SERVER_ADDRESS'] ?? '', credentials.createInsecure());
  try {
    const calls = createCalls(client);
    const [place] = NEW_JERSEY.places;
    assert.ok(place);
    assert.equal((await calls.getFeature(place))?.name, LAUREL_BAKERY.name);
    assert.ok((await calls.listFeatures(NEW_JERSEY.area)).length > 50);
    assert.equal((await calls.recordRoute(NEW_JERSEY.places)).pointCount, NEW_JERSEY.places.length);
    const note = { location: { latitudeE7: 1, longitudeE7: 2 }, message: 'from outside' };
    await calls.routeChat([note]);
    assert.deepEqual(await calls.routeChat([note]), [note]);
  } finally {
    client.close();
  }
});

test('answers without a feature once its key is deleted in Redis', async () => {
  const answers = async () =>
    (await logOf(ada.namespace, 'routeguide-client')).filter(
      (line) => line['call'] === 'GetFeature' && JSON.stringify(line['location']).includes('391594848'),
    );
  await eventually('the feature is answered', async () =>
    (await answers()).find((line) => line['feature'] === LAUREL_BAKERY.name),
  );
  const deleted = await redis('DEL', featureKey(LAUREL_BAKERY.location));
  assert.equal(deleted.trim(), '1');
  await eventually('no feature is answered', async () =>
    (await answers()).at(-1)?.['feature'] === null ? true : undefined,
  );
});

test('changes no object when nothing changed', async () => {
  const before = await objectsOf(ada.namespace);
  succeeded(await ada.verb(`${CLIENT}.apply`));
  assert.deepEqual(versions(await objectsOf(ada.namespace)), versions(before));
});

test('finds no difference after an apply, and says so in the last line', async () => {
  const outcome = await ada.verb(`${CLIENT}.diff`);
  assert.equal(outcome.status, 0, outcome.stdout + outcome.stderr);
  assert.match(outcome.stdout.trimEnd().split('\n').at(-1) ?? '', /^fathom: 0 differences$/);
});

test('finds one difference after an object has been deleted by hand, and mends it', async () => {
  await kubectl('delete', 'service', 'routeguide-server', '-n', ada.namespace);
  const outcome = await ada.verb(`${CLIENT}.diff`);
  assert.equal(outcome.status, 1, outcome.stdout + outcome.stderr);
  assert.match(outcome.stdout, /routeguide-server/);
  assert.match(outcome.stdout.trimEnd().split('\n').at(-1) ?? '', /^fathom: 1 difference/);
  succeeded(await ada.verb(`${CLIENT}.apply`));
  assert.match(await kubectl('get', 'service', 'routeguide-server', '-n', ada.namespace), /routeguide-server/);
});

test('says whose a field is that a hand has changed, and changes nothing', async () => {
  await kubectl(
    'label',
    'deployment',
    'routeguide-client',
    '-n',
    ada.namespace,
    '--overwrite',
    'app.kubernetes.io/name=changed-by-hand',
  );
  const before = versions(await objectsOf(ada.namespace));
  const outcome = await ada.verb(`${CLIENT}.apply`);
  assert.equal(outcome.status, 1, outcome.stdout + outcome.stderr);
  assert.match(outcome.stderr, /K8S_FIELD_CONFLICT: .*routeguide-client.*kubectl-label/);
  assert.deepEqual(versions(await objectsOf(ada.namespace)), before);
  succeeded(await ada.verb(`${CLIENT}.apply`, '--force-conflicts'));
});

test('deletes what it made and nothing else', async () => {
  await kubectl('create', 'configmap', 'foreign', '-n', ada.namespace, '--from-literal=a=b');
  succeeded(await bob.verb('services/redis/myns.apply'));
  const foreign = await kubectl('get', 'configmap', 'foreign', '-n', ada.namespace, '-o', 'json');
  const bobs = versions(await objectsOf(bob.namespace));

  succeeded(await ada.verb(`${CLIENT}.delete`));

  // Kubernetes collects what was told of deploys a moment later.
  const left = await eventually('what was told of deploys is gone', async () => {
    const names = Object.keys(versions(await objectsOf(ada.namespace)));
    if (names.some((name) => name.startsWith('ConfigMap/fathom-'))) return undefined;
    return names.filter((name) => !/^(ConfigMap\/kube-root-ca\.crt|ServiceAccount\/default)$/.test(name));
  });
  // The inventory of what has claims knows them still, and so does its history.
  const isKept = (name: string) => /^(PersistentVolumeClaim\/|Secret\/fathom-redis(\.|$))/.test(name);
  assert.deepEqual(
    left.filter((name) => !isKept(name)),
    ['ConfigMap/foreign'],
  );
  assert.equal(left.filter((name) => name.startsWith('PersistentVolumeClaim/')).length, 6, 'the volume claims stay');
  assert.equal(await kubectl('get', 'configmap', 'foreign', '-n', ada.namespace, '-o', 'json'), foreign);
  assert.deepEqual(versions(await objectsOf(bob.namespace)), bobs);
});

test('comes up again over the volume that was kept', async () => {
  succeeded(await ada.verb(`${CLIENT}.apply`));
  await eventually('ListFeatures is logged', summary('ListFeatures'));
});
