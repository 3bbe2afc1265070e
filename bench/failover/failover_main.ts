// `bazel run --config=cluster //bench/failover -- [--write] [--rate 500] [--seconds 40] [--only rollout,drain]`: what
// callers notice of failovers, rollouts and drains. The rule k8s_test has brought the stack up, and takes it away again.
import { parseArgs } from 'node:util';
import { runMain } from '../../tools/lib/cli.ts';
import { ToolError } from '../../tools/lib/errors.ts';
import { createLog } from '../../tools/lib/log.ts';
import { createClient } from '../../tools/k8s/kube/client.ts';
import { findCluster } from '../../tools/k8s/kube/kubeconfig.ts';
import { listObjects } from '../../tools/k8s/kube/objects.ts';
import { commitOf, keptFile, resultOf, writeResult } from '../lib/bench.ts';
import { measurementOf } from '../lib/compare.ts';
import type { Measurement } from '../lib/result.ts';
import { type LoadSettings, loadTemplate, startLoad } from './load_job.ts';
import { isCluster, requireReplicas } from './redis.ts';
import { type Figures, figuresOf, measurementsOf, missed } from './report.ts';
import { SCENARIOS, type Scenario } from './scenarios.ts';
import { DEPLOYMENTS, NODES, REDIS, SERVER, type Stack, patch, podsOf, untilHealthy } from './stack.ts';

/** When the event happens, in seconds of counted calls. */
const EVENT_AT = 8;
const HEALTHY_WITHIN_MS = 300_000;
const SERVERS = 2;

await runMain(async ({ argv, env, signal }) => {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      check: { type: 'boolean', default: false },
      only: { type: 'string' },
      output: { type: 'string' },
      rate: { type: 'string', default: '500' },
      seconds: { type: 'string', default: '40' },
      write: { type: 'boolean', default: false },
    },
  });
  const log = createLog();
  const context = env['FATHOM_TEST_CONTEXT'] ?? '';
  const namespace = env['FATHOM_TEST_NAMESPACE'] ?? '';
  const access = await findCluster({ env, context, cluster: '', user: '', files: [env['KUBECONFIG'] ?? ''] });
  const client = createClient(access, { signal });
  const stack: Stack = { client, namespace, log: (line) => log.info(line) };
  const settings: LoadSettings = {
    rate: positive('--rate', values.rate),
    durationMs: positive('--seconds', values.seconds) * 1000,
    rampMs: 5000,
  };
  try {
    await patch(stack, DEPLOYMENTS, SERVER, { spec: { replicas: SERVERS } });
    await untilHealthy(stack, HEALTHY_WITHIN_MS);
    const template = await loadTemplate(stack);
    const hasReplicas = await isCluster(stack);
    const measurements: Measurement[] = [];
    const problems: string[] = [];
    for (const scenario of chosen(values.only, hasReplicas)) {
      const { name, aim } = scenario;
      log.info(`${name} …`);
      const figures = await measure(stack, { scenario, template, settings });
      log.info(`${name}: ${JSON.stringify(figures)}`);
      measurements.push(...measurementsOf(name, aim, figures));
      problems.push(...missed(aim, figures).map((problem) => `${name}: ${problem}`));
    }
    // A test has no checkout, and looks at problems alone.
    if (!values.check) {
      const counts = {
        nodes: (await listObjects(client, NODES, {})).length,
        servers: (await podsOf(stack, SERVER)).length,
        'servers of Redis': (await podsOf(stack, REDIS)).length,
        'calls a second': settings.rate,
      };
      const settled = Object.entries(counts).map(([name, count]) => measurementOf([count], { name, unit: 'count' }));
      const root = env['BUILD_WORKSPACE_DIRECTORY'] ?? process.cwd();
      const result = resultOf('failover', await commitOf(root), {
        versions: {},
        measurements: [...settled, ...measurements],
      });
      await writeResult(result, values.write ? keptFile(root, 'failover') : values.output, env);
    }
    for (const problem of problems) log.warn(problem);
    return values.check && problems.length > 0 ? 1 : 0;
  } finally {
    client.close();
  }
});

async function measure(
  stack: Stack,
  {
    scenario,
    template,
    settings,
  }: { scenario: Scenario; template: Awaited<ReturnType<typeof loadTemplate>>; settings: LoadSettings },
): Promise<Figures> {
  const { name, event, waitReplicas = 0, times = 1 } = scenario;
  await setWait(stack, waitReplicas);
  await untilHealthy(stack, HEALTHY_WITHIN_MS);
  const durationMs = settings.durationMs * times;
  const load = await startLoad(stack, template, { ...settings, durationMs, name: `load-${name}` });
  await load.atSecond(EVENT_AT);
  const [said, result] = await Promise.all([event?.(stack) ?? 'nothing', load.result()]);
  await untilHealthy(stack, HEALTHY_WITHIN_MS);
  return figuresOf(said, result);
}

/** Lets the server wait for replicas before it acknowledges, and Redis refuse writes that would reach fewer. */
async function setWait(stack: Stack, replicas: number): Promise<void> {
  if (!(await isCluster(stack))) return;
  const env = [{ name: 'NOTES_WAIT_REPLICAS', value: String(replicas) }];
  await patch(stack, DEPLOYMENTS, SERVER, { spec: { template: { spec: { containers: [{ name: SERVER, env }] } } } });
  await requireReplicas(stack, replicas);
}

function chosen(only: string | undefined, hasReplicas: boolean): readonly Scenario[] {
  const names = only?.split(',') ?? SCENARIOS.map(({ name }) => name);
  const unknown = names.filter((name) => !SCENARIOS.some((scenario) => scenario.name === name));
  if (unknown.length > 0) {
    throw new ToolError('BENCH_USAGE', `Reading --only: there is no scenario ${unknown.join(', ')}`, {
      hint: `Name some of ${SCENARIOS.map(({ name }) => name).join(', ')}.`,
    });
  }
  return SCENARIOS.filter(({ name, isForCluster = false }) => names.includes(name) && (hasReplicas || !isForCluster));
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new ToolError('BENCH_USAGE', `Reading ${option}: '${text}' is no whole number above 0`, {
    hint: `Write it as in ${option} 100.`,
  });
}
