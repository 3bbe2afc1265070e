// Custom kinds as they are in the wild: all of the Prometheus Operator's.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runfile } from '../../../lib/runfiles.ts';
import { parseManifest } from '../../model/manifest.ts';
import { type KubeObject, textAt } from '../../model/object.ts';
import { checkManifests } from '../check.ts';
import { testCatalog } from '../testing/catalogs.ts';

const folder = runfile('prometheus_operator_crds/example/prometheus-operator-crd');
const definitions = readdirSync(folder).flatMap((name) =>
  parseManifest(readFileSync(join(folder, name), 'utf8'), { label: '', file: name }),
);
const catalog = await testCatalog(definitions);

const check = (...objects: KubeObject[]) =>
  checkManifests([{ label: '', file: 'x.json', objects }], catalog).map(({ code, path }) => `${code} ${path}`);
const object = (kind: string, spec: unknown, apiVersion = 'monitoring.coreos.com/v1'): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name: 'x', namespace: 'prod' },
  spec,
});
const endpoint = { port: 'http', interval: '30s', relabelings: [{ action: 'replace', targetLabel: 'x' }] };
const monitor = { selector: { matchLabels: { app: 'x' } }, endpoints: [endpoint] };

test('the definitions themselves are good', () => {
  assert.ok(definitions.length >= 10);
  assert.deepEqual(check(...definitions), []);
});

test('every kind compiles, and refuses a field that it does not have', () => {
  for (const definition of definitions) {
    const kind = textAt(definition, 'spec', 'names', 'kind') ?? '';
    const [apiVersion = ''] = catalog
      .keys()
      .filter((key) => key.endsWith(` ${kind}`))
      .map((key) => key.slice(0, key.indexOf(' ')));
    const found = check(object(kind, { noSuchField: 1 }, apiVersion));
    assert.ok(found.includes('MANIFEST_UNKNOWN_FIELD spec.noSuchField'), `${kind}: ${found.join()}`);
  }
});

test('a ServiceMonitor is good', () => {
  assert.deepEqual(check(object('ServiceMonitor', monitor)), []);
});

for (const [name, spec, expected] of [
  ['a field', { ...monitor, endpoint: [] }, 'MANIFEST_UNKNOWN_FIELD spec.endpoint'],
  [
    'a duration',
    { ...monitor, endpoints: [{ ...endpoint, interval: '30' }] },
    'MANIFEST_INVALID_VALUE spec.endpoints[0].interval',
  ],
  [
    'a word',
    { ...monitor, endpoints: [{ ...endpoint, relabelings: [{ action: 'replase' }] }] },
    'MANIFEST_INVALID_VALUE spec.endpoints[0].relabelings[0].action',
  ],
  [
    'a number or text',
    { ...monitor, endpoints: [{ ...endpoint, targetPort: true }] },
    'MANIFEST_WRONG_TYPE spec.endpoints[0].targetPort',
  ],
] as const) {
  test(`finds ${name} of a ServiceMonitor`, () => {
    assert.deepEqual(check(object('ServiceMonitor', spec)), [expected]);
  });
}

test('a Prometheus has pods with Kubernetes’ own parts in it', () => {
  const good = { replicas: 2, resources: { requests: { memory: '400Mi' } }, serviceAccountName: 'x' };
  assert.deepEqual(check(object('Prometheus', good)), []);
  assert.deepEqual(check(object('Prometheus', { ...good, resources: { requests: { memory: 'much' } } })), [
    'MANIFEST_INVALID_VALUE spec.resources.requests.memory',
  ]);
});
