import assert from 'node:assert/strict';
import { test } from 'node:test';
import { registryFiles } from './registry.ts';

const TOOLS = `module(name = "bazel_tools")
bazel_dep(name = "rules_x", version = "0.1")
bazel_dep(name = "zlib", version = "1.3.bcr.1", repo_name = "z")
`;
const RULES = `"""A rule set."""

module(
    name = "rules_x",
    version = "0.0.0",  # set at a release
    compatibility_level = 1,
)

bazel_dep(name = "platforms", version = "0.0.4")
bazel_dep(
    name = "stardoc",
    version = "0.5",
    dev_dependency = True,
)
bazel_dep(name = "own_part", dev_dependency = True)
`;
const made = registryFiles({ asking: [TOOLS], installed: [{ path: '/usr/rules', text: RULES }] });

test('has what is asked for and what that asks for, but nothing of its development', () => {
  assert.deepEqual(
    [...made.keys()].filter((path) => path.endsWith('MODULE.bazel')).sort(),
    ['platforms/0.0.4', 'rules_x/0.1', 'zlib/1.3.bcr.1'].map((name) => `modules/${name}/MODULE.bazel`),
  );
});

test('gives an installed rule set the version that is asked for, and leaves it where it is', () => {
  assert.match(made.get('modules/rules_x/0.1/MODULE.bazel') ?? '', /name = "rules_x",\n {4}version = "0\.1",/);
  assert.match(
    made.get('modules/rules_x/0.1/MODULE.bazel') ?? '',
    /bazel_dep\(name = "platforms", version = "0\.0\.4"\)/,
  );
  assert.deepEqual(JSON.parse(made.get('modules/rules_x/0.1/source.json') ?? ''), {
    type: 'local_path',
    path: '/usr/rules',
  });
});

test('has an empty module for what is not installed, in a folder that Bazel takes for a repository', () => {
  assert.equal(made.get('modules/zlib/1.3.bcr.1/MODULE.bazel'), 'module(name = "zlib", version = "1.3.bcr.1")\n');
  const { path } = JSON.parse(made.get('modules/zlib/1.3.bcr.1/source.json') ?? '') as { path: string };
  assert.equal(made.get(`${path}/REPO.bazel`), '');
  assert.deepEqual(JSON.parse(made.get('bazel_registry.json') ?? ''), { module_base_path: '.' });
});

test('ends where modules need each other', () => {
  const circle = (name: string, other: string) => ({
    path: `/${name}`,
    text: `module(name = "${name}")\nbazel_dep(name = "${other}", version = "1")\n`,
  });
  const files = registryFiles({
    asking: ['bazel_dep(name = "a", version = "1")\n'],
    installed: [circle('a', 'b'), circle('b', 'a')],
  });
  assert.ok(files.has('modules/b/1/MODULE.bazel'));
});
