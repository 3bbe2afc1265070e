// `bazel run //tools/ci/pipeline:deployed`: what the pipelines of examples/ci do to a cluster, to the one that is up: from the
// checkout, and from a workspace that only loads it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { withService } from '../../k8s/testing/kubectl_forward.ts';
import { runfile } from '../../lib/runfiles.ts';
import { readClusterState } from '../../lib/state.ts';
import { personalNamespace } from '../../lib/user.ts';
import { greetings } from './testing/greetings.ts';
import { githubCommands, gitlabCommands } from './testing/pipeline_files.ts';

const workspace = process.env['BUILD_WORKSPACE_DIRECTORY'] ?? '';
const elsewhere = join(workspace, 'examples/polyglot');
const run = promisify(execFile);
const HERE = { root: workspace, stack: '//services/redis:myns-deep' };
const ELSEWHERE = { root: elsewhere, stack: '//services/front:myns-deep' };
const reports = await mkdtemp(join(tmpdir(), 'fathom-deployed-'));
const inherited = Object.entries(process.env).filter(([key]) => !/^(BUILD_|RUNFILES|TEST_)/.test(key));
const env = { ...Object.fromEntries(inherited), FATHOM_USER: `pipeline-${process.pid}` };
const namespace = personalNamespace({ env });

async function sh({ root, stack }: typeof HERE, command: string): Promise<string> {
  const { stdout } = await run('sh', ['-c', command], {
    cwd: root,
    env: { ...env, STACK: stack },
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

async function kubeconfig(): Promise<string> {
  const state = await readClusterState('fathom');
  assert.ok(state, 'no cluster is up in FATHOM_STATE: run this test through `./fathom test`');
  return state.kubeconfig;
}

/** The names of what is left in the namespace of this test. */
async function left(kinds: string): Promise<string> {
  const args = ['kubectl', 'get', kinds, '-n', namespace, '-o', 'name'];
  const options = { env: { ...process.env, KUBECONFIG: await kubeconfig() }, timeout: 60_000 };
  return (await run(runfile('go_kubernetes/bin/kubernetes'), args, options)).stdout.trim();
}

after(async () => {
  try {
    for (const where of [HERE, ELSEWHERE]) await sh(where, 'bazel run "$STACK.delete" -- --yes --prune-data');
  } finally {
    // Its server would go on holding memory.
    await sh(ELSEWHERE, 'bazel shutdown').catch(() => undefined);
    await rm(reports, { recursive: true, force: true });
  }
});

test('shows the difference, deploys, and leaves a report with a case for each object', async () => {
  const [diff = '', deploy = ''] = await commandsOf(githubCommands, 'github.yml');
  assert.match(await sh(HERE, diff), /statefulset/i);
  await sh(HERE, deploy);
  const report = await readFile(join(reports, 'services_redis_myns-deep.xml'), 'utf8');
  assert.match(report, /<testcase [^>]*name="[^"]*redis/);
  assert.ok(!report.includes('<failure'));
});

test('the other pipeline finds nothing to change, and passes as well', async () => {
  const [diff = '', deploy = ''] = await commandsOf(gitlabCommands, 'gitlab.yml');
  assert.doesNotMatch(await sh(HERE, diff), /^\+/m);
  await sh(HERE, deploy);
});

test('deploys the stack of a workspace that only loads this one: services of four languages answer', async () => {
  const [diff = '', deploy = ''] = await commandsOf(githubCommands, 'github.yml');
  assert.match(await sh(ELSEWHERE, diff), /greeter-python/);
  await sh(ELSEWHERE, deploy);
  assert.match(await readFile(join(reports, 'services_front_myns-deep.xml'), 'utf8'), /<testcase [^>]*greeter-java/);
  const front = { kubeconfig: await kubeconfig(), namespace, service: 'front', port: 50_051 };
  assert.deepEqual(await withService(front, (address) => greetings(address, 'Ada')), [
    'Hello Ada, from Go',
    'Hello Ada, from Java',
    'Hello Ada, from Python',
  ]);
});

test('looks at that stack, finds nothing to change in it, and takes it away', async () => {
  const [diff = ''] = await commandsOf(gitlabCommands, 'gitlab.yml');
  assert.match(await sh(ELSEWHERE, 'bazel run "$STACK.status"'), /greeter-go/);
  assert.doesNotMatch(await sh(ELSEWHERE, diff), /^\+/m);
  await sh(ELSEWHERE, 'bazel run "$STACK.delete" -- --yes');
  const rest = await left('deployments,services');
  assert.doesNotMatch(rest, /front|greeter/);
  assert.match(rest, /redis/, 'what another stack has is gone as well');
});
