// The list of kinds that have no namespace is what a real API server says.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { asList, at, textAt } from '../model/object.ts';
import { CLUSTER_SCOPED } from '../model/scopes.ts';
import { type ApiServer, startApiServer } from '../testing/apiserver.ts';

let server: ApiServer;
before(async () => {
  server = await startApiServer();
});
after(() => server.stop());

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** `Kind.group` → whether it has a namespace. */
async function scopes(): Promise<ReadonlyMap<string, boolean>> {
  const answers = await Promise.all(
    ['/api', '/apis'].map((path) =>
      server.client.request({ method: 'GET', path, accept: AGGREGATED, doing: 'Asking for resources' }),
    ),
  );
  const groups = answers.flatMap((answer) => asList(at(answer, 'items')));
  return new Map(
    groups.flatMap((group) => {
      const name = textAt(group, 'metadata', 'name') ?? '';
      return asList(at(group, 'versions'))
        .flatMap((version) => asList(at(version, 'resources')))
        .map((resource) => {
          const kind = textAt(resource, 'responseKind', 'kind') ?? '';
          const isNamespaced = textAt(resource, 'scope') === 'Namespaced';
          return [name === '' ? kind : `${kind}.${name}`, isNamespaced] as const;
        });
    }),
  );
}

test('the kinds that have no namespace are those that the server says', async () => {
  const served = await scopes();
  assert.ok(served.size > 50, `${served.size} kinds`);
  const [namespaced, clusterWide] = [true, false].map((wanted) =>
    [...served].filter(([, isNamespaced]) => isNamespaced === wanted).map(([kind]) => kind),
  );
  assert.deepEqual(
    clusterWide?.filter((kind) => !CLUSTER_SCOPED.includes(kind)),
    [],
  );
  assert.deepEqual(
    CLUSTER_SCOPED.filter((kind) => namespaced?.includes(kind)),
    [],
  );
  assert.deepEqual(CLUSTER_SCOPED.toSorted(), CLUSTER_SCOPED);
});
