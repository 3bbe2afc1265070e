// The index: made of Kubernetes' own files, of one release, which is the one that the repo builds.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runfile } from '../../../lib/runfiles.ts';
import { type IndexSources, buildIndex } from '../build_index.ts';
import { parseEnums, parseGroup, parseLifecycles } from '../go_sources.ts';
import { readBuiltInKinds } from '../index_file.ts';
import { builtInKinds } from '../testing/catalogs.ts';

const { index } = await builtInKinds();

test('the release is that of the modules that the built Kubernetes was made of', () => {
  const modules = readFileSync(runfile('go_kubernetes/modules.txt'), 'utf8');
  assert.equal(/^# k8s\.io\/kubernetes v(\S+)$/m.exec(modules)?.[1], index.version);
});

test('has the kinds that are created, each with a definition, and none that only others contain', () => {
  for (const kind of ['v1 Pod', 'apps/v1 Deployment', 'batch/v1 CronJob', 'networking.k8s.io/v1 Ingress']) {
    assert.ok(kind in index.kinds, kind);
  }
  assert.deepEqual(
    Object.keys(index.kinds).filter((kind) => /List$|Options$|Scale$|Eviction$/.test(kind)),
    [],
  );
  assert.deepEqual(
    Object.values(index.kinds).filter((name) => index.definitions[name] === undefined),
    [],
  );
});

test('has the words that fields take, which no OpenAPI file has', () => {
  const port = index.definitions['io.k8s.api.core.v1.ContainerPort']?.properties?.['protocol'];
  assert.deepEqual(port?.enum, ['SCTP', 'TCP', 'UDP']);
  const operations =
    index.definitions['io.k8s.api.admissionregistration.v1.RuleWithOperations']?.properties?.['operations'];
  assert.ok(operations?.items?.enum?.includes('CREATE'));
});

test('knows when kinds came and go, also those that went', () => {
  assert.deepEqual(index.lifecycles['autoscaling/v2beta2 HorizontalPodAutoscaler'], {
    introduced: [1, 12],
    deprecated: [1, 23],
    removed: [1, 26],
    replacement: { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler' },
  });
  assert.deepEqual(index.lifecycles['v1 Pod'], { introduced: [1, 0] });
});

test('a file of another form has no lifecycles, words or group', () => {
  const text = 'package v1\n\nfunc (in *Pod) APILifecycleIntroduced() string {\n\treturn "1.0"\n}\n';
  assert.equal(parseLifecycles(text).size, 0);
  assert.deepEqual(parseEnums(text), []);
  assert.equal(parseGroup(text), undefined);
});

const QUANTITY = { 'io.k8s.apimachinery.pkg.api.resource.Quantity': { type: 'string' } };
const document = (rest: object) => [
  { path: 'api.json', text: JSON.stringify({ components: { schemas: QUANTITY }, ...rest }) },
];
const post = (version: string) => ({
  'x-kubernetes-action': 'post',
  'x-kubernetes-group-version-kind': { group: 'x.k8s.io', version, kind: 'Thing' },
  requestBody: { content: { '*/*': { schema: { $ref: '#/components/schemas/Thing' } } } },
});
const GOOD: IndexSources = {
  goMod: 'require k8s.io/kubernetes v1.2.3\n',
  openApi: document({}),
  apiTypes: [],
  enums: '',
};

const WRONG: readonly (readonly [name: string, sources: Partial<IndexSources>, message: RegExp])[] = [
  ['a go.mod without Kubernetes', { goMod: 'module x\n' }, /go\.mod requires no k8s\.io\/kubernetes/],
  ['a file that is no JSON', { openApi: [{ path: 'cut.json', text: '{"a' }] }, /cut\.json is no JSON/],
  ['files without quantities', { openApi: [{ path: 'a.json', text: '{}' }] }, /there is no io\.k8s\..*Quantity/],
  [
    'a path that does not say what it creates',
    { openApi: document({ paths: { '/x': { post: { 'x-kubernetes-action': 'post' } } } }) },
    /POST \/x does not say/,
  ],
  [
    'a beta kind of which nobody knows when it goes',
    { openApi: document({ paths: { '/x': { post: post('v1beta1') } } }) },
    /nothing says when x\.k8s\.io\/v1beta1 Thing goes/,
  ],
  [
    'a kind without a definition',
    { openApi: document({ paths: { '/x': { post: post('v1') } } }) },
    /there is no definition Thing/,
  ],
  [
    'lifecycles of an unknown group',
    {
      apiTypes: [
        {
          path: 'x/v1/zz.go',
          text: 'func (in *Pod) APILifecycleIntroduced() (major, minor int) {\n\treturn 1, 0\n}\n',
        },
      ],
    },
    /no register\.go beside x\/v1\/zz\.go/,
  ],
];

for (const [name, sources, message] of WRONG) {
  test(`refuses ${name}`, () => {
    assert.throws(() => buildIndex({ ...GOOD, ...sources }), { code: 'SCHEMA_SOURCES_INVALID', message });
  });
}

test('the sources of those cases are good without what is wrong in them', () => {
  assert.equal(buildIndex(GOOD).version, '1.2.3');
});

test('an index that is not there, or is no index, is told as such', async () => {
  for (const path of ['/nowhere/kinds.json', runfile('go_kubernetes/modules.txt')]) {
    await assert.rejects(readBuiltInKinds(path, '/nowhere/validators.cjs'), { code: 'SCHEMA_INDEX_UNREADABLE' });
  }
});

test('are read anew where files of the same names have changed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kinds-'));
  try {
    const paths = [join(folder, 'kinds.json'), join(folder, 'validators.cjs')] as const;
    for (const version of ['1.0.0', '2.0.0']) {
      // As a build leaves them: new files, and not new words in old ones.
      writeFileSync(`${paths[0]}.new`, JSON.stringify({ format: 1, version }));
      writeFileSync(`${paths[1]}.new`, `exports.made_for = ${JSON.stringify(version)};`);
      for (const path of paths) renameSync(`${path}.new`, path);
      const read = await readBuiltInKinds(...paths);
      assert.equal(read.index.version, version);
      assert.equal(read.validators['made_for'], version);
      assert.equal(await readBuiltInKinds(...paths), read);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
