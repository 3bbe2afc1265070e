// gitops on a real bare repository: what is written, and what is told of it.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { parseDocument } from 'yaml';
import { A, B, COMMIT, commitsOf, configMap, DIGEST, stack } from './testing/stacks.ts';
import { type TestBranch, testBranch } from './testing/test_branch.ts';

let branch: TestBranch;
beforeEach(async () => {
  branch = await testBranch();
});
afterEach(() => branch[Symbol.asyncDispose]());

test('writes a folder for each stack and a file for each object to a branch that was not there', async () => {
  await branch.run([A, B]);
  const files = (await branch.files()) ?? {};
  assert.deepEqual(Object.keys(files), [
    'staging/.fathom-files',
    'staging/a/configmap-one.yaml',
    'staging/a/configmap-two.yaml',
    'staging/b/configmap-three.yaml',
  ]);
  assert.deepEqual(parseDocument(files['staging/a/configmap-one.yaml'] ?? '').toJS(), configMap('one'));
  assert.deepEqual(branch.printed, [await branch.remote('rev-parse', 'main')]);
});

test('tells in the message of services, pins and commits, of those alone that change', async () => {
  await branch.run([A, B]);
  await branch.run([stack('a', configMap('one', 'two'), configMap('two')), B]);
  const message = await branch.remote('log', '-1', '--format=%B', 'main');
  assert.match(message, /^staging: a\n\nRendered from commit [0-9a-f]{40}\.\n/);
  assert.match(
    message,
    new RegExp(`a \\(//services/a:staging\\)\n- registry\\.test/services/a@${DIGEST}, commit ${COMMIT}`),
  );
  assert.doesNotMatch(message, /services\/b/);
  assert.deepEqual((await branch.remote('show', '--format=', '--name-only', 'main')).split('\n'), [
    'staging/a/configmap-one.yaml',
  ]);
});

test('commits nothing where nothing has changed', async () => {
  await branch.run([A, B]);
  branch.printed.length = 0;
  await branch.run([A, B]);
  assert.deepEqual([(await commitsOf(branch)).length, branch.printed], [1, []]);
  assert.match(branch.logged.at(-1) ?? '', /nothing has changed/);
});

test('removes what is no longer wanted, and keeps what others have written', async () => {
  await branch.run([A, B]);
  await branch.pushFiles({ 'staging/a/kustomization.yaml': 'resources: []\n', 'README.md': 'ours\n' });
  await branch.run([stack('a', configMap('two'))]);
  assert.deepEqual(Object.keys((await branch.files()) ?? {}), [
    'README.md',
    'staging/.fathom-files',
    'staging/a/configmap-two.yaml',
    'staging/a/kustomization.yaml',
  ]);
  assert.match(await branch.remote('log', '-1', '--format=%B', 'main'), /^staging: a, b removed\n[^]*Removed: b/);
});

test('writes two environments beside each other, and each to the folder that it is told', async () => {
  await branch.run([A]);
  await branch.run([A], '--env=prod', '--path=clusters/eu/');
  assert.deepEqual(
    Object.keys((await branch.files()) ?? {}).filter((path) => path.endsWith('one.yaml')),
    ['clusters/eu/a/configmap-one.yaml', 'staging/a/configmap-one.yaml'],
  );
});

test('gives an object that names no namespace that of its environment, but no cluster-wide one', async () => {
  const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'x:y' } };
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } };
  await branch.run([stack('a', role, map)]);
  const files = (await branch.files()) ?? {};
  assert.deepEqual(parseDocument(files['staging/a/clusterrole-x-y.yaml'] ?? '').toJS().metadata, { name: 'x:y' });
  const metadata = parseDocument(files['staging/a/configmap-x.yaml'] ?? '').toJS().metadata;
  assert.deepEqual(metadata, { name: 'x', namespace: 'staging' });
});

test('keeps two objects apart whose kind and name are the same', async () => {
  const other = { ...configMap('one'), metadata: { name: 'one', namespace: 'other' } };
  await branch.run([stack('a', configMap('one'), other)]);
  assert.deepEqual(Object.keys((await branch.files()) ?? {}).slice(1), [
    'staging/a/configmap-other-one.yaml',
    'staging/a/configmap-staging-one.yaml',
  ]);
});

test('with --dry-run prints the difference, and pushes nothing', async () => {
  await branch.run([A]);
  branch.printed.length = 0;
  await branch.run([stack('a', configMap('one', 'two'), configMap('two'))], '--dry-run');
  assert.match(branch.printed.join('\n'), /^-  value: one\n\+  value: two/m);
  assert.equal((await commitsOf(branch)).length, 1);
});

test('hands the branch over to a command, with title and text, and says where it fails', async () => {
  const out = join(branch.workspace, '../pr.txt');
  const command = `printf '%s|' "$FATHOM_BRANCH" "$FATHOM_BASE" "$FATHOM_TITLE" "$1" "$2" >'${out}'; printf '%s' "$FATHOM_BODY" >>'${out}'`;
  await branch.pushFiles({ 'README.md': 'ours\n' });
  const args = ['--branch=deploy/staging', '--base=main', '--pr'];
  await branch.run([A], ...args, `--pr-command=${command}`);
  const text = await readFile(out, 'utf8');
  assert.match(text, /^deploy\/staging\|main\|staging: a\|deploy\/staging\|staging: a\|Rendered from commit /);
  assert.match(text, new RegExp(`@${DIGEST}, commit ${COMMIT}`));
  assert.deepEqual(await commitsOf(branch, 'deploy/staging'), ['staging: a', 'by somebody else']);
  assert.deepEqual(await commitsOf(branch), ['by somebody else']);

  await assert.rejects(branch.run([B], ...args, '--pr-command=exit 3'), {
    code: 'K8S_GITOPS_PR',
    message: /deploy\/staging: the command ended with 3/,
  });
});

test('begins a branch anew that was merged and not deleted', async () => {
  await branch.pushFiles({ 'README.md': 'ours\n' });
  const args = ['--branch=deploy', '--base=main'];
  await branch.run([A], ...args);
  await branch.remote('update-ref', 'refs/heads/main', 'refs/heads/deploy');
  await branch.pushFiles({ 'README.md': 'changed\n' });
  await branch.run([A, B], ...args);
  assert.deepEqual(await commitsOf(branch, 'deploy'), [
    'staging: b',
    'by somebody else',
    'staging: a',
    'by somebody else',
  ]);
});
