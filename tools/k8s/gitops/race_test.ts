// gitops while others push to the same branch of a real bare repository.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { A, B, commitsOf, configMap, stack } from './testing/stacks.ts';
import { type TestBranch, testBranch } from './testing/test_branch.ts';

let branch: TestBranch;
beforeEach(async () => {
  branch = await testBranch();
});
afterEach(() => branch[Symbol.asyncDispose]());

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
  assert.deepEqual(await commitsOf(branch), ['staging: b', 'in between', 'staging: a']);
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
  assert.deepEqual(await commitsOf(branch), ['staging: b', 'in between', 'staging: a']);
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
  assert.deepEqual(await commitsOf(branch), ['staging: b', 'in between', 'staging: a']);
});

test('keeps all commits of runs that push at once, and forces none', async () => {
  await branch.pushFiles({ 'README.md': 'ours\n' });
  const names = ['p', 'q', 'r', 's'];
  await Promise.all(names.map((name) => branch.run([stack(name, configMap(name))], `--path=${name}`)));
  const subjects = await commitsOf(branch);
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
