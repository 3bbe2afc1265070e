// A real API server takes what components make, and the restricted Pod Security Standard takes their pods.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Resources, discover, pathOf } from '../../tools/k8s/kube/discovery.ts';
import { parseManifest } from '../../tools/k8s/model/manifest.ts';
import { type KubeObject, nameOf } from '../../tools/k8s/model/object.ts';
import { podSpecOf } from '../../tools/k8s/model/pod_spec.ts';
import { type ApiServer, startApiServer } from '../../tools/k8s/testing/apiserver.ts';
import { runfile } from '../../tools/lib/runfiles.ts';

const parse = (name: string) => parseManifest(readFileSync(runfile(name), 'utf8'), { label: '', file: name });
const objects = parse('fathom/jsonnet/tests/objects.json');
const isNamespace = ({ kind }: KubeObject) => kind === 'Namespace';
const definitions = [
  ...['prometheusrules', 'servicemonitors'].map(
    (kind) => `prometheus_operator_crds/example/prometheus-operator-crd/monitoring.coreos.com_${kind}.yaml`,
  ),
  ...['gateways', 'grpcroutes', 'httproutes'].map(
    (kind) => `gateway_api_crds/config/crd/standard/gateway.networking.k8s.io_${kind}.yaml`,
  ),
].flatMap(parse);

let server: ApiServer;
let resources: Resources;

before(async () => {
  server = await startApiServer();
  resources = await discover(server.client);
  const restricted = objects.find((object) => isNamespace(object) && object.metadata.name === 'dev');
  assert.ok(restricted !== undefined);
  for (const name of ['dev', 'prod']) await send({ ...restricted, metadata: { ...restricted.metadata, name } }, {});
  await send(
    { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'high' }, value: 1000 },
    {},
  );
  for (const definition of definitions) await send(definition, {});
  const deadlineMs = performance.now() + 30_000;
  while (objects.some((object) => resources.find(object) === undefined)) {
    assert.ok(performance.now() < deadlineMs, 'the server does not serve all kinds');
    await sleep(100);
    resources = await discover(server.client);
  }
});
after(() => server.stop());

/** Server-side apply, as the engine does it. */
async function send(object: KubeObject, query: Readonly<Record<string, string>>): Promise<void> {
  const resource = resources.find(object);
  assert.ok(resource !== undefined, object.kind);
  await server.client.request({
    method: 'PATCH',
    path: pathOf(resource, object.metadata),
    query: { fieldManager: 'test', fieldValidation: 'Strict', ...query },
    contentType: 'application/apply-patch+yaml',
    body: object,
    doing: `Applying ${nameOf(object)}`,
  });
}

/** The pod that an object makes, by itself. */
function podOf(object: KubeObject): KubeObject | undefined {
  const spec = podSpecOf(object);
  if (spec === undefined) return undefined;
  const { name, namespace = '' } = object.metadata;
  // What a set adds to its pods.
  const claim = object.kind === 'StatefulSet' ? [{ name: 'data', emptyDir: {} }] : [];
  const volumes = [...((spec['volumes'] as unknown[] | undefined) ?? []), ...claim];
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace }, spec: { ...spec, volumes } };
}

describe('the server takes', () => {
  assert.ok(objects.length > 40);
  for (const object of objects) test(nameOf(object), () => send(object, { dryRun: 'All' }));
});

describe('the restricted standard', () => {
  const pods = objects.flatMap((object) => podOf(object) ?? []);
  assert.ok(pods.length > 5);
  for (const pod of pods) {
    test(`takes ${nameOf(pod)}`, () => send(pod, { dryRun: 'All' }));
    test(`would refuse ${nameOf(pod)} as root`, () => {
      const root = { ...pod, spec: { ...(pod['spec'] as object), securityContext: { runAsUser: 0 } } };
      return assert.rejects(send(root, { dryRun: 'All' }), /restricted/);
    });
  }
});
