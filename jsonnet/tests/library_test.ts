// What is written of the library is what is in it: fields of kinds, messages, roles, examples.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parseManifest } from '../../tools/k8s/model/manifest.ts';
import { testCatalog } from '../../tools/k8s/schema/testing/catalogs.ts';
import { runfile } from '../../tools/lib/runfiles.ts';

const library = runfile('fathom/jsonnet');
const tests = join(library, 'tests');
const read = (path: string) => readFileSync(path, 'utf8');
const readJson = <T>(path: string) => JSON.parse(read(path)) as T;
const named = (folder: string, ending: string) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .map((name) => name.slice(0, -ending.length))
    .sort();

describe('kinds', async () => {
  const crds = [
    ...['prometheusrules', 'servicemonitors'].map((name) =>
      runfile(`prometheus_operator_crds/example/prometheus-operator-crd/monitoring.coreos.com_${name}.yaml`),
    ),
    ...['gateways', 'grpcroutes', 'httproutes'].map((name) =>
      runfile(`gateway_api_crds/config/crd/standard/gateway.networking.k8s.io_${name}.yaml`),
    ),
  ].flatMap((file) => parseManifest(read(file), { label: '', file }));
  const catalog = await testCatalog(crds);
  const kinds = readJson<Record<string, { apiVersion: string; spec: readonly string[] }>>(join(library, 'kinds.json'));
  assert.ok(Object.keys(kinds).length > 10);

  for (const [kind, { apiVersion, spec }] of Object.entries(kinds)) {
    test(`has the fields that the spec of a ${kind} has`, () => {
      const found = catalog.find({ apiVersion, kind });
      assert.ok(found !== undefined, `nobody serves ${apiVersion} ${kind}`);
      assert.deepEqual(spec, Object.keys(catalog.schemaAt(found.schema, ['spec'])?.properties ?? {}).sort());
    });
  }
});

describe('failures', () => {
  const cases = [...read(join(tests, 'fails.jsonnet')).matchAll(/^ {2}([a-z_]+): /gm)].map(([, name = '']) => name);
  const goldens = named(join(tests, 'golden/fails'), '.txt');
  const texts = goldens.map((name) => read(join(tests, 'golden/fails', `${name}.txt`))).join('\n');

  test('each wrong call has a golden message, and each message a call', () => {
    assert.ok(cases.length > 40);
    assert.deepEqual([...cases].sort(), goldens);
  });
  for (const name of named(library, '.libsonnet')) {
    for (const message of messagesOf(read(join(library, `${name}.libsonnet`)))) {
      test(`${name} is seen to say: ${message}`, () => assert.match(texts, patternOf(message)));
    }
  }
});

/** Texts that end up in messages: sentences with values in them or with a `must`, and what types are called. */
function messagesOf(source: string): string[] {
  const code = source.replaceAll(/^ *\/\/.*$/gm, '').replaceAll(/\|\|\|[\s\S]*?\|\|\|/g, '');
  const literals = [...code.matchAll(/(simple\(\s*)?(?:'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)")/g)];
  return literals
    .filter(([, type, single, double]) => {
      const text = single ?? double ?? '';
      const isSentence = /%[sd]/.test(text) && /[a-z]{3,} /.test(text);
      return type !== undefined || (!/^[A-Z]/.test(text) && (isSentence || /(^| )must /.test(text)));
    })
    .map(([, , single, double]) => single ?? double ?? '');
}

function patternOf(message: string): RegExp {
  const escaped = message.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(escaped.replaceAll('%s', '.*').replaceAll('%d', '[\\d.]+'));
}

describe('components', () => {
  const { components } = readJson<{ components: readonly { kind: string; roles: Record<string, string> }[] }>(
    join(library, 'docs.json'),
  );
  const programs = named(tests, '.jsonnet');
  const madeBy = (kind: string) =>
    programs
      .filter((program) => program === kind || program.startsWith(`${kind}_`))
      .map((program) => readJson<Record<string, unknown>>(join(tests, 'golden', `${program}.json`)))
      .flatMap((objects) => Object.keys(objects).filter((role) => Object.hasOwn(Object(objects[role]), 'kind')));

  for (const { kind, roles } of components.filter((one) => one.kind !== 'namespace')) {
    test(`the examples of ${kind} have each role that it names, and no other`, () =>
      assert.deepEqual([...new Set(madeBy(kind))].sort(), Object.keys(roles).sort()));
  }
  test('the checks of manifests see every example', () => {
    const listed = [...read(join(tests, 'objects.jsonnet')).matchAll(/tests\/([a-z_]+)\.jsonnet'/g)].map(
      ([, name]) => name,
    );
    const others = [
      'calls',
      'example',
      'fails',
      'gateway_absent',
      'grafana_deploys',
      'grafana_namespace',
      'objects',
      'rules',
      'statefulset_budgets',
    ];
    assert.deepEqual(
      listed.sort(),
      programs.filter((name) => !others.includes(name)),
    );
  });
});
