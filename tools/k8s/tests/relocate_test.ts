// A verb is its launcher and its runfiles: copied elsewhere, without the build's folders, it works the same.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { after, test } from 'node:test';
import { runfile } from '../../lib/runfiles.ts';

const folder = mkdtempSync(join(tmpdir(), 'fathom-moved-'));
after(() => rmSync(folder, { recursive: true }));
const launcher = runfile('fathom/tools/k8s/tests/sample/myns-deep.wait');
// With modules, the main repository's folder is `_main`.
const moved = join(folder, relative(runfile(''), launcher));

function filesBelow(path: string): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

const args = ['--kubeconfig', join(folder, 'none')];

test('a verb that was copied elsewhere finds its plan and its objects', () => {
  // Not as `<name>.runfiles`, as a package would have it: RUNFILES_DIR says where they are.
  cpSync(runfile(''), folder, { recursive: true, dereference: true });
  const env = { PATH: process.env['PATH'], RUNFILES_DIR: folder, HOME: folder, FATHOM_USER: 'ada' };
  const { status, stderr } = spawnSync(moved, args, { env, cwd: '/', encoding: 'utf8' });
  assert.equal(status, 1, stderr);
  assert.match(stderr, /^error: K8S_NO_CONTEXT: .*'fathom-fathom' in \/.*none \(no such file\)$/m);
});

test('neither its launcher nor what it reads has an absolute path of the build', () => {
  const files = filesBelow(dirname(moved));
  assert.ok(files.length > 3);
  for (const path of files) {
    const text = readFileSync(path, 'utf8');
    assert.ok(!/\/(execroot|bazel-out|sandbox)\//.test(text) && !text.includes(process.env['HOME'] ?? '\0'), path);
  }
});

test('it keeps the engine as node has compiled it in the cache of its user, and works without one', () => {
  const env = { PATH: process.env['PATH'], FATHOM_USER: 'ada' };
  const run = (more: Readonly<Record<string, string>>) =>
    spawnSync(launcher, args, { env: { ...env, ...more }, cwd: '/', encoding: 'utf8' });
  const home = join(folder, 'home');
  assert.match(run({ HOME: home }).stderr, /^error: K8S_NO_CONTEXT/m);
  assert.equal(filesBelow(join(home, '.cache/fathom/compiled')).length, 1);
  assert.match(run({}).stderr, /^error: K8S_NO_CONTEXT/);
});
