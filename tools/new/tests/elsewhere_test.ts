// `bazel run //tools/new/tests:elsewhere`: services that call one another, written into a workspace of its own that loads this
// one as @fathom, build there, and pass their tests.
import assert from 'node:assert/strict';
import { appendFile, copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createWorkspace } from '../../ci/services/workspace.ts';

const NPM = `
load("@fathom//tools/packages:defs.bzl", "npm_packages")

npm_packages(
    name = "npm",
    lock = "//:package-lock.json",
)
`;

const fathom = process.env['BUILD_WORKSPACE_DIRECTORY'] ?? '';
const { root, write, bazel, end } = await createWorkspace(fathom, process.env);
after(end);

async function succeeds(...args: readonly string[]): Promise<string> {
  const { succeeded, output } = await bazel(...args);
  assert.ok(succeeded, output);
  return output;
}

const written = (name: string, deps = '') =>
  succeeds('run', '@fathom//tools/new:service', '--', `--name=${name}`, `--deps=${deps}`);

before(async () => {
  await appendFile(join(root, 'WORKSPACE'), NPM);
  // Fathom's own packages are more than enough, and are in the cache.
  for (const file of ['package.json', 'package-lock.json']) await copyFile(join(fathom, file), join(root, file));
  await write({
    'prod/BUILD.bazel': '',
    'prod/services.bzl': '"""Services."""\n\nSERVICES = []\n',
  });
});

test('says what a workspace lacks, and writes nothing', async () => {
  await write({ 'package.json': '{}' });
  const { succeeded, output } = await bazel('run', '@fathom//tools/new:service', '--', '--name=hello');
  assert.ok(!succeeded);
  assert.match(output, /NEW_PACKAGES_MISSING[^]*--save-exact @bufbuild\/protobuf@/);
  await assert.rejects(readFile(join(root, 'services/hello/main.ts')), { code: 'ENOENT' });
  await copyFile(join(fathom, 'package.json'), join(root, 'package.json'));
});

test('writes services that build, and whose tests pass', async () => {
  await written('hello');
  await written('shop/cart', 'hello');
  assert.equal(
    await readFile(join(root, 'prod/services.bzl'), 'utf8'),
    '"""Services."""\n\nSERVICES = ["//services/hello", "//services/shop/cart"]\n',
  );
  const output = await succeeds('test', '--test_output=errors', '//services/...', '//services/shop/cart:dev-deep');
  for (const name of ['hello:server_test', 'shop/cart:callees_test', 'shop/cart:image_test'])
    assert.match(output, new RegExp(`//services/${name} +(\\(cached\\) )?PASSED`), output);
});
