// What the build says about manifests, good and bad.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ToolError } from '../../lib/errors.ts';
import { type RenderParams, type RenderSources, render } from '../build/render.ts';

const CONFIG = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n';
const DIGEST = `sha256:${'0'.repeat(64)}`;

function params(changes: Partial<RenderParams> = {}): RenderParams {
  return {
    label: '//services/x:prod__deployment',
    template: 'services/x/deployment.yaml',
    kind: '',
    connection: { cluster: '', context: '', namespace: 'prod', user: '', kubeconfig: '' },
    environment: 'prod',
    guard: { environment: 'prod', isProtected: true, caSha256: '' },
    registry: 'registry.fathom.internal',
    reservedNamespaces: ['prod', 'staging', 'myns-placeholder'],
    imageChroot: '',
    substitutions: {},
    images: [],
    ...changes,
  };
}

function run(template: string, changes: Partial<RenderParams> = {}, sources: Partial<RenderSources> = {}) {
  return render(params(changes), { template, status: new Map(), ...sources });
}

const BAD: readonly (readonly [string, string, string, Partial<RenderParams>?, Partial<RenderSources>?])[] = [
  ['YAML that does not parse', 'K8S_MANIFEST_SYNTAX', 'a: [1'],
  ['an empty file', 'K8S_MANIFEST_EMPTY', ''],
  ['only empty documents', 'K8S_MANIFEST_EMPTY', '---\n---\n'],
  ['a text', 'K8S_NOT_AN_OBJECT', 'hello'],
  ['a list', 'K8S_NOT_AN_OBJECT', '- 1'],
  ['no apiVersion', 'K8S_NOT_AN_OBJECT', 'kind: ConfigMap\nmetadata: {name: a}'],
  ['no kind', 'K8S_NOT_AN_OBJECT', 'apiVersion: v1\nmetadata: {name: a}'],
  ['no metadata', 'K8S_NOT_AN_OBJECT', 'apiVersion: v1\nkind: ConfigMap'],
  ['no name', 'K8S_NOT_AN_OBJECT', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {}'],
  ['a name that is a path', 'K8S_NOT_AN_OBJECT', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a/../b}'],
  ['generateName', 'K8S_NOT_AN_OBJECT', 'apiVersion: v1\nkind: Job\nmetadata: {generateName: a-}'],
  ['a namespace that is no name', 'K8S_NOT_AN_OBJECT', `${CONFIG.replace('name: a', 'name: a, namespace: "A b"')}`],
  [
    'a namespace of another environment',
    'K8S_NAMESPACE_MISMATCH',
    `${CONFIG}---\n${CONFIG.replace('name: a', 'name: b, namespace: staging')}`,
  ],
  [
    'the personal namespace in another environment',
    'K8S_NAMESPACE_MISMATCH',
    CONFIG.replace('name: a', 'name: a, namespace: myns-placeholder'),
  ],
  ['a label that is a number', 'K8S_NOT_AN_OBJECT', CONFIG.replace('name: a', 'name: a, labels: {x: 1}')],
  ['one object twice', 'K8S_DUPLICATE_OBJECT', `${CONFIG}---\n${CONFIG}`],
  ['another kind than said', 'K8S_KIND_MISMATCH', CONFIG, { kind: 'Deployment' }],
  [
    'an image in no manifest',
    'K8S_IMAGE_UNUSED',
    CONFIG,
    { images: [{ ref: 'registry.fathom.internal/services/x', image: 'x/image.json' }] },
  ],
  [
    'a pin that is missing',
    'K8S_PIN_MISSING',
    CONFIG,
    { images: [{ ref: 'registry.fathom.internal/services/x', image: '' }] },
    { pins: { dev: {} } },
  ],
  [
    'a pin that is no digest',
    'K8S_PIN_MISSING',
    CONFIG,
    { images: [{ ref: 'registry.fathom.internal/x', image: '' }] },
    { pins: { prod: { 'registry.fathom.internal/x': { digest: 'latest' } } } },
  ],
  [
    'an image without registry',
    'K8S_IMAGE_REFERENCE',
    CONFIG,
    { registry: '', images: [{ ref: 'services/x', image: 'x' }] },
  ],
  ['a stamp key that is not there', 'K8S_STAMP_MISSING', CONFIG, { substitutions: { a: '{BUILD_NOTHING}' } }],
];

for (const [what, code, template, changes, sources] of BAD) {
  test(`refuses ${what}, naming target and remedy`, () => {
    assert.throws(
      () => run(template, changes, sources),
      (error) => {
        assert.ok(error instanceof ToolError);
        assert.equal(error.code, code);
        if (code !== 'K8S_IMAGE_REFERENCE') assert.match(error.message, /\/\/services\/x:prod__deployment/);
        assert.ok((error.hint ?? '').length > 10);
        return true;
      },
    );
  });
}

test('replaces every string that equals an image by its pinned digest, and no other', () => {
  const ref = 'registry.fathom.internal/services/x';
  const template = `apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - {name: a, image: ${ref}}\n  - {name: b, image: ${ref}/y}\n`;
  const pins = { prod: { [ref]: { digest: DIGEST } } };
  const { input, yaml } = run(template, { images: [{ ref, image: '' }] }, { pins });
  assert.deepEqual(input.objects[0]?.['spec'], {
    containers: [
      { name: 'a', image: `${ref}@${DIGEST}` },
      { name: 'b', image: `${ref}/y` },
    ],
  });
  assert.deepEqual(input.images, []);
  assert.match(yaml, new RegExp(`image: ${ref}@${DIGEST}`));
});

test('leaves a built image as it is and says where it is pushed', () => {
  const template = 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {image: services/x:v1}\n';
  const { input } = run(template, { images: [{ ref: 'services/x:v1', image: 'x/image.json' }] });
  assert.deepEqual(input.images, [
    { ref: 'services/x:v1', image: 'x/image.json', registry: 'registry.fathom.internal', repository: 'services/x' },
  ]);
});

test('pushes below image_chroot', () => {
  const template = 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {image: x}\n';
  const { input } = run(template, { imageChroot: 'eu.example.com/team', images: [{ ref: 'x', image: 'x.json' }] });
  assert.deepEqual([input.images[0]?.registry, input.images[0]?.repository], ['eu.example.com', 'team/x']);
});

test('substitutes texts, takes Lists and anchors apart, and fills stamp keys', () => {
  const template =
    'apiVersion: v1\nkind: List\nitems:\n- &a\n  apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: one}\n  data: {by: WHO}\n- <<: *a\n  metadata: {name: two}\n';
  const { input } = run(
    template,
    { substitutions: { WHO: '{BUILD_USER}' } },
    { status: new Map([['BUILD_USER', 'ada']]) },
  );
  assert.deepEqual(
    input.objects.map(({ metadata, data }) => [metadata.name, data]),
    [
      ['one', { by: 'ada' }],
      ['two', { by: 'ada' }],
    ],
  );
});

test('reads JSON as well', () => {
  assert.equal(run('{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}').input.objects.length, 1);
});
