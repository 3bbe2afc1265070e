// Policies and their waivers: what is let through, and what is not although it looks like it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../model/object.ts';
import { checkManifests } from '../check.ts';
import type { Manifest } from '../finding.ts';
import type { Path } from '../path.ts';
import { testCatalog } from '../testing/catalogs.ts';
import { GOOD } from '../testing/good_objects.ts';
import { changed } from '../testing/wrong_row.ts';

const catalog = await testCatalog([]);
const { deployment } = GOOD;
const POD: Path = ['spec', 'template', 'spec'];
const CONTAINER: Path = [...POD, 'containers', 0];
const WAIVER: Path = ['metadata', 'annotations'];

const check = (object: KubeObject, rest: Partial<Manifest> = {}) =>
  checkManifests([{ label: '', file: 'x.json', objects: [object], ...rest }], catalog).map(({ code }) => code);
const waive = (object: KubeObject, names: string) => changed(object, WAIVER, { 'fathom.internal/allow': names });

for (const image of [
  'web:1.2',
  'localhost:5000/a/web:1',
  `web@sha256:${'0'.repeat(64)}`,
  `web:latest@sha256:${'0'.repeat(64)}`,
]) {
  test(`takes the image ${image.slice(0, 30)}`, () => {
    assert.deepEqual(check(changed(deployment, [...CONTAINER, 'image'], image)), []);
  });
}

test('takes an image that this build makes, and no other of that kind', () => {
  const built = changed(deployment, [...CONTAINER, 'image'], 'registry.example.com/web');
  assert.deepEqual(check(built, { builtImages: ['registry.example.com/web'] }), []);
  assert.deepEqual(check(built, { builtImages: ['registry.example.com/other'] }), ['MANIFEST_IMAGE_TAG']);
});

test('looks at init containers as well', () => {
  const init = [{ name: 'init', image: 'init:latest', resources: { limits: { cpu: '1', memory: '1Gi' } } }];
  assert.deepEqual(check(changed(deployment, [...POD, 'initContainers'], init)), ['MANIFEST_IMAGE_TAG']);
});

test('takes a limit for a request, and the resources of the pod for those of its containers', () => {
  const limits = { limits: { cpu: '1', memory: '1Gi' } };
  assert.deepEqual(check(changed(deployment, [...CONTAINER, 'resources'], limits)), []);
  const without = changed(deployment, [...CONTAINER, 'resources'], {});
  assert.deepEqual(check(changed(without, [...POD, 'resources'], limits)), []);
  assert.deepEqual(
    check(without),
    Array.from({ length: 3 }, () => 'MANIFEST_NO_RESOURCES'),
  );
});

test("takes a container's user before the pod's", () => {
  const root = changed(deployment, [...POD, 'securityContext'], { runAsUser: 0 });
  assert.deepEqual(check(changed(root, [...CONTAINER, 'securityContext'], { runAsUser: 1000 })), []);
  const user = changed(deployment, [...POD, 'securityContext'], { runAsUser: 1000 });
  assert.deepEqual(check(user), []);
  assert.deepEqual(check(changed(user, [...CONTAINER, 'securityContext'], { runAsUser: 0 })), ['MANIFEST_RUN_AS_ROOT']);
  const isNot = changed(deployment, [...CONTAINER, 'securityContext'], { runAsNonRoot: false });
  assert.deepEqual(check(isNot), ['MANIFEST_RUN_AS_ROOT']);
});

test('has no policy for kinds without pods', () => {
  assert.deepEqual(check(GOOD.service), []);
});

test('tells of a value in a Secret without the value, and takes references', () => {
  const secret = changed(GOOD.referringSecret, ['stringData', 'password'], 'hunter2-in-git');
  const found = checkManifests([{ label: '', file: 'x.json', objects: [secret] }], catalog);
  assert.deepEqual(
    found.map(({ code, path }) => [code, path]),
    [['MANIFEST_SECRET_VALUE', 'stringData.password']],
  );
  assert.ok(!JSON.stringify(found.map(({ message, hint }) => [message, hint])).includes('hunter2'));
  assert.deepEqual(check(GOOD.referringSecret), []);
  assert.deepEqual(check(waive(secret, 'secret-values')), []);
});

test('a waiver lets through what it names, and nothing else', () => {
  const both = changed(changed(deployment, [...POD, 'hostNetwork'], true), [...CONTAINER, 'image'], 'web:latest');
  assert.deepEqual(check(both), ['MANIFEST_HOST_NAMESPACE', 'MANIFEST_IMAGE_TAG']);
  assert.deepEqual(check(waive(both, 'host-namespaces')), ['MANIFEST_IMAGE_TAG']);
  assert.deepEqual(check(waive(both, ' image-tag ,host-namespaces')), []);
  assert.deepEqual(check(waive(both, 'host-namespaces, image-tag, privileged')), ['MANIFEST_WAIVER_UNUSED']);
  assert.deepEqual(check(waive(both, 'image-tag, host-namespaces,')), ['MANIFEST_WAIVER_UNKNOWN']);
});

test('a waiver of the pods is none of the object', () => {
  const object = changed(deployment, [...POD, 'hostNetwork'], true);
  const annotated = changed(object, ['spec', 'template', 'metadata', 'annotations'], {
    'fathom.internal/allow': 'host-namespaces',
  });
  assert.deepEqual(check(annotated), ['MANIFEST_HOST_NAMESPACE']);
});

test('a deprecated version can be waived, a removed one and wrong fields cannot', () => {
  const object: KubeObject = {
    apiVersion: 'resource.k8s.io/v1beta2',
    kind: 'DeviceClass',
    metadata: { name: 'x' },
    spec: {},
  };
  const deprecated = { kubernetesVersion: '1.36' };
  assert.deepEqual(check(object, deprecated), ['MANIFEST_API_DEPRECATED']);
  assert.deepEqual(check(waive(object, 'deprecated-api'), deprecated), []);
  assert.deepEqual(check(waive(object, 'deprecated-api')), ['MANIFEST_WAIVER_UNUSED']);
  assert.deepEqual(check(object, { kubernetesVersion: '1.39' }), ['MANIFEST_API_REMOVED']);
  assert.deepEqual(check(object, { kubernetesVersion: '2.0' }), ['MANIFEST_API_REMOVED']);
});
