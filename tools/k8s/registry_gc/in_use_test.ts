import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '../../lib/digest.ts';
import { inUseOf, inUseOfPins, tagOf, unionOf } from './in_use.ts';

const [one, two, three, four] = ['1', '2', '3', '4'].map(digestOf) as [string, string, string, string];
const image = (digest: string) => `registry.test/services/x@${digest}`;

test('finds the digests of a pod, in its specification and in its status', () => {
  const pod = {
    kind: 'Pod',
    metadata: { name: 'web', annotations: { 'example.com/copied-from': four } },
    spec: {
      initContainers: [{ name: 'init', image: image(one) }],
      containers: [{ name: 'web', image: 'registry.test/services/x:built' }],
      ephemeralContainers: [{ name: 'debug', image: image(two) }],
    },
    status: { containerStatuses: [{ name: 'web', imageID: `docker-pullable://${image(three)}` }] },
  };
  const { digests, tags } = inUseOf([pod]);
  assert.deepEqual([...digests].toSorted(), [one, two, three, four].toSorted());
  assert.deepEqual([...tags], ['services/x:built']);
});

test('does not take the end of a log in a status for a need', () => {
  const ended = { state: { terminated: { message: `err.detail=${one} msg="blob unknown"` } }, imageID: image(two) };
  const configMap = { kind: 'ConfigMap', data: { message: image(three) } };
  const { digests } = inUseOf([{ kind: 'Pod', status: { containerStatuses: [ended] } }, configMap]);
  assert.deepEqual([...digests].toSorted(), [two, three].toSorted());
});

test('finds the digests of templates, however deep they are, and of an argument of several', () => {
  const cronJob = { spec: { jobTemplate: { spec: { template: { spec: { containers: [{ image: image(one) }] } } } } } };
  const revision = {
    kind: 'ControllerRevision',
    data: { spec: { template: { spec: { containers: [{ image: 'x:1' }] } } } },
  };
  const operator = { spec: { args: [`--images=${image(two)},${image(three)}`] } };
  const { digests, tags } = inUseOf([cronJob, revision, operator]);
  assert.deepEqual([...digests].toSorted(), [one, two, three].toSorted());
  assert.deepEqual([...tags], ['x:1']);
});

test('finds the digests of pins, and those of their bills of materials', () => {
  const pins = {
    dev: { 'registry.test/x': { digest: one, sbom: { 'linux/amd64': two } } },
    prod: { 'registry.test/x': { digest: three } },
  };
  assert.deepEqual([...inUseOfPins([pins as never, {}]).digests].toSorted(), [one, two, three].toSorted());
});

test('joins what several need', () => {
  const joined = unionOf([inUseOf([{ image: image(one) }]), inUseOf([{ image: 'x' }]), inUseOf([])]);
  assert.deepEqual([[...joined.digests], [...joined.tags]], [[one], ['x:latest']]);
});

for (const [text, tag] of [
  ['registry.test/services/x:v1', 'services/x:v1'],
  ['registry.test:5000/services/x', 'services/x:latest'],
  ['localhost/x:v1', 'x:v1'],
  ['services/x:v1', 'services/x:v1'],
  ['x', 'x:latest'],
  [image(one), undefined],
  [`x:v1@${one}`, undefined],
  ['', undefined],
] as const) {
  test(`the tag of image '${text.slice(0, 40)}' is ${tag ?? 'none'}`, () => assert.equal(tagOf(text), tag));
}
