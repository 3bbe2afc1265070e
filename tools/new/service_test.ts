// The generator as a program, in a workspace of its own.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, test } from 'node:test';
import { runfile } from '../lib/runfiles.ts';
import { createTestWorkspace, type TestWorkspace } from './testing/workspace.ts';

let workspace: TestWorkspace;
beforeEach(async () => {
  workspace = await createTestWorkspace();
});
afterEach(() => workspace.remove());

function run(...args: readonly string[]) {
  const env = { ...process.env, BUILD_WORKSPACE_DIRECTORY: workspace.root };
  return spawnSync(runfile('fathom/tools/new/service'), args, { env, encoding: 'utf8', timeout: 60_000 });
}

test('prints with --dry-run a patch that makes what it writes without', async () => {
  const before = await workspace.read();
  const args = ['--name=shop/cart', '--deps=redis'];
  const { stdout: patch } = run(...args, '--dry-run');
  assert.deepEqual(await workspace.read(), before, 'nothing is written');
  const written = run(...args, '--no-goldens');
  assert.equal(written.status, 0, written.stderr);
  const files = await workspace.read();
  const paths = written.stdout.trimEnd().split('\n');
  assert.ok(
    paths.includes('services/shop/cart/main.ts') && paths.every((path) => files[path] !== undefined),
    written.stdout,
  );

  await workspace.remove();
  workspace = await createTestWorkspace();
  // Outside of any repository it is a better `patch`.
  const env = { ...process.env, GIT_CEILING_DIRECTORIES: '/' };
  const applied = spawnSync('git', ['apply', '-'], { cwd: workspace.root, env, input: patch, encoding: 'utf8' });
  assert.equal(applied.status, 0, applied.stderr);
  assert.deepEqual(await workspace.read(), files);
});

test('says what stands against it without a stack, and exits 1', () => {
  const { status, stdout, stderr } = run('--name=redis');
  assert.deepEqual([status, stdout], [1, '']);
  assert.match(stderr, /^error: NEW_EXISTS: .*\n {2}hint: .*\n$/);
});

test('says how it is started where it is not known which workspace is meant', () => {
  const program = runfile('fathom/tools/new/service');
  const env = { ...process.env, BUILD_WORKSPACE_DIRECTORY: '' };
  const { status, stderr } = spawnSync(program, ['--name=x'], { env, encoding: 'utf8', timeout: 60_000 });
  assert.equal(status, 1);
  assert.match(stderr, /^error: NEW_NO_WORKSPACE: .*\n {2}hint: Start it by `bazel run @fathom\/\/tools\/new:service/);
});

test('prints its help', () => {
  const { status, stdout } = run('--help');
  assert.equal(status, 0);
  for (const option of ['--name', '--deps', '--dry-run', '--no-goldens']) assert.ok(stdout.includes(option), stdout);
});
