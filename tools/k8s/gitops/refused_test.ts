// What gitops refuses to write, and from whom.
import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { A, B, configMap, stack } from './testing/stacks.ts';
import { type TestBranch, type TestStack, testBranch } from './testing/test_branch.ts';

let branch: TestBranch;
beforeEach(async () => {
  branch = await testBranch();
});
afterEach(() => branch[Symbol.asyncDispose]());

const SECRET = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { password: 'hunter2' } };
const PLAIN = configMap('one');
const PERSONAL = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', namespace: 'myns-placeholder' } };
const BUILT = { ref: 'registry.test/services/a', registry: 'registry.test', repository: 'services/a', image: 'x' };

// What is refused, its code, what the message says, and the stack.
const REFUSED: readonly (readonly [string, string, RegExp, TestStack])[] = [
  ['a Secret with values', 'K8S_GITOPS_SECRET', /services\/a:staging__all: Secret s has values/, stack('a', SECRET)],
  ['a personal namespace', 'K8S_GITOPS_PERSONAL', /ConfigMap myns-placeholder\/x/, stack('a', PERSONAL)],
  ['an image without a digest', 'K8S_UNPINNED', /registry\.test\/services\/a is built/, { ...A, images: [BUILT] }],
];

for (const [what, code, message, refused] of REFUSED) {
  test(`refuses ${what}, and writes nothing`, async () => {
    await assert.rejects(branch.run([B, refused]), (error: Error & { code?: string; hint?: string }) => {
      assert.equal(error.code, code);
      assert.match(error.message, message);
      assert.ok((error.hint ?? '').length > 10);
      assert.doesNotMatch(`${error.message} ${error.hint}`, /hunter2/);
      return true;
    });
    assert.equal(await branch.files(), undefined);
  });
}

test('leaves a Secret out whose values the engine fills in, and says so', async () => {
  const reference = '${fathom-secret://generated/s#password}';
  const filled = { ...SECRET, stringData: { password: reference, acl: `user x on >${reference}` } };
  await branch.run([stack('a', filled, PLAIN)]);
  assert.deepEqual(Object.keys((await branch.files()) ?? {}).sort(), [
    'staging/.fathom-files',
    'staging/a/configmap-one.yaml',
  ]);
  assert.match(branch.logged.join('\n'), /services\/a:staging\S*: left out, .*: Secret s$/m);
  const mixed = { ...SECRET, stringData: { password: reference, other: 'hunter2' } };
  await assert.rejects(branch.run([stack('a', mixed)]), { code: 'K8S_GITOPS_SECRET' });
});

test('writes a Secret that has no values', async () => {
  await branch.run([stack('a', { ...SECRET, stringData: {} })]);
  assert.ok((await branch.files())?.['staging/a/secret-s.yaml']);
});

test('refuses a file that somebody else has written, unless it is to be adopted', async () => {
  await branch.pushFiles({ 'staging/a/configmap-one.yaml': 'by hand\n' });
  await assert.rejects(branch.run([A]), {
    code: 'K8S_GITOPS_FOREIGN',
    message: /staging\/a\/configmap-one\.yaml/,
    hint: /--adopt/,
  });
  await branch.run([A], '--adopt');
  assert.match((await branch.files())?.['staging/a/configmap-one.yaml'] ?? '', /^# Rendered/);
});

test('follows no link out of the branch, and no list either', async () => {
  const place = join(branch.workspace, '../link');
  await mkdir(place);
  await symlink('/tmp', join(place, 'staging'));
  const git = branch.source;
  await git('-C', place, 'init', '--quiet', '--initial-branch=main');
  await git('-C', place, 'add', '--all');
  await git('-C', place, 'commit', '--quiet', '--message=link');
  await git('-C', place, 'push', '--quiet', branch.repo, 'main');
  await assert.rejects(branch.run([A]), { code: 'K8S_GITOPS_FOREIGN', message: /symbolic link at 'staging'/ });
  await branch.pushFiles({ 'keep.txt': 'x', 'other/.fathom-files': '../keep.txt\n/etc/hostname\n' });
  await branch.run([A], '--path=other');
  assert.equal((await branch.files())?.['keep.txt'], 'x');
});

test('refuses a tree with changes, pins included, unless it is told to', async () => {
  await writeFile(join(branch.workspace, 'pins.json'), '{}');
  await assert.rejects(branch.run([A]), { code: 'K8S_GIT_DIRTY', message: /pins\.json/ });
  await branch.run([A], '--allow-dirty');
  assert.match(await branch.remote('log', '-1', '--format=%B', 'main'), /of a tree with changes/);
});

test('wants a merged commit for a protected environment, but not for a pull request', async () => {
  const own = { ...A, isProtected: true };
  await branch.source('checkout', '--quiet', '-b', 'feature');
  await branch.source('commit', '--quiet', '--allow-empty', '--message=not merged');
  await assert.rejects(branch.run([own]), { code: 'K8S_GIT_UNMERGED' });
  await branch.run([own], '--pr', '--pr-command=true');
  await branch.source('checkout', '--quiet', 'main');
  await branch.run([own, B]);
});

test('says what is wrong with the repository or an argument', async () => {
  await assert.rejects(branch.run([A], `--repo=${branch.repo}-not`), {
    code: 'K8S_GITOPS_REPOSITORY',
    hint: /ls-remote/,
  });
  await assert.rejects(branch.run([A], '--base=gone'), { code: 'K8S_GITOPS_REPOSITORY', message: /no branch 'gone'/ });
  await assert.rejects(branch.run([A], '--env=myns'), { code: 'K8S_USAGE', hint: /personal namespace .*\.apply/ });
  for (const [argument, message] of [
    ['--env=moon', /'moon' is none of its environments/],
    ['--branch=a..b', /'a\.\.b' is no name of a branch/],
    ['--branch=-x', /no name of a branch/],
    ['--repo=--upload-pack=x', /is no repository/],
    ['--path=../x', /leads out/],
    ['--pr', /no command/],
    ['--nonsense', /nonsense/],
  ] as const) {
    await assert.rejects(branch.run([A], argument), { code: 'K8S_USAGE', message });
  }
});
