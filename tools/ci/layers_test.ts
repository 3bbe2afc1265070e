import assert from 'node:assert/strict';
import { readFileSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { runfile } from '../lib/runfiles.ts';
import { apparentLabels, parseLayers, violations } from './layers.ts';

// The check is of the whole tree, which no target could declare: the README's link leads to the checkout.
const tools = dirname(realpathSync(runfile('fathom/tools/README.md')));
const layers = parseLayers(readFileSync(join(tools, 'README.md'), 'utf8'));

/** It is copied into a module of its own, whose labels its loads are. */
const OTHER_MODULE = 'tools/ci/bazel_versions/protobuf/';

function filesOfTools(): readonly string[] {
  return readdirSync(tools, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(ts|bzl)$/.test(entry.name))
    .map((entry) => join('tools', relative(tools, entry.parentPath), entry.name))
    .filter((path) => !/\/(tests|fixtures)\/|layers_test/.test(path) && !path.startsWith(OTHER_MODULE));
}

test('lists every folder of tools, and every .bzl file right in it, in the tables, and nothing else', () => {
  const inTools = readdirSync(tools, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() || entry.name.endsWith('.bzl'),
  );
  assert.deepEqual([...layers.keys()].toSorted(), inTools.map(({ name }) => name).toSorted());
});

test('keeps every load and import of tools within the table', () => {
  const files = filesOfTools();
  assert.ok(files.length > 20, `only ${files.length} files found below ${tools}`);
  assert.deepEqual(
    files.flatMap((path) => violations(path, readFileSync(join(dirname(tools), path), 'utf8'), layers)),
    [],
  );
});

test('names nothing of this repository by a name that other modules may not know', () => {
  const found = filesOfTools()
    .filter((path) => path.endsWith('.bzl'))
    .flatMap((path) =>
      apparentLabels(readFileSync(join(dirname(tools), path), 'utf8')).map((label) => `${path}: ${label}`),
    );
  assert.deepEqual(found, [], 'write absolute_label(Label("//…")) of tools/lib/bzl/labels.bzl');
});

for (const [text, labels] of [
  ['select({"@fathom//tools/oci:is_stamped": True})', ['@fathom//tools/oci:is_stamped']],
  ['"""Uses\n\n    deps = ["@fathom//jsonnet"],\n"""\n', []],
  ['# "@fathom//jsonnet"', []],
  ['TYPE = "@fathom//tools/ts:toolchain_type"', []],
  ['native.register_toolchains("@fathom//tools/ts:linux_x64_toolchain")', []],
] as const) {
  test(`finds ${labels.length} labels by name in ${JSON.stringify(text)}`, () => {
    assert.deepEqual(apparentLabels(text), labels);
  });
}

for (const [path, text, broken] of [
  ['tools/oci/x.bzl', 'load("//tools/k8s:defs.bzl", "a")', true],
  ['tools/oci/x.bzl', 'load("@fathom//tools/k8s/private:defs.bzl", "a")', true],
  ['tools/oci/x.bzl', 'load("//:cluster_constants.bzl", "ENVS")', true],
  ['tools/oci/x.bzl', 'load("//services/x:defs.bzl", "ENVS")', true],
  ['tools/oci/x.bzl', 'load("//tools/ts:defs.bzl", "a")', false],
  ['tools/oci/private/x.bzl', 'load(":y.bzl", "a")', false],
  ['tools/k8s/x.bzl', 'load("@fathom_environments//:defs.bzl", "ENVS")', false],
  ['tools/repositories.bzl', 'load("//tools/k8s/private:x.bzl", "a")', false],
  ['tools/extensions.bzl', 'load("//tools:repositories.bzl", "a")', false],
  ['tools/repositories.bzl', 'load("//:cluster_constants.bzl", "ENVS")', true],
  ['tools/repositories.bzl', 'load("//services/x:defs.bzl", "a")', true],
  ['tools/go_repositories.bzl', 'load("//tools/packages:defs.bzl", "a")', false],
  ['tools/go_repositories.bzl', 'load(":kubernetes_api_types.bzl", "a")', false],
  ['tools/go_repositories.bzl', 'load("//tools/oci:defs.bzl", "a")', true],
  ['tools/packages.bzl', 'load("@fathom_pypi//:packages.bzl", "a")', false],
  ['tools/packages.bzl', 'load("//tools/packages:defs.bzl", "a")', true],
  ['tools/packages.bzl', 'load(":repositories.bzl", "a")', true],
  ['tools/k8s/x.bzl', 'load("//tools:repositories.bzl", "a")', true],
  ['tools/unknown.bzl', '', true],
  ['tools/lib/x.ts', "import { a } from '../ts/y.ts';", true],
  ['tools/oci/testing/x.ts', "import { a } from '../../k8s/y.ts';", true],
  ['tools/oci/testing/x.ts', "const { a } = await import('../../../services/y.ts');", true],
  ['tools/oci/testing/x.ts', "import { a } from '../y.ts';", false],
  ['tools/unknown/x.ts', '', true],
] as const) {
  test(`${broken ? 'refuses' : 'allows'} in ${path}: ${text}`, () => {
    assert.equal(violations(path, text, layers).length > 0, broken);
  });
}
