// Starts the one process that everything else of a cluster descends from, and tells whether it still makes sense to wait.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ToolError } from '../../lib/errors.ts';
import { step, type Log } from '../../lib/log.ts';
import { proxyVariables } from '../../lib/proxy.ts';
import { until } from '../until.ts';
import { hostLinkName, initCommand } from './cluster_spec.ts';
import type { Context } from './control_plane.ts';
import { endCluster } from './end.ts';
import { requireFreePort, requireFreeRange } from './host.ts';
import { runningInit } from './init_record.ts';
import type { Layout } from './layout.ts';
import { isMirror } from './mirrors.ts';
import { recordOf, writePidRecord } from './pid_record.ts';
import { machinesOf, statusEmbedded } from './status.ts';

/** Where a user finds out more. */
export const HINT_LOGS =
  'Read the logs in the folder `log` and `nodes/*/log/fathom` of the state folder; `./fathom status` names it.';

/** Options of {@link ensureRunning}. */
export interface StartOptions {
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Starts the cluster's init, unless it runs and was started from the same files. */
export async function ensureRunning(context: Context, digest: string, { log, signal }: StartOptions): Promise<boolean> {
  const { plan, layout } = context;
  if ((await runningInit(layout)) !== undefined) {
    if ((await readFile(layout.started, 'utf8').catch(() => '')) === digest) return false;
    await step('Stopping the cluster, to start it with its new programs or settings', () => endCluster(context, log), {
      log,
    });
  }
  signal.throwIfAborted();
  await requireFreePort(plan.registryPort);
  await requireFreeRange(plan);
  await mkdir(layout.machineLogs('cluster'), { recursive: true });
  const [file = '', ...args] = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--'].concat(
    initCommand(context, layout.spec('cluster')),
  );
  // Its time is that of the start: what the API tells from before is not believed.
  await writeFile(layout.started, digest, { mode: 0o600 });
  // Nor is what the machines told of their services.
  for (const name of machinesOf(plan)) await rm(layout.status(name), { force: true });
  const output = openSync(join(layout.machineLogs('cluster'), 'init.log'), 'a', 0o600);
  const child = spawn(file, args, {
    detached: true,
    stdio: ['ignore', output, output],
    cwd: '/',
    env: { PATH: process.env['PATH'], ...proxyVariables(process.env) },
  });
  closeSync(output);
  const pid = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => resolve(child.pid ?? 0));
  });
  const started = recordOf(pid);
  if (started === undefined) {
    throw new ToolError('CLUSTER_START', 'Starting the cluster: its first process ended at once', { hint: HINT_LOGS });
  }
  await writePidRecord(layout.rootPid, started);
  child.unref();
  const requireMachine = watchInit(layout);
  await until(
    async () => {
      await requireMachine();
      return existsSync(`/sys/class/net/${hostLinkName(plan.id)}`) ? undefined : 'its interface is not there';
    },
    { what: 'Starting the cluster', timeoutMs: 20_000, signal, hint: HINT_LOGS },
  );
  return true;
}

/**
 * What throws CLUSTER_START as soon as waiting is in vain: the cluster's init has died, or a machine can't start. What
 * failed before the first look may have been mended since, and gets another try.
 */
export function watchInit(layout: Layout): () => Promise<void> {
  const known = new Map<string, number>();
  return async () => {
    if ((await runningInit(layout)) === undefined) throw await endedInit(layout);
    await requireMachines(layout, known);
  };
}

async function endedInit(layout: Layout): Promise<ToolError> {
  const lines = (await readFile(join(layout.machineLogs('cluster'), 'init.log'), 'utf8').catch(() => ''))
    .trim()
    .split('\n');
  return new ToolError('CLUSTER_START', `Starting the cluster: its init ended: ${lines.slice(-3).join(' ')}`, {
    hint: HINT_LOGS,
  });
}

const MANY_FAILURES = 8;

/** `known` keeps how often each service had failed when it was first seen. */
async function requireMachines(layout: Layout, known: Map<string, number>): Promise<void> {
  const status = await statusEmbedded(layout.folder);
  for (const { name, services } of status?.machines ?? []) {
    for (const { name: service, state, failures, failuresInARow = 0, lastExit } of services) {
      const key = `${name}/${service}`;
      const before = known.get(key) ?? failures;
      known.set(key, before);
      // A cluster is usable without its mirrors, which need another server.
      if (isMirror(service) || state !== 'backoff') continue;
      if (failuresInARow < MANY_FAILURES || failures === before) continue;
      throw new ToolError(
        'CLUSTER_START',
        `Starting ${service} of machine ${name}: it ended ${failures} times, last with ${lastExit}`,
        { hint: HINT_LOGS },
      );
    }
  }
}
