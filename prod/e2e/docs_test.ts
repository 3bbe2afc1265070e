// What docs/clusters.md and the library say of the ingress controller is what its manifests say.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { runfile } from '../../tools/lib/runfiles.ts';

const read = (path: string) => readFileSync(runfile(`fathom/${path}`), 'utf8');
const [, docs = ''] = /\n## Ingress\n([^]*?)\n## /.exec(read('docs/clusters.md')) ?? [];

/** As much of an object as is looked at. */
interface Manifest {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly ports?: readonly { readonly name: string; readonly port: number }[];
    readonly ingress?: readonly { readonly from: readonly unknown[] }[];
    readonly template?: { readonly metadata: { readonly labels: Readonly<Record<string, string>> } };
  };
}

const manifest = (path: string): Manifest => JSON.parse(read(path));
const service = manifest('prod/manifests/ingress/service.json');

test('docs/clusters.md forwards ports of the Service', () => {
  const { metadata, spec } = service;
  const ports = new Map(spec.ports?.map(({ name, port }) => [name, port]));
  const [, ...found] = /port-forward -n (\S+) service\/(\S+) \d+:(\d+) \d+:(\d+)\n/.exec(docs) ?? [];
  assert.deepEqual(found, [
    metadata.namespace,
    metadata.name,
    String(ports.get('web')),
    String(ports.get('websecure')),
  ]);
});

test('docs/clusters.md names the class', () => {
  const { name } = manifest('prod/manifests/ingress/ingressclass.json').metadata;
  assert.ok(docs.includes(`Ingresses of class \`${name}\``));
  assert.ok(docs.includes(`className: '${name}'`));
});

test('docs/clusters.md tells of HTTP/2 as the test on a cluster does', () => {
  const [line = 'none'] = /service\+: \{ metadata\+: \{ annotations\+: .*h2c' \} \} \}/.exec(docs) ?? [];
  assert.ok(read('prod/e2e/backend.jsonnet').includes(line), line);
});

test('labels.ingressController are the pods of the controller', () => {
  const peers = manifest('prod/e2e/manifests/networkpolicy.json').spec.ingress?.[0]?.from;
  const labels = manifest('prod/manifests/ingress/deployment.json').spec.template?.metadata.labels;
  const name = labels?.['app.kubernetes.io/name'];
  assert.deepEqual(peers?.at(-1), {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': service.metadata.namespace } },
    podSelector: { matchLabels: { 'app.kubernetes.io/name': name } },
  });
});
