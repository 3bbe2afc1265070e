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
    secrets: [],
    ...changes,
  };
}

function run(template: string, changes: Partial<RenderParams> = {}, sources: Partial<RenderSources> = {}) {
  return render(params(changes), { template, status: new Map(), ...sources });
}

// Each name stands for the one before, nine times.
const BOMB = `a: &a ["x"]\n${[...'bcdef'].map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcde'[index]}`).join(', ')}]\n`).join('')}`;

// What is wrong, its code, where the message says that it is, and the manifest.
const BAD: readonly (readonly [string, string, RegExp, string, Partial<RenderParams>?, Partial<RenderSources>?])[] = [
  ['YAML that does not parse', 'K8S_MANIFEST_SYNTAX', /deployment\.yaml: .*line 1, column 6/, 'a: [1'],
  ['an alias of nothing', 'K8S_MANIFEST_SYNTAX', /deployment\.yaml: .*nothing/, `${CONFIG}data: *nothing`],
  ['aliases that grow without end', 'K8S_MANIFEST_SYNTAX', /deployment\.yaml: .*alias/, BOMB],
  ['an empty file', 'K8S_MANIFEST_EMPTY', /there is no object in it/, ''],
  ['only empty documents', 'K8S_MANIFEST_EMPTY', /there is no object in it/, '---\n---\n'],
  ['a text', 'K8S_NOT_AN_OBJECT', /document 1: it is no object/, 'hello'],
  ['a list', 'K8S_NOT_AN_OBJECT', /document 1: it is no object/, '- 1'],
  [
    'no apiVersion',
    'K8S_NOT_AN_OBJECT',
    /document 1 \(ConfigMap\): 'apiVersion'/,
    'kind: ConfigMap\nmetadata: {name: a}',
  ],
  ['no kind', 'K8S_NOT_AN_OBJECT', /document 1: 'kind'/, 'apiVersion: v1\nmetadata: {name: a}'],
  ['no metadata', 'K8S_NOT_AN_OBJECT', /'metadata' is missing/, 'apiVersion: v1\nkind: ConfigMap'],
  ['no name', 'K8S_NOT_AN_OBJECT', /'metadata\.name' is missing/, 'apiVersion: v1\nkind: ConfigMap\nmetadata: {}'],
  [
    'no name in the second document',
    'K8S_NOT_AN_OBJECT',
    /document 2 \(Secret\): 'metadata\.name'/,
    `${CONFIG}---\napiVersion: v1\nkind: Secret\nmetadata: {}`,
  ],
  [
    'an item of a List without a name',
    'K8S_NOT_AN_OBJECT',
    /document 1, item 2 \(Secret\): 'metadata\.name'/,
    `apiVersion: v1\nkind: List\nitems:\n- ${CONFIG.trim().replaceAll('\n', '\n  ')}\n- {apiVersion: v1, kind: Secret, metadata: {}}`,
  ],
  ['a name that is a path', 'K8S_NOT_AN_OBJECT', /'metadata\.name' is 'a\/\.\.\/b'/, CONFIG.replace('a}', 'a/../b}')],
  [
    'generateName',
    'K8S_NOT_AN_OBJECT',
    /\(Job\): 'metadata\.generateName' makes another object/,
    'apiVersion: v1\nkind: Job\nmetadata: {generateName: a-}',
  ],
  [
    'a namespace that is no name',
    'K8S_NOT_AN_OBJECT',
    /'metadata\.namespace' is "A b"/,
    CONFIG.replace('a}', 'a, namespace: "A b"}'),
  ],
  [
    'a namespace of another environment',
    'K8S_NAMESPACE_MISMATCH',
    /ConfigMap staging\/b is in another environment's namespace; that of 'prod' is 'prod'/,
    `${CONFIG}---\n${CONFIG.replace('a}', 'b, namespace: staging}')}`,
  ],
  [
    'the personal namespace in another environment',
    'K8S_NAMESPACE_MISMATCH',
    /ConfigMap myns-placeholder\/a is in/,
    CONFIG.replace('a}', 'a, namespace: myns-placeholder}'),
  ],
  [
    'a label that is a number',
    'K8S_NOT_AN_OBJECT',
    /'metadata\.labels\.x' is 1, no string/,
    CONFIG.replace('a}', 'a, labels: {x: 1}}'),
  ],
  [
    'an annotation that is true',
    'K8S_NOT_AN_OBJECT',
    /'metadata\.annotations\.x' is true, no string/,
    CONFIG.replace('a}', 'a, annotations: {x: true}}'),
  ],
  ['one object twice', 'K8S_DUPLICATE_OBJECT', /ConfigMap a is there twice/, `${CONFIG}---\n${CONFIG}`],
  [
    'another kind than said',
    'K8S_KIND_MISMATCH',
    /'kind' says Deployment, the file has ConfigMap/,
    CONFIG,
    { kind: 'Deployment' },
  ],
  [
    'an image in no manifest',
    'K8S_IMAGE_UNUSED',
    /has no string 'registry\.fathom\.internal\/services\/x'/,
    CONFIG,
    { images: [{ ref: 'registry.fathom.internal/services/x', image: 'x/image.json' }] },
  ],
  [
    'a pin that is missing',
    'K8S_PIN_MISSING',
    /no pin of registry\.fathom\.internal\/services\/x for 'prod' \(environments in it: dev\)/,
    CONFIG,
    { images: [{ ref: 'registry.fathom.internal/services/x', image: '' }] },
    { pins: { dev: {} } },
  ],
  [
    'a pin that is no digest',
    'K8S_PIN_MISSING',
    /is 'latest', no sha256 digest/,
    CONFIG,
    { images: [{ ref: 'registry.fathom.internal/x', image: '' }] },
    { pins: { prod: { 'registry.fathom.internal/x': { digest: 'latest' } } } },
  ],
  [
    'an image without registry',
    'K8S_IMAGE_REFERENCE',
    /'services\/x': it names no registry/,
    CONFIG,
    { registry: '', images: [{ ref: 'services/x', image: 'x' }] },
  ],
  [
    'a stamp key that is not there',
    'K8S_STAMP_MISSING',
    /no key 'BUILD_NOTHING'/,
    CONFIG,
    { substitutions: { a: '{BUILD_NOTHING}' } },
  ],
];

for (const [what, code, message, template, changes, sources] of BAD) {
  test(`refuses ${what}, naming target, place and remedy`, () => {
    assert.throws(
      () => run(template, changes, sources),
      (error) => {
        assert.ok(error instanceof ToolError);
        assert.equal(error.code, code);
        assert.match(error.message, message);
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
