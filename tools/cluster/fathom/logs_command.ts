// `./fathom logs [MACHINE [PROCESS]] [--lines=N] [--follow]`: what the processes of an embedded cluster wrote.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ToolError, errorText } from '../../lib/errors.ts';
import { formatBytes } from '../../lib/log.ts';
import { clusterFolder } from '../../lib/state.ts';
import { layoutOf, type Layout } from '../embedded/layout.ts';
import { readPlan } from '../embedded/plan.ts';
import { CLUSTER } from './cluster_name.ts';
import type { CommandContext } from './fathom_main.ts';
import { currentProvider } from './provider.ts';
import { runVisibly } from './run.ts';

const LOG = '.log';
const DEFAULT_LINES = 100;

/** With a process: the end of its log. Without: which logs there are. */
export async function logsCommand(context: CommandContext): Promise<number> {
  const { env, root, signal } = context;
  const { machine, service, lines, follow } = readArguments(context.args);
  const layout = layoutOf(clusterFolder(CLUSTER, env));
  const machines = await machinesOf(layout, env);
  if (machine !== undefined) requireOneOf('machine', machine, machines);
  if (machine === undefined || service === undefined) {
    for (const name of machine === undefined ? machines : [machine]) process.stdout.write(await listOf(layout, name));
    return 0;
  }
  requireOneOf('process', service, await servicesOf(layout, machine));
  const file = join(layout.machineLogs(machine), `${service}${LOG}`);
  const flags = follow ? ['--follow=name', '--retry'] : [];
  return runVisibly(['tail', `--lines=${lines}`, ...flags, file], {
    cwd: root,
    env,
    signal,
    what: `Reading ${file}`,
    hint: 'Install coreutils.',
  });
}

function readArguments(args: readonly string[]) {
  const usage = (why: string, cause?: unknown) =>
    new ToolError('FATHOM_USAGE', `Reading the arguments of ./fathom logs: ${why}`, {
      cause,
      hint: 'Say which log: ./fathom logs node-1 kubelet --lines=200 --follow.',
    });
  const options = { lines: { type: 'string' }, follow: { type: 'boolean' } } as const;
  const parsed = (() => {
    try {
      return parseArgs({ args: [...args], options, allowPositionals: true });
    } catch (error) {
      throw usage(errorText(error), error);
    }
  })();
  const [machine, service, ...rest] = parsed.positionals;
  if (rest.length > 0) throw usage(`${rest[0]} is one too many`);
  const lines = Number(parsed.values.lines ?? DEFAULT_LINES);
  if (!Number.isInteger(lines) || lines < 1) throw usage(`--lines=${parsed.values.lines} is no number of lines`);
  return { machine, service, lines, follow: parsed.values.follow === true };
}

async function machinesOf(layout: Layout, env: CommandContext['env']): Promise<readonly string[]> {
  const { provider } = await currentProvider(CLUSTER, env);
  if (provider !== 'embedded') {
    throw new ToolError('CLUSTER_CANNOT', `Reading logs: provider ${provider} keeps those of its nodes itself`, {
      hint: provider === 'k3d' ? 'Run `docker logs k3d-fathom-server-0`.' : 'Look where the cluster’s owner says.',
    });
  }
  const plan = await readPlan(layout.plan);
  if (plan === undefined) {
    throw new ToolError('CLUSTER_NOT_UP', `Reading logs: there is no cluster in ${layout.folder}`, {
      hint: 'Run `./fathom up`.',
    });
  }
  return ['cluster', 'control', ...plan.nodes.map(({ name }) => name)];
}

async function servicesOf(layout: Layout, machine: string): Promise<readonly string[]> {
  const names = await readdir(layout.machineLogs(machine)).catch(() => []);
  return names
    .filter((name) => name.endsWith(LOG))
    .map((name) => name.slice(0, -LOG.length))
    .sort();
}

async function listOf(layout: Layout, machine: string): Promise<string> {
  const services = await servicesOf(layout, machine);
  const rows = services.map(async (service) => {
    const { size, mtime } = await stat(join(layout.machineLogs(machine), `${service}${LOG}`));
    return `  ${service.padEnd(20)} ${formatBytes(size).padStart(10)}   last written ${mtime.toISOString()}`;
  });
  return `${[`${machine}: ${layout.machineLogs(machine)}`, ...(await Promise.all(rows))].join('\n')}\n`;
}

function requireOneOf(kind: string, name: string, known: readonly string[]): void {
  if (known.includes(name)) return;
  throw new ToolError('FATHOM_USAGE', `Reading logs of ${kind} ${name}: there is no such one`, {
    hint: `Name one of: ${known.join(', ')}.`,
  });
}
