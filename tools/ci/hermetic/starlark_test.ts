import assert from 'node:assert/strict';
import { readFileSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { runfile } from '../../lib/runfiles.ts';
import { findings } from './starlark.ts';

/** What stays: each reason, and the words that it is a reason for, as `file: word`. */
const REASONS: Readonly<Record<string, readonly string[]>> = {
  'a launcher of built-in commands alone; every POSIX machine has an sh, remote executors too': [
    'tools/ts/private/launcher.bzl: /bin/sh',
    'tools/k8s/tests/failures.bzl: /bin/sh',
    'tools/k8s/tests/promotion_test.bzl: /bin/sh',
    'tools/oci/private/inputs_test.bzl: /bin/sh',
  ],
  'a path in an image': [
    'tools/binary/defs.bzl: /usr/bin/redis',
    'tools/go/defs.bzl: /usr/local/bin',
    'tools/k8s/private/registry_gc.bzl: /usr/bin/registry',
    'tools/nodejs/private/layers.bzl: /usr/local/bin/node',
    'tools/nodejs/private/program.bzl: /usr/local/bin/node',
    'tools/oci/defs.bzl: /usr/bin/redis',
    'tools/oci/defs.bzl: /usr/local/bin/server',
    'tools/oci/private/image_macro.bzl: /bin/sh',
    'tools/oci/private/image_macro.bzl: /usr/local/bin/server',
    'tools/oci/private/layer.bzl: /bin',
    'tools/oci/private/layer.bzl: /usr/bin',
    'tools/oci/private/load.bzl: /root/run',
    'tools/python/defs.bzl: /usr/bin/python3',
  ],
  'cgo, for runc and containerd alone: no package registry has a C compiler that runs from any folder': [
    'tools/packages/private/go_programs.bzl: /bin',
    'tools/packages/private/go_programs.bzl: /usr/bin',
  ],
  "downloads a layer that nobody has, by its digest, with the caller's proxy and login": [
    'tools/oci/private/pulled_image.bzl: no-remote-exec',
    'tools/oci/private/pulled_image.bzl: requires-network',
    'tools/oci/private/pulled_image.bzl: use_default_shell_env',
  ],
  'a test on a cluster that runs on this machine': [
    'tools/k8s/private/k8s_test.bzl: no-sandbox',
    'tools/k8s/private/k8s_test.bzl: requires-network',
  ],
  'the attribute ext_str_envs reads what --action_env passes, as that of rules_jsonnet does': [
    'tools/jsonnet/private/to_json.bzl: use_default_shell_env',
  ],
};
const ALLOWED = new Set(Object.values(REASONS).flat());

// The check is of the whole tree, which no target could declare: the README's link leads to the checkout.
const root = dirname(dirname(realpathSync(runfile('fathom/tools/README.md'))));

const STARLARK = /(\.bzl|(^|\/)(BUILD|WORKSPACE|MODULE)\.bazel)$/;

/** Starlark files of the checkout. What BUILD files say of paths is of images, whose paths are their own. */
function starlarkFiles(): readonly string[] {
  return ['jsonnet', 'prod', 'proto', 'services', 'third_party', 'tools'].flatMap((folder) =>
    readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && STARLARK.test(entry.name) && !entry.parentPath.includes('node_modules'))
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1)),
  );
}

const found = starlarkFiles().flatMap((path) =>
  findings(path, readFileSync(join(root, path), 'utf8')).filter(
    ({ word }) => path.endsWith('.bzl') || !word.startsWith('/'),
  ),
);

test('actions use what they declare: no shell, no program and no path of the machine', () => {
  const unknown = found.filter(({ path, word }) => !ALLOWED.has(`${path}: ${word}`));
  assert.deepEqual(
    unknown.map(({ path, word, line, why }) => `${path}:${line}: ${word}: ${why}`),
    [],
    'make the program an input of the action, or add a reason to REASONS',
  );
});

test('what is allowed is still there', () => {
  const there = new Set(found.map(({ path, word }) => `${path}: ${word}`));
  assert.deepEqual(
    [...ALLOWED].filter((key) => !there.has(key)),
    [],
  );
});

for (const [what, text] of [
  ['run_shell', 'ctx.actions.run_shell(command = "date")'],
  ['the default environment', '    use_default_shell_env = True,'],
  ['a genrule', 'genrule('],
  ['a program of the machine', 'executable = "/usr/bin/gcc"'],
  ['a program by its name', '        executable = "gcc",'],
  ['a shell', 'arguments = ["/bin/sh", "-c"]'],
  ['an action that is not sandboxed', 'tags = ["no-sandbox"]'],
  ['the environment of whoever builds', 'ctx.configuration.default_shell_env["PATH"]'],
] as const) {
  test(`finds ${what}`, () => {
    assert.notDeepEqual(findings('x.bzl', text), []);
  });
}

for (const [what, text] of [
  ['a declared program', '        executable = ctx.executable._tool,'],
  ['a comment', '    # found in /usr/bin'],
  ['a path below a folder', 'output = "image/usr/bin/x"'],
  ["what is joined to a folder's path", 'node = folder + "/bin/node"'],
] as const) {
  test(`has nothing against ${what}`, () => {
    assert.deepEqual(findings('x.bzl', text), []);
  });
}
