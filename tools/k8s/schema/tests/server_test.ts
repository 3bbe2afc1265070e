// What the checks say is what a real API server of the same release says.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Resources, discover, pathOf } from '../../kube/discovery.ts';
import { KubeStatusError } from '../../kube/errors.ts';
import { type KubeObject, asList, asRecord, at } from '../../model/object.ts';
import { type ApiServer, startApiServer } from '../../testing/apiserver.ts';
import type { Catalog } from '../catalog.ts';
import { CHECKS, checkManifests } from '../check.ts';
import { testCatalog } from '../testing/catalogs.ts';
import { GOOD, WIDGETS } from '../testing/good_objects.ts';
import { REFUSED } from '../testing/wrong_manifests.ts';

let server: ApiServer;
let resources: Resources;
let catalog: Catalog;

before(async () => {
  [server, catalog] = await Promise.all([startApiServer(), testCatalog([WIDGETS])]);
  resources = await discover(server.client);
  await send({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'prod' } }, {});
  await send(WIDGETS, {});
  const deadlineMs = performance.now() + 30_000;
  do {
    assert.ok(performance.now() < deadlineMs, 'the server does not serve widgets');
    await sleep(100);
    resources = await discover(server.client);
  } while (resources.find(GOOD.widget) === undefined);
});
after(() => server.stop());

/** Server-side apply, as the engine does it. */
async function send(object: KubeObject, query: Readonly<Record<string, string>>): Promise<void> {
  const resource = resources.find(object);
  assert.ok(resource !== undefined);
  await server.client.request({
    method: 'PATCH',
    path: pathOf(resource, object.metadata),
    query: { fieldManager: 'test', fieldValidation: 'Strict', ...query },
    contentType: 'application/apply-patch+yaml',
    body: object,
    doing: `Applying ${object.kind}`,
  });
}

/** What the server says against an object; undefined where it takes it. */
async function refusal(object: KubeObject): Promise<string | undefined> {
  if (resources.find(object) === undefined) return 'it serves no such kind';
  try {
    await send(object, { dryRun: 'All' });
    return undefined;
  } catch (error) {
    if (error instanceof KubeStatusError) return error.message;
    throw error;
  }
}

for (const { name, object } of REFUSED) {
  test(`the server refuses ${name}, as the checks do`, async () => {
    assert.notEqual(await refusal(object), undefined);
  });
}

for (const [name, object] of Object.entries({ ...GOOD, WIDGETS })) {
  test(`the server takes ${name}, as the checks do`, async () => {
    assert.equal(await refusal(object), undefined);
    assert.deepEqual(checkManifests([{ label: '', file: name, objects: [object] }], catalog), []);
  });
}

test('the server serves every stable kind that the checks know', () => {
  const stable = catalog.keys().filter((key) => /(^|\/)v\d+ /.test(key));
  const missing = stable.filter((key) => {
    const [apiVersion = '', kind = ''] = key.split(' ');
    return resources.find({ apiVersion, kind }) === undefined;
  });
  assert.ok(stable.length > 40);
  assert.deepEqual(missing, []);
});

test('the objects that the server itself made fit their schemas', async () => {
  let count = 0;
  for (const key of catalog.keys()) {
    const [apiVersion = '', kind = ''] = key.split(' ');
    const resource = resources.find({ apiVersion, kind });
    // Reviews are answered, not kept.
    if (resource === undefined || /Review$|^Binding$/.test(kind)) continue;
    const list = await server.client.request({ method: 'GET', path: pathOf(resource, {}), doing: `Listing ${kind}` });
    const objects = asList(at(list, 'items')).map((item) => ({ ...asRecord(item), apiVersion, kind }) as KubeObject);
    const found = checkManifests([{ label: '', file: key, objects }], catalog, [CHECKS.schema]);
    assert.deepEqual(found, []);
    count += objects.length;
  }
  assert.ok(count > 100, `only ${count} objects were there`);
});
