// `./fathom test`: the tests without a cluster, then those that need one, on a cluster of their own.
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ToolError } from '../../lib/errors.ts';
import { type Example, readExamples } from '../../lib/examples.ts';
import { formatDuration } from '../../lib/log.ts';
import { removeTree } from '../../lib/remove_tree.ts';
import { downEmbedded } from '../embedded/down.ts';
import { countTests, type TestCount } from './count_tests.ts';
import { bazel } from './bazel.ts';
import { CLUSTER } from './cluster_name.ts';
import type { CommandContext } from './fathom_main.ts';
import { FULL_PREREQUISITES, PREREQUISITES, TEST_PREREQUISITES, bazelProgram } from './packages.ts';
import { runVisibly } from './run.ts';
import { installPrerequisites, startCluster } from './up_command.ts';

/** The checks that only `--full` runs: programs, each of which counts as one test. */
const FULL_CHECKS: readonly (readonly string[])[] = [
  ['run', '//tools/ci/reproducible'],
  [
    'run',
    '//tools/ci/reproducible',
    '--',
    '--plant=services/routeguide/client/main.ts',
    '//services/routeguide/client:image',
  ],
  ['run', '//tools/ci/hermetic'],
  ['run', '//tools/ci/hermetic:planted'],
  ['run', '//tools/ci/pipeline:real'],
  ['run', '//tools/oci:large_file_test'],
  ['run', '//tools/ci/remote_cache'],
  ['run', '//tools/ci/oci_pull'],
  ['run', '//tools/ci/npm_fetch'],
  ['run', '//tools/ci/go_fetch'],
  ['run', '//tools/ci/services'],
  ['run', '//tools/ci/migration'],
  ['run', '//tools/new/tests:elsewhere'],
  ['run', '//tools/ci/restore'],
  ['run', '//tools/ci/ide'],
  ['run', '//tools/ci/release:elsewhere'],
  // All pages, those that need a cluster on one of their own.
  ['run', '//tools/ci/docs:run', '--', '--cluster'],
  ['run', '//tools/ci/bazel_versions'],
  // The second minor version, as a cluster.
  [
    'test',
    '--config=cluster',
    '--//tools/cluster:kubernetes=1.35',
    '//tools/cluster/tests:lifecycle_test',
    '//tools/cluster/tests:nodes_test',
    '//tools/cluster/tests:recovery_test',
  ],
  ['test', '--config=cluster', '//tools/cluster/tests:scale_test'],
  ['test', '--config=cluster', '--test_env=FATHOM_CYCLES=20', '//tools/cluster/tests:cycles_test'],
  [
    'test',
    '--test_env=FATHOM_KILL_ROUNDS=50',
    '--test_env=FATHOM_FAULT_ROUNDS=200',
    '--test_timeout=3600',
    '//tools/k8s/tests:kill_test',
    '//tools/k8s/tests:fault_test',
  ],
  ['run', '//tools/ci/fresh_machine', '--', './fathom up && ./fathom status && ./fathom down', './fathom test'],
];

/** Tests on the cluster that only `--full` runs. */
const FULL_CLUSTER_TESTS = ['//prod/monitoring/e2e:fifty_services_test'];

/** The checks that edit copies of the checkout, and deploy them. */
const CLUSTER_CHECKS: readonly (readonly string[])[] = [
  ['run', '//services/routeguide/e2e:change_test'],
  ['run', '//services/routeguide/e2e:restore_test'],
  ['run', '//tools/new/tests:deployed'],
  ['run', '//tools/ci/pipeline:deployed'],
];

export async function testCommand(context: CommandContext): Promise<number> {
  const startMs = performance.now();
  const full = context.args.includes('--full');
  const unknown = context.args.filter((argument) => argument !== '--full');
  if (unknown.length > 0)
    throw new ToolError('FATHOM_USAGE', `Running ./fathom test: ${unknown.join(' ')} is unknown`, {
      hint: 'The only option is --full.',
    });
  const besides = [...TEST_PREREQUISITES, ...(full ? FULL_PREREQUISITES : [])];
  await installPrerequisites(context, [...PREREQUISITES, ...besides]);
  let total = await bazelTest(context, ['//...']);
  for (const example of await readExamples(context.root)) total = add(total, await testExample(context, example));
  total = add(total, await withCluster(context, (inside) => clusterTests(inside, full)));
  if (full) for (const check of FULL_CHECKS) total = add(total, await runCheck(context, check));
  context.log.info(`All of it took ${formatDuration(performance.now() - startMs)}`);
  process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
}

/** Runs `work` with a cluster in a state folder of its own, which is taken away afterwards in any case. */
async function withCluster(
  context: CommandContext,
  work: (context: CommandContext) => Promise<TestCount>,
): Promise<TestCount> {
  const folder = await mkdtemp(join(tmpdir(), 'fathom-test-'));
  const inside = { ...context, env: { ...context.env, FATHOM_STATE: folder, KUBECONFIG: '' } };
  context.log.info(`If this is killed, \`FATHOM_STATE=${folder} ./fathom down\` takes its cluster away`);
  try {
    await startCluster(inside, { provider: 'embedded' });
    await bazel(inside, 'Setting the test cluster up', 'run', '//prod:base.apply');
    return await work(inside);
  } catch (error) {
    if (!(error instanceof ToolError) || context.signal.aborted) throw error;
    context.log.error(`${error.code}: ${error.message}`);
    return { passed: 0, failed: 1 };
  } finally {
    await downEmbedded({ name: CLUSTER, folder: join(folder, CLUSTER), log: context.log });
    await removeTree(folder);
  }
}

async function clusterTests(context: CommandContext, full: boolean): Promise<TestCount> {
  const state = context.env['FATHOM_STATE'] ?? '';
  const onCluster = ['--config=cluster', `--test_env=FATHOM_STATE=${state}`];
  let total = await bazelTest(context, [...onCluster, '--test_tag_filters=cluster', '//...']);
  if (full) total = add(total, await bazelTest(context, [...onCluster, ...FULL_CLUSTER_TESTS]));
  const nested = { ...context, env: { ...context.env, FATHOM_NESTED_BASE: join(state, 'nested') } };
  for (const check of CLUSTER_CHECKS) total = add(total, await runCheck(nested, check));
  return total;
}

/** One `bazel test`; counts its targets. A build that fails counts as one failure. */
async function bazelTest({ env, root, signal }: CommandContext, args: readonly string[]): Promise<TestCount> {
  let output = '';
  const code = await runVisibly([bazelProgram(env), 'test', '--keep_going', '--color=no', '--curses=no', ...args], {
    cwd: root,
    env,
    signal,
    what: 'Running the tests',
    hint: 'Run `./fathom doctor`.',
    onOutput: (text) => {
      output += text;
      process.stderr.write(text);
    },
  });
  signal.throwIfAborted();
  return countTests(output, code);
}

async function runCheck({ env, root, signal }: CommandContext, command: readonly string[]): Promise<TestCount> {
  const code = await runVisibly([bazelProgram(env), ...command], {
    cwd: root,
    env,
    signal,
    what: `Running ${command[1] ?? ''}`,
    hint: 'Run `./fathom doctor`.',
  });
  signal.throwIfAborted();
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

async function testExample(context: CommandContext, { folder, targets }: Example): Promise<TestCount> {
  const inside = { ...context, root: join(context.root, folder) };
  const count = await bazelTest(inside, targets);
  // Its server would go on holding memory that the cluster needs.
  await runCheck(inside, ['shutdown']);
  return count;
}

function add(a: TestCount, b: TestCount): TestCount {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed };
}
