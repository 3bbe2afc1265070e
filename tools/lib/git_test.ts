import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { GitError, gitIn, gitSays } from './git.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fathom-git-'));
  await gitIn(folder)('init', '--quiet', '--initial-branch=here');
});
after(() => rm(folder, { recursive: true }));

test('asks the repository of the folder, also from within a hook of another one', async () => {
  const git = gitIn(folder, {
    env: { ...process.env, GIT_DIR: '/nowhere', GIT_WORK_TREE: '/nowhere', GIT_INDEX_FILE: 'x' },
  });
  assert.equal(await git('symbolic-ref', '--short', 'HEAD'), 'here');
});

test('says in which command it failed, what git said, and with which exit code', async () => {
  await assert.rejects(gitIn(folder)('rev-parse', '--verify', 'gone'), (error) => {
    assert.ok(error instanceof GitError);
    assert.equal(error.exitCode, 128);
    assert.match(error.message, /^git rev-parse: fatal: Needed a single revision$/);
    return true;
  });
});

test('takes 0 for yes and 1 for no, and anything else for an error', async () => {
  const git = gitIn(folder);
  assert.equal(await gitSays(git('config', 'core.bare')), true);
  assert.equal(await gitSays(git('config', 'not.set')), false);
  await assert.rejects(gitSays(git('rev-parse', 'gone')), { exitCode: 128 });
});

test('ends a command that takes too long, and one that is interrupted', async () => {
  const waiting = ['-c', 'alias.wait=!sleep 30', 'wait'];
  await assert.rejects(gitIn(folder, { timeoutMs: 100 })(...waiting), /no end within 0\.1 s/);
  const reason = new Error('interrupted');
  const controller = new AbortController();
  const running = gitIn(folder, { signal: controller.signal })(...waiting);
  controller.abort(reason);
  await assert.rejects(running, reason);
});

test('says that git cannot be started', async () => {
  await assert.rejects(gitIn(folder, { env: { PATH: '/nowhere' } })('status'), /cannot be started \(ENOENT\)/);
});
