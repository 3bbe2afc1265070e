// Code of pages, evaluated where that takes neither Bazel nor a cluster; `bazel run //tools/ci/docs:run` does the rest.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { parseManifest } from '../../../k8s/model/manifest.ts';
import { createCatalog, createCompile, readBuiltInKinds } from '../../../k8s/schema/index.ts';
import { runfile } from '../../../lib/runfiles.ts';
import { readPages } from '../pages/checkout.ts';
import { jsonProblems } from '../pages/data_blocks.ts';
import type { Block } from '../pages/page.ts';
import { CONTEXTS, contextOf } from './contexts.ts';
import { jsonnetProblems, manifestProblems } from './evaluate.ts';
import { staleExceptions, stepsOf } from './steps.ts';

// The check is of the whole tree, which no target could declare: the README's link leads to the checkout.
const root = dirname(dirname(realpathSync(runfile('fathom/tools/README.md'))));
const pages = readPages(root);
const steps = [...pages.values()].flatMap((page) => stepsOf(page));
const codeIn = (language: string) =>
  steps.flatMap((step) => (step.kind === 'code' && step.language === language ? [step.block] : []));
const jsonnet = { program: runfile('go_jsonnet/bin/jsonnet'), root };
const schemas = (name: string) => runfile(`fathom/tools/k8s/schema/kubernetes.${name}`);
const builtIn = await readBuiltInKinds(schemas('kinds.json'), schemas('validators.cjs'));
const crds = runfile('prometheus_operator_crds/example/prometheus-operator-crd');
const definitions = readdirSync(crds).flatMap((file) =>
  parseManifest(readFileSync(join(crds, file), 'utf8'), { label: 'page', file }),
);
const catalog = createCatalog(builtIn, definitions, createCompile(builtIn));
const block = (text: string): Block => ({ path: 'docs/x.md', line: 3, text });

test('all code is evaluated by something, or excepted', () => {
  const evaluated = new Set(['bazelrc', 'json', 'jsonnet', 'starlark', 'typescript', 'yaml']);
  assert.deepEqual(
    steps.flatMap((step) => (step.kind === 'code' && !evaluated.has(step.language) ? [step] : [])),
    [],
  );
});

test('no exception and no context is of code that is gone', () => {
  assert.deepEqual(staleExceptions(pages), []);
  const found = new Set(
    steps.flatMap((step) => ('block' in step ? [contextOf(step.block.path, step.block.text)] : [])),
  );
  assert.deepEqual(
    CONTEXTS.filter((context) => !found.has(context)),
    [],
  );
});

test('Jsonnet renders', () => {
  const blocks = codeIn('jsonnet');
  assert.ok(blocks.length > 0);
  assert.deepEqual(
    blocks.flatMap((one) => jsonnetProblems(one, jsonnet)),
    [],
  );
});

test('manifests fit their kinds', () => {
  const blocks = codeIn('yaml');
  assert.ok(blocks.length > 0);
  assert.deepEqual(
    blocks.flatMap((one) => manifestProblems(one, catalog)),
    [],
  );
});

test('JSON can be read', () =>
  assert.deepEqual(
    codeIn('json').flatMap((one) => jsonProblems(one)),
    [],
  ));

test('finds Jsonnet that does not render', () => {
  const service = "import 'jsonnet/service.libsonnet'";
  for (const [text, problem] of [
    ['{ a: b }', /^docs\/x\.md:3: .*Unknown variable: b/s],
    ["import 'jsonnet/services.libsonnet'", /couldn't open import/],
    [`(${service})({ nam: 'x' })`, /unknown parameter 'nam'/],
    [`function(environment, deps) (${service})({ name: deps.x })`, /Field does not exist: x/],
  ] as const)
    assert.match(jsonnetProblems(block(text), jsonnet).join(), problem);
});

test('finds manifests that are wrong', () => {
  const found = (text: string) => manifestProblems(block(text), catalog).join();
  assert.match(found('apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {container: []}'), /no field 'container'/);
  assert.match(found('apiVersion: v2\nkind: Pod\nmetadata: {name: a}'), /^docs\/x\.md:3: .*v2/);
  assert.match(found('kind: Pod'), /^docs\/x\.md:3: /);
});
