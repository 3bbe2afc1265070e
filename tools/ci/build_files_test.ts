import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { runfile } from '../lib/runfiles.ts';
import { declaredRepositories, foreignLabels, usedLabels } from './build_files.ts';

// The check is of the whole tree, which no target could declare: the README's link leads to the checkout.
const root = dirname(dirname(realpathSync(runfile('fathom/tools/README.md'))));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const declared = declaredRepositories(read('tools/repositories.bzl'), read('tools/go_repositories.bzl'));

const ofTools = readdirSync(join(root, 'tools'), { withFileTypes: true, recursive: true })
  .filter((entry) => entry.isFile() && entry.name === 'BUILD.bazel')
  .map((entry) => relative(root, join(entry.parentPath, entry.name)))
  .filter((path) => !/\/(tests|testing|fixtures)\//.test(path));

/** The BUILD files and .bzl files of `prod/` that some files use, and those that these use. */
function reached(paths: readonly string[]): readonly string[] {
  const found = [...paths];
  for (const path of found)
    for (const label of usedLabels(read(path))) {
      const [, folder = '', file = ''] = /^\/\/(prod\/[^:]*)(?::(.*\.bzl))?/.exec(label) ?? [];
      const next = [`${folder}/BUILD.bazel`, ...(file === '' ? [] : [`${folder}/${file}`])];
      found.push(...next.filter((one) => folder !== '' && existsSync(join(root, one)) && !found.includes(one)));
    }
  return found;
}

test('uses nothing in BUILD files of tools that another workspace does not have', () => {
  const files = reached(ofTools);
  assert.ok(ofTools.length > 30, `only ${ofTools.length} files found below ${root}`);
  for (const path of ['prod/images/images.bzl', 'prod/images/busybox/BUILD.bazel'])
    assert.ok(files.includes(path), `${path} is not reached`);
  assert.deepEqual(
    files.flatMap((path) => foreignLabels(read(path), declared).map((label) => `${path}: ${label}`)),
    [],
    'use a repository of tools/repositories.bzl, or @fathom_environments',
  );
});

test('knows as declared what MODULE.bazel takes of the tools', () => {
  const uses = [...read('MODULE.bazel').matchAll(/use_repo\(\s*fathom_(?:tools|packages),([^)]*)\)/g)];
  const names = uses.flatMap(([, list = '']) => [...list.matchAll(/"(\w+)"/g)].map(([, name = '']) => name));
  assert.ok(names.length > 30, `only ${names.length} repositories`);
  assert.deepEqual(
    names.filter((name) => !declared.has(name)),
    [],
  );
});

const KNOWN = declaredRepositories(
  'x(\n    name = "fathom_x",\n)\n',
  '_PROGRAMS = {\n    "go_y": {\n',
  '{"name": "z"}',
);

for (const [text, labels] of [
  ['deb_file(\n    name = "tini",\n    deb = "@debian//:tini",\n)', ['@debian//:tini']],
  ['x(deps = ["@fathom_x//:a", "@go_y//:b", "@z//c", "@platforms//os", "//tools/lib", ":own"])', []],
  ['load("//:cluster_constants.bzl", "REGISTRY")', ['//:cluster_constants.bzl']],
  ['load("@fathom_environments//:defs.bzl", "REGISTRY")', []],
  ['ts_test(\n    name = "a_test",\n    data = ["@debian//:tini"],\n)', []],
  ['[ts_test(\n    name = test,\n    data = ["@debian//:tini"],\n) for test in glob(["*"])]', []],
  ['x(\n    testonly = True,\n    data = ["@debian//:tini"],\n)', []],
  ['package(default_testonly = True)\n\nx(data = ["@debian//:tini"])', []],
  ['_DEB = "@debian//:tini"\n\nx_test(data = [_DEB])', []],
  ['_DEB = "@debian//:tini"\n\n_DEBS = [_DEB]\n\nx(data = _DEBS)', ['@debian//:tini']],
  ['# "@debian//:tini"\nx(\n    # "@debian//:tini"\n)', []],
] as const) {
  test(`finds ${labels.length} labels of this workspace alone in ${JSON.stringify(text)}`, () => {
    assert.deepEqual(foreignLabels(text, KNOWN), labels);
  });
}
