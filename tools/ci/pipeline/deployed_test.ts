// `bazel run //tools/ci/pipeline:deployed`: what the pipelines of examples/ci do to a cluster, to the one that is up.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { githubCommands, gitlabCommands } from './testing/pipeline_files.ts';

const workspace = process.env['BUILD_WORKSPACE_DIRECTORY'] ?? '';
const run = promisify(execFile);
const STACK = '//services/redis:myns-deep';
const reports = await mkdtemp(join(tmpdir(), 'fathom-deployed-'));
const inherited = Object.entries(process.env).filter(([key]) => !/^(BUILD_|RUNFILES|TEST_)/.test(key));
const env = { ...Object.fromEntries(inherited), STACK, FATHOM_USER: `pipeline-${process.pid}` };

async function sh(command: string): Promise<string> {
  const { stdout } = await run('sh', ['-c', command], {
    cwd: workspace,
    env,
    timeout: 1_200_000,
    maxBuffer: 64 << 20,
  });
  return stdout;
}

/** The commands of a pipeline that speak to a cluster, and where their reports shall go. */
async function commandsOf(commands: typeof githubCommands, file: string): Promise<readonly string[]> {
  const all = commands(await readFile(join(workspace, 'examples/ci', file), 'utf8'));
  const own = all.filter(({ command }) => command.includes('"$STACK"')).map(({ command }) => command);
  assert.equal(own.length, 2);
  return own.map((command) => `${command} --reports='${reports}'`);
}

after(async () => {
  try {
    await sh(`bazel run ${STACK}.delete -- --yes --prune-data`);
  } finally {
    await rm(reports, { recursive: true, force: true });
  }
});

test('shows the difference, deploys, and leaves a report with a case for each object', async () => {
  const [diff = '', deploy = ''] = await commandsOf(githubCommands, 'github.yml');
  assert.match(await sh(diff), /statefulset/i);
  await sh(deploy);
  const report = await readFile(join(reports, 'services_redis_myns-deep.xml'), 'utf8');
  assert.match(report, /<testcase [^>]*name="[^"]*redis/);
  assert.ok(!report.includes('<failure'));
});

test('the other pipeline finds nothing to change, and passes as well', async () => {
  const [diff = '', deploy = ''] = await commandsOf(gitlabCommands, 'gitlab.yml');
  assert.doesNotMatch(await sh(diff), /^\+/m);
  await sh(deploy);
});
