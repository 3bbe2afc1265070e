// bazel run //tools/ci/pipeline -- setup|build|test|diff|deploy [LABEL…]: the steps of examples/ci.
import { type StdioOptions, spawn } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { type MainContext, runMain } from '../../lib/cli.ts';
import { ToolError } from '../../lib/errors.ts';
import { type Log, createLog } from '../../lib/log.ts';
import { userPath } from '../../lib/runfiles.ts';
import { MARK, cacheSettings, readsUserBazelrc } from './cache_settings.ts';
import { collectReports } from './reports.ts';
import { STEPS, type Step, commandsOf, defaultLabels } from './steps.ts';

await runMain(async (context) => {
  const { argv, env } = context;
  const command = new Command('pipeline')
    .description('The steps of a pipeline: docs/ci.md.')
    .argument('<step>', STEPS.join(', '))
    .argument('[labels...]', 'build, test: what to, without any those of FATHOM_TARGETS or //...; diff, deploy: stacks')
    .option('--reports <folder>', 'where JUnit XML goes', 'reports')
    .option('--timeout-minutes <number>', 'how long one command of Bazel may take', '120')
    .option('--bazel <program>', 'the Bazel to use', env['FATHOM_BAZEL'] ?? 'bazel')
    .parse([...argv], { from: 'user' });
  const [name = '', ...named] = command.args;
  const step = STEPS.find((one) => one === name);
  if (step === undefined) {
    throw new ToolError('PIPELINE_USAGE', `Reading arguments: there is no step ${name}`, {
      hint: `Name one of ${STEPS.join(', ')}.`,
    });
  }
  const options = command.opts<{ reports: string; timeoutMinutes: string; bazel: string }>();
  const timeoutMs = Number(options.timeoutMinutes) * 60_000;
  if (!(timeoutMs > 0)) {
    throw new ToolError('PIPELINE_USAGE', `Reading --timeout-minutes: ${options.timeoutMinutes} is no time`, {
      hint: 'Say how many minutes.',
    });
  }
  const workspace = env['BUILD_WORKSPACE_DIRECTORY'] ?? process.cwd();
  const runner = { ...context, log: createLog(), workspace, bazel: options.bazel, timeoutMs };
  const all = step === 'build' || step === 'test' ? defaultLabels(env['FATHOM_TARGETS']) : [];
  const labels = named.length > 0 ? named : all;
  return step === 'setup' ? setUp(runner) : runStep(runner, { step, labels, reports: userPath(options.reports, env) });
});

interface Runner extends MainContext {
  readonly log: Log;
  readonly workspace: string;
  readonly bazel: string;
  readonly timeoutMs: number;
}

/** Writes user.bazelrc. Throws PIPELINE_BAZELRC where somebody else has written one, or Bazel would not read it. */
async function setUp({ env, log, workspace }: Runner): Promise<number> {
  const path = join(workspace, 'user.bazelrc');
  const { lines, mode } = cacheSettings(env);
  const before = await readFile(path, 'utf8').catch(() => undefined);
  if (before !== undefined && !before.startsWith(MARK)) {
    throw new ToolError('PIPELINE_BAZELRC', `Writing ${path}: it is there, and somebody else's`, {
      hint: 'Run this step in a fresh checkout, or move that file away.',
    });
  }
  const bazelrc = await readFile(join(workspace, '.bazelrc'), 'utf8').catch(() => '');
  if (mode !== 'no cache' && !readsUserBazelrc(bazelrc)) {
    throw new ToolError('PIPELINE_BAZELRC', `Writing ${path}: the workspace's .bazelrc does not read it`, {
      hint: 'Add the line `try-import %workspace%/user.bazelrc` to .bazelrc.',
    });
  }
  await rm(path, { force: true });
  await writeFile(path, `${lines.join('\n')}\n`, { mode: 0o600 });
  log.info(`Remote cache: ${mode}`);
  return 0;
}

async function runStep(
  runner: Runner,
  { step, labels, reports }: { readonly step: Exclude<Step, 'setup'>; labels: readonly string[]; reports: string },
): Promise<number> {
  const commands = commandsOf(step, { labels, reports });
  await mkdir(reports, { recursive: true });
  let code = 0;
  for (const { args, passes } of commands) {
    const { status } = await bazel(runner, args, 'inherit');
    if (passes.includes(status)) continue;
    // The reports of a failed run are the ones that somebody wants to read.
    code = status;
    break;
  }
  if (step === 'test') {
    const { stdout } = await bazel(runner, ['info', 'bazel-testlogs'], ['ignore', 'pipe', 'inherit']);
    runner.log.info(`${await collectReports(stdout.trim(), join(reports, 'tests'))} reports of tests in ${reports}`);
  }
  return code;
}

/** Runs Bazel. Throws PIPELINE_START, PIPELINE_TIMEOUT. */
async function bazel(
  { bazel: program, env, log, signal, timeoutMs, workspace }: Runner,
  args: readonly string[],
  stdio: StdioOptions,
): Promise<{ readonly status: number; readonly stdout: string }> {
  log.info(`${program} ${args.join(' ')}`);
  const deadline = AbortSignal.timeout(timeoutMs);
  const child = spawn(program, args, {
    cwd: workspace,
    env: { ...env },
    stdio,
    signal: AbortSignal.any([signal, deadline]),
    // Bazel cancels its build and ends.
    killSignal: 'SIGINT',
  });
  let [stdout, failure] = ['', undefined as unknown];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.on('error', (error) => (failure = error));
  const status = await new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? 1)));
  signal.throwIfAborted();
  if (deadline.aborted) {
    throw new ToolError('PIPELINE_TIMEOUT', `Running ${program} ${args.join(' ')}: no end within ${timeoutMs} ms`, {
      hint: 'Give it --timeout-minutes, or look at what it does last.',
    });
  }
  if (failure !== undefined) {
    throw new ToolError('PIPELINE_START', `Starting ${program}`, { cause: failure, hint: 'Install Bazel.' });
  }
  return { status, stdout };
}
