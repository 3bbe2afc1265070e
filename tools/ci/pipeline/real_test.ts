// `bazel run //tools/ci/pipeline:real`: the very commands of examples/ci, as far as they need no cluster, in a copy of the
// checkout, with a real remote cache: first as the main branch, then as a fork, on another machine, and then in a workspace
// that only loads this one.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { access, appendFile, mkdir, mkdtemp, readFile, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { removeTree } from '../../lib/remove_tree.ts';
import { startBazelRemote } from '../../oci/testing/bazel_remote.ts';
import { peerPath } from '../../oci/testing/peers.ts';
import { HTPASSWD, USER } from '../../oci/testing/real_registry.ts';
import { copySources } from '../reproducible/builds.ts';
import { githubCommands, gitlabCommands } from './testing/pipeline_files.ts';

const workspace = process.env['BUILD_WORKSPACE_DIRECTORY'] ?? '';
const run = promisify(execFile);
const folder = await mkdtemp(join(tmpdir(), 'fathom-pipeline-'));
const TARGET = '//tools/lib:user_test';
const machines: Machine[] = [];

after(async () => {
  for (const machine of machines) await machine.run('bazel shutdown').catch(() => undefined);
  await removeTree(folder);
});

/** A checkout on a machine that has built nothing. */
interface Machine {
  /** The workspace: the checkout, or a folder of it. */
  readonly root: string;
  run(command: string): Promise<string>;
}

interface MachineOptions {
  readonly variables: Readonly<Record<string, string>>;
  /** The workspace's folder in the checkout. Default: the checkout itself. */
  readonly inside?: string;
  /** What is built and tested. */
  readonly targets?: string;
}

async function machine(name: string, { variables, inside = '.', targets = TARGET }: MachineOptions): Promise<Machine> {
  const own = join(folder, name);
  const checkout = join(own, 'checkout');
  await copySources(workspace, checkout, AbortSignal.timeout(60_000));
  await mkdir(join(own, 'bin'), { recursive: true });
  await writeFile(join(own, 'bazelrc'), 'build --disk_cache=\n');
  const bazel = process.env['FATHOM_BAZEL'] ?? 'bazel';
  const path = process.env['PATH'] ?? '';
  // It is still first in PATH for what it runs: the steps start Bazel again, which must be of this machine as well.
  const real = `$(PATH='${path}' command -v '${bazel}')`;
  const start = `#!/bin/sh\nexec "${real}" --output_base='${own}/out' --bazelrc='${own}/bazelrc' "$@"\n`;
  await writeFile(join(own, 'bin/bazel'), start, { mode: 0o755 });
  const inherited = Object.entries(process.env).filter(([key]) => !/^(BUILD_|RUNFILES|TEST_|FATHOM_BAZEL$)/.test(key));
  const env = { ...Object.fromEntries(inherited), ...variables, PATH: `${own}/bin:${path}`, FATHOM_TARGETS: targets };
  const root = join(checkout, inside);
  const found = {
    root,
    run: async (command: string) => {
      const options = { cwd: root, env, timeout: 1_200_000, maxBuffer: 64 << 20 };
      const { stdout, stderr } = await run('sh', ['-c', command], options);
      return stdout + stderr;
    },
  };
  machines.push(found);
  return found;
}

/** Runs the job that checks, but for what installs packages; resolves to what all of it said. */
async function check(on: Machine, commands: typeof githubCommands, file: string): Promise<string> {
  const all = commands(await readFile(join(workspace, 'examples/ci', file), 'utf8'));
  const own = all.filter(({ job, command }) => job === 'check' && command.startsWith('bazel '));
  assert.equal(own.length, 3);
  let said = '';
  for (const { command } of own) said += await on.run(command);
  return said;
}

test('the pipeline of a branch fills the cache, that of a fork reads it alone, and that of another workspace does both', async () => {
  const headers = { authorization: `Basic ${Buffer.from(`${USER.username}:${USER.password}`).toString('base64')}` };
  await using cache = await startBazelRemote(peerPath('BAZEL_REMOTE'), folder, { htpasswd: HTPASSWD, headers });
  const login = `${USER.username}:${USER.password}`;
  const puts = async () => (await cache.accesses()).filter((line) => line.includes(' PUT ')).length;

  const branch = await machine('branch', { variables: { FATHOM_CACHE_URL: cache.http, FATHOM_CACHE_WRITER: login } });
  const first = await check(branch, githubCommands, 'github.yml');
  assert.match(first, /^Remote cache: reads and writes$/m);
  assert.ok(!first.includes(USER.password), 'a password is printed');
  const written = await puts();
  assert.ok(written > 10, `${written} blobs were written`);
  assert.match(await readFile(join(branch.root, 'reports/tests/tools/lib/user_test/test.xml'), 'utf8'), /<testcase /);

  const variables = { FATHOM_CACHE_URL: cache.http, FATHOM_CACHE_WRITER: '', FATHOM_CACHE_READER: login };
  const fork = await machine('fork', { variables });
  const second = await check(fork, gitlabCommands, 'gitlab.yml');
  assert.match(second, /^Remote cache: reads$/m);
  assert.match(second, /[1-9]\d* remote cache hit/);
  assert.equal(await puts(), written, 'a fork has written');

  // Its actions have paths of their own, so it shares no results with the checkout.
  const elsewhere = await machine('elsewhere', {
    variables: { FATHOM_CACHE_URL: cache.http, FATHOM_CACHE_WRITER: login },
    inside: 'examples/minimal',
    targets: '//hello/...',
  });
  const setup = elsewhere.run('bazel run @fathom//tools/ci/pipeline -- setup');
  await assert.rejects(setup, (error: { stderr: string }) =>
    error.stderr.includes('Add the line `try-import %workspace%/user.bazelrc` to .bazelrc'),
  );
  await appendFile(join(elsewhere.root, '.bazelrc'), 'try-import %workspace%/user.bazelrc\n');
  assert.match(await check(elsewhere, githubCommands, 'github.yml'), /^Remote cache: reads and writes$/m);
  assert.ok((await puts()) > written, 'the other workspace has written nothing');
  const reports = await readdir(join(elsewhere.root, 'reports/tests/hello'), { recursive: true });
  assert.ok(
    reports.some((path) => path.endsWith('test.xml')),
    reports.join(', '),
  );
});

test('a test that fails fails the pipeline, and its report is collected all the same', async () => {
  const [branch] = machines;
  assert.ok(branch);
  const file = join(branch.root, 'tools/lib/user_test.ts');
  await writeFile(file, `${await readFile(file, 'utf8')}\ntest('fails', () => assert.equal(1, 2));\n`);
  await assert.rejects(branch.run('bazel run @fathom//tools/ci/pipeline -- test'), { code: 3 });
  const reports = await readdir(join(branch.root, 'reports'), { recursive: true });
  const found = reports.filter((path) => path.endsWith('test.xml')).map((path) => join(branch.root, 'reports', path));
  assert.match((await Promise.all(found.map((path) => readFile(path, 'utf8')))).join('\n'), /name="fails"/);
});

test('setup does not overwrite what somebody else has written', async () => {
  const [branch] = machines;
  assert.ok(branch);
  await writeFile(join(branch.root, 'user.bazelrc'), 'build --jobs=1\n');
  const failed = branch.run('bazel run @fathom//tools/ci/pipeline -- setup');
  await assert.rejects(failed, (error: { stderr: string }) => error.stderr.includes('error: PIPELINE_BAZELRC: '));
  await access(join(branch.root, 'user.bazelrc'));
});
