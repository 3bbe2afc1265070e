// gitops on a real bare repository: what is written, what is refused, and what a concurrent push does.
import assert from 'node:assert/strict';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { parseDocument } from 'yaml';
import type { KubeObject } from '../model/object.ts';
import { type TestBranch, type TestStack, testBranch } from './testing/test_branch.ts';

let branch: TestBranch;
beforeEach(async () => {
  branch = await testBranch();
});
afterEach(() => branch[Symbol.asyncDispose]());

const DIGEST = `sha256:${'a'.repeat(64)}`;
const COMMIT = 'c'.repeat(40);

function configMap(name: string, value = 'one'): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'staging' }, data: { value } };
}

function stack(name: string, ...objects: readonly KubeObject[]): TestStack {
  const pin = { registry: 'registry.test', repository: `services/${name}`, digest: DIGEST, commit: COMMIT };
  return { name, objects, pinned: [{ ...pin, environment: 'staging', file: `services/${name}/pins.json` }] };
}

const A = stack('a', configMap('one'), configMap('two'));
const B = stack('b', configMap('three'));

async function commits(name = 'main'): Promise<string[]> {
  const text = await branch.remote('log', '--format=%s', `refs/heads/${name}`);
  return text.split('\n').filter((line) => line !== '');
}

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
  assert.deepEqual([(await commits()).length, branch.printed], [1, []]);
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
  assert.equal((await commits()).length, 1);
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
  assert.deepEqual(await commits('deploy/staging'), ['staging: a', 'by somebody else']);
  assert.deepEqual(await commits(), ['by somebody else']);

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
  assert.deepEqual(await commits('deploy'), ['staging: b', 'by somebody else', 'staging: a', 'by somebody else']);
});

test('writes on top of what somebody else pushes in between', async () => {
  await branch.run([A]);
  // The first push finds that another commit came before it, while it was under way.
  await branch.hook(
    'pre-receive',
    `[ -e raced ] && exit 0
touch raced
unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES
export GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x@x GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL=x@x
new=$(git commit-tree -p refs/heads/main -m 'in between' 'refs/heads/main^{tree}')
git update-ref refs/heads/main "$new"`,
  );
  await branch.run([A, B]);
  assert.deepEqual(await commits(), ['staging: b', 'in between', 'staging: a']);
  assert.match(branch.logged.join('\n'), /somebody else has pushed meanwhile/);
});

test('overwrites nothing that somebody else has pushed before the push began', async () => {
  await branch.run([A]);
  // Who signs a commit comes between what was read and what is pushed.
  const other = join(branch.workspace, '../other');
  const git = `git -C '${other}' -c commit.gpgsign=false`;
  const signer = join(branch.workspace, '../signer');
  await writeFile(
    signer,
    `#!/bin/sh
cat >/dev/null
if ! [ -e '${other}' ]; then
  git clone --quiet '${branch.repo}' '${other}'
  ${git} commit --quiet --allow-empty --message='in between'
  ${git} push --quiet origin main
fi >&2
echo '[GNUPG:] SIG_CREATED ' >&2
printf -- '-----BEGIN PGP SIGNATURE-----\\n\\n-----END PGP SIGNATURE-----\\n'
`,
    { mode: 0o755 },
  );
  await branch.source('config', '--global', 'commit.gpgsign', 'true');
  await branch.source('config', '--global', 'gpg.program', signer);
  await branch.run([A, B]);
  assert.deepEqual(await commits(), ['staging: b', 'in between', 'staging: a']);
});

test('reads a branch that moves while it is read', async () => {
  await branch.run([A]);
  // A transport that pushes another commit between the look at the branch and its transfer.
  const transport = join(branch.workspace, '../transport');
  await writeFile(
    transport,
    `#!/bin/sh
unset GIT_DIR
echo "$1" >>'${transport}.log'
if [ "$1" = git-upload-pack ] && [ "$(grep -c git-upload-pack '${transport}.log')" = 2 ]; then
  new=$(git -C '${branch.repo}' commit-tree -p refs/heads/main -m 'in between' 'refs/heads/main^{tree}')
  git -C '${branch.repo}' update-ref refs/heads/main "$new"
fi
exec git "\${1#git-}" '${branch.repo}'
`,
    { mode: 0o755 },
  );
  await branch.source('config', '--global', 'protocol.ext.allow', 'always');
  await branch.run([A, B], `--repo=ext::${transport} %S`);
  assert.deepEqual(await commits(), ['staging: b', 'in between', 'staging: a']);
});

test('keeps all commits of runs that push at once, and forces none', async () => {
  await branch.pushFiles({ 'README.md': 'ours\n' });
  const names = ['p', 'q', 'r', 's'];
  await Promise.all(names.map((name) => branch.run([stack(name, configMap(name))], `--path=${name}`)));
  const subjects = await commits();
  assert.deepEqual(subjects.toSorted(), ['by somebody else', ...names.map((name) => `staging: ${name}`)]);
  const files = Object.keys((await branch.files()) ?? {}).filter((path) => path.endsWith('.yaml'));
  assert.deepEqual(
    files,
    names.map((name) => `${name}/${name}/configmap-${name}.yaml`),
  );
});

test('says that a push is refused, and does not try again', async () => {
  await branch.run([A]);
  await branch.hook('pre-receive', 'echo run >>runs; exit 1');
  await assert.rejects(branch.run([B]), { code: 'K8S_GITOPS_REPOSITORY', message: /Pushing to main/, hint: /--pr/ });
  assert.equal(await readFile(join(branch.repo, 'runs'), 'utf8'), 'run\n');
});

test('gives up where others are always faster', async () => {
  await branch.run([A]);
  await branch.hook(
    'pre-receive',
    `unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES
export GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x@x GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL=x@x
new=$(git commit-tree -p refs/heads/main -m 'in between' 'refs/heads/main^{tree}')
git update-ref refs/heads/main "$new"`,
  );
  await assert.rejects(branch.run([B]), { code: 'K8S_GITOPS_REJECTED', message: /others were faster, 6 times/ });
});

const SECRET = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { password: 'hunter2' } };
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
