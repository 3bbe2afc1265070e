// A stack of a hundred objects in two versions, and what a namespace looks like to whoever compares two.
import { DEPLOYS_LABEL } from '../model/deploys.ts';
import { keyOf, type KubeObject, asList, asRecord } from '../model/object.ts';
import { PART_OF, parentName } from '../deploy/applyset.ts';
import type { ApiServer } from './apiserver.ts';
import { callsTo } from './calls.ts';
import { configMap } from './objects.ts';
import type { TestStack } from './stack.ts';

const KINDS = ['configmaps', 'secrets', 'services', 'serviceaccounts', 'leases'] as const;

function objectAt(index: number, version: number, namespace: string): KubeObject {
  const name = `o${index}`;
  const metadata = { name, namespace };
  const value = index % 2 === 0 ? '1' : String(version);
  switch (index % 5) {
    case 0:
      return { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { value } };
    case 1:
      return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { ...metadata, annotations: { value } } };
    case 2:
      return {
        apiVersion: 'v1',
        kind: 'Service',
        metadata,
        spec: { selector: { value }, ports: [{ port: 80 + index }] },
      };
    default:
      return configMap(name, namespace, { value });
  }
}

/** Version 1 has objects 0–99, version 2 objects 20–119, half of which differ: 20 come, 20 go, 40 change. */
export function hundredObjects(version: 1 | 2, namespace: string): TestStack {
  const first = version === 1 ? 0 : 20;
  const objects = Array.from({ length: 100 }, (_, index) => objectAt(first + index, version, namespace));
  return { sets: [{ stack: 'hundred', namespace, objects }] };
}

/**
 * All objects of a namespace without what differs from run to run, by key; the namespace's name is taken out. What is
 * told of deploys differs, and may be missing.
 */
export async function snapshot(server: ApiServer, namespace: string): Promise<Readonly<Record<string, unknown>>> {
  const lists = await Promise.all(
    KINDS.map(async (plural) => {
      const root = plural === 'leases' ? '/apis/coordination.k8s.io/v1' : '/api/v1';
      const path = `${root}/namespaces/${namespace}/${plural}`;
      const list = asRecord(await server.client.request({ method: 'GET', path, doing: 'Comparing' }));
      const kind = String(list?.['kind']).replace(/List$/, '');
      return asList(list?.['items'])
        .map((item) => ({ ...(item as KubeObject), apiVersion: '', kind }))
        .filter(({ metadata }) => metadata.labels?.[DEPLOYS_LABEL] === undefined);
    }),
  );
  return Object.fromEntries(
    lists
      .flat()
      .map((object) => [keyOf(object), plain(object, namespace)] as const)
      .map(([key, value]) => [key.replaceAll(namespace, 'NS'), value] as const),
  );
}

/** What a namespace looks like in which nothing disturbed the two applies. */
export async function undisturbed(server: ApiServer): Promise<Readonly<Record<string, unknown>>> {
  const { applyStack, makeNamespace } = callsTo(() => server);
  await makeNamespace('undisturbed');
  await applyStack(hundredObjects(1, 'undisturbed'));
  await applyStack(hundredObjects(2, 'undisturbed'));
  return snapshot(server, 'undisturbed');
}

/** How many revisions there were differs where a run was cut off; what else the parent says does not. */
const RUN_FIELDS: ReadonlySet<string> = new Set(['fathom.internal/revision']);

function plain(object: KubeObject, namespace: string): unknown {
  const { metadata, ...rest } = object;
  const { uid: _uid, resourceVersion: _version, creationTimestamp: _time, managedFields = [], ...kept } = metadata;
  const isParent = metadata.name === parentName('hundred');
  const annotations = Object.entries(kept.annotations ?? {}).filter(([key]) => !RUN_FIELDS.has(key));
  const labels = Object.entries(kept.labels ?? {}).map(([key, value]) => [key, key === PART_OF ? 'SET' : value]);
  const owners = managedFields.map(({ manager, operation }) => `${manager} ${operation}`).sort();
  const spec = { ...asRecord(rest['spec']), clusterIP: '', clusterIPs: '' };
  const value = {
    ...rest,
    ...(rest['spec'] === undefined ? {} : { spec }),
    ...(isParent ? { data: '' } : {}),
    metadata: { ...kept, labels: isParent ? '' : labels, annotations, owners },
  };
  return JSON.parse(JSON.stringify(value).replaceAll(namespace, 'NS'));
}
