// One run of a test: namespace, stack, addresses, program; and whatever comes, the namespace is deleted.
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { ToolError, errorText } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { runfile } from '../../lib/runfiles.ts';
import { type Forward, forwardPort } from '../forward/forward.ts';
import { type KubeClient, createClient } from '../kube/client.ts';
import { KubeConnectionError } from '../kube/errors.ts';
import { type ClusterAccess, findCluster } from '../kube/kubeconfig.ts';
import { collect } from './collect.ts';
import type { K8sTestConfig } from './config.ts';
import { type TestRun, createRun, keepAlive, makeNamespace, removeNamespace, sweep } from './namespace.ts';
import { runProgram } from './program.ts';
import { startWatcher } from './watcher.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** What {@link runTest} goes by. */
export interface RunOptions {
  readonly config: K8sTestConfig;
  readonly args: readonly string[];
  readonly env: Env;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** A run in its namespace. */
interface Running extends RunOptions {
  readonly run: TestRun;
  readonly client: KubeClient;
  readonly access: ClusterAccess;
  /** The environment of the stack's verbs and of the test's program: they act in the run's namespace. */
  readonly programEnv: Env;
}

/** How long what is known of a failure is collected: shorter where the run was told to end. */
const COLLECT_MS = 30_000;
const COLLECT_ABORTED_MS = 3000;
/** How long the deletion of the namespace is tried. */
const REMOVE_MS = 30_000;

/** Runs a test; the exit code of its program, or that of the apply. Throws K8S_TEST_NO_CLUSTER, and what the cluster says. */
export async function runTest(options: RunOptions): Promise<number> {
  const { config, env, log, signal } = options;
  // Requests about the namespace outlive the signal: it must go although the run was told to end.
  const access = await accessOf(config, env);
  const client = createClient(access, { signal: new AbortController().signal, retryDeadlineMs: REMOVE_MS });
  const run = createRun(config.label);
  const over = new AbortController();
  try {
    await sweepBefore(client, options);
    signal.throwIfAborted();
    const watcher = startWatcher({ run, context: access.context, files: filesOf(access) });
    try {
      await makeNamespace(client, run);
      log.info(`namespace ${run.namespace} of ${access.context}`);
      void keepAlive(client, run, { signal: over.signal, log });
      const programEnv = programEnvOf(options, access, run);
      return await runInNamespace({ ...options, run, client, access, programEnv });
    } finally {
      over.abort();
      await removeNamespace(client, run);
      watcher.dismiss();
    }
  } finally {
    client.close();
  }
}

/** The kubeconfig, perhaps of several files. */
function filesOf({ file, files = [file] }: ClusterAccess): readonly string[] {
  return files;
}

async function accessOf({ label, context, cluster }: K8sTestConfig, env: Env): Promise<ClusterAccess> {
  try {
    return await findCluster({ env, files: [], context, cluster, user: '' });
  } catch (error) {
    throw noCluster(label, error);
  }
}

/** Deletes what runs have left that were killed with all their processes. Says where no cluster answers. */
async function sweepBefore(client: KubeClient, { config, log }: RunOptions): Promise<void> {
  try {
    const names = await sweep(client, config.reservedNamespaces);
    if (names.length > 0) log.info(`deleting what earlier runs have left: ${names.join(', ')}`);
  } catch (error) {
    if (error instanceof KubeConnectionError) throw noCluster(config.label, error);
    log.warn(`what earlier runs may have left stays: ${errorText(error)}`);
  }
}

function noCluster(label: string, cause: unknown): ToolError {
  return new ToolError('K8S_TEST_NO_CLUSTER', `Running ${label}: no cluster is up: ${errorText(cause)}`, {
    cause,
    hint: `Start one with \`./fathom up\` and run \`bazel test --config=cluster ${label}\`; where its state is elsewhere, add \`--test_env=FATHOM_STATE=…\`. \`./fathom test\` runs all tests on a cluster of their own.`,
  });
}

function programEnvOf({ config, env }: RunOptions, access: ClusterAccess, run: TestRun): Env {
  return {
    ...env,
    ...config.env,
    FATHOM_USER: run.namespace,
    FATHOM_TEST_NAMESPACE: run.namespace,
    FATHOM_TEST_CONTEXT: access.context,
    KUBECONFIG: filesOf(access).join(delimiter),
  };
}

async function runInNamespace(running: Running): Promise<number> {
  const { config, log, signal } = running;
  let code = 1;
  try {
    code = await applyAndTest(running);
    return code;
  } finally {
    if (code !== 0) {
      const withinMs = signal.aborted ? COLLECT_ABORTED_MS : COLLECT_MS;
      await collectFailure(running, withinMs).catch((error: unknown) =>
        log.warn(`collecting what is known of the failure of ${config.label}: ${errorText(error)}`),
      );
    }
  }
}

async function applyAndTest(running: Running): Promise<number> {
  const { config, client, run, args, log, signal, programEnv } = running;
  const { apply, program, addresses, readyTimeout } = config;
  if (apply !== undefined) {
    const applied = ['--timeout', readyTimeout];
    const code = await runProgram(runfile(apply), { args: applied, env: programEnv, signal });
    signal.throwIfAborted();
    if (code !== 0) throw applyFailed(config, code);
  }
  const forwards: Forward[] = [];
  try {
    const variables: Record<string, string> = {};
    for (const [variable, target] of Object.entries(addresses)) {
      const onProblem = (problem: string) => log.warn(`${variable}: ${problem}`);
      const forward = await forwardPort(client, { namespace: run.namespace, target, signal, onProblem });
      forwards.push(forward);
      variables[variable] = forward.address;
    }
    const env = { ...programEnv, ...variables };
    const code = await runProgram(runfile(program), { args: [...config.args, ...args], env, signal });
    signal.throwIfAborted();
    return code;
  } finally {
    await Promise.all(forwards.map((forward) => forward.close()));
  }
}

function applyFailed({ label, readyTimeout }: K8sTestConfig, code: number): ToolError {
  return new ToolError('K8S_TEST_APPLY', `Running ${label}: its stack did not come up, .apply ended with ${code}`, {
    hint: `Its errors are above. A stack that only needs longer than ${readyTimeout} gets it by 'ready_timeout'.`,
  });
}

/** Into Bazel's outputs of the test, where there are some. */
async function collectFailure(running: Running, withinMs: number): Promise<void> {
  const { config, client, run, env, log, programEnv } = running;
  const outputs = env['TEST_UNDECLARED_OUTPUTS_DIR'] ?? '';
  const folder = outputs === '' ? await mkdtemp(join(tmpdir(), 'fathom-k8s-test-')) : outputs;
  await mkdir(folder, { recursive: true });
  const signal = AbortSignal.timeout(withinMs);
  const describing = runProgram(runfile(config.describe), {
    env: programEnv,
    signal,
    output: join(folder, 'describe.txt'),
  }).catch((error: unknown) => log.warn(errorText(error)));
  const lines = await collect(client, { namespace: run.namespace, folder, signal });
  await describing;
  for (const line of lines) log.info(`  ${line}`);
  const where = outputs === '' ? folder : 'test.outputs of its test logs';
  log.info(`logs of all pods, events and states are in ${where}`);
}
