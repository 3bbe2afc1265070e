// Starts the one process that everything else of a cluster descends from, and tells whether it still makes sense to wait.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ToolError } from '../../lib/errors.ts';
import { step, type Log } from '../../lib/log.ts';
import { until } from '../until.ts';
import { hostLinkName, initCommand } from './cluster_spec.ts';
import type { Context } from './control_plane.ts';
import { endCluster } from './end.ts';
import { requireFreePort, requireFreeRange } from './host.ts';
import { runningInit } from './init_record.ts';
import type { Layout } from './layout.ts';
import { recordOf, writePidRecord } from './pid_record.ts';
import { statusEmbedded } from './status.ts';

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
  const output = openSync(join(layout.machineLogs('cluster'), 'init.log'), 'a', 0o600);
  const child = spawn(file, args, {
    detached: true,
    stdio: ['ignore', output, output],
    cwd: '/',
    env: { PATH: process.env['PATH'] },
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
  await until(
    async () => {
      await requireInit(layout);
      return existsSync(`/sys/class/net/${hostLinkName(plan.id)}`) ? undefined : 'its interface is not there';
    },
    { what: 'Starting the cluster', timeoutMs: 20_000, signal, hint: HINT_LOGS },
  );
  return true;
}

/** Throws CLUSTER_START as soon as waiting is in vain: the cluster's init has died, or a machine can't start. */
export async function requireInit(layout: Layout): Promise<void> {
  if ((await runningInit(layout)) !== undefined) return requireMachines(layout);
  const lines = (await readFile(join(layout.machineLogs('cluster'), 'init.log'), 'utf8').catch(() => ''))
    .trim()
    .split('\n');
  throw new ToolError('CLUSTER_START', `Starting the cluster: its init ended: ${lines.slice(-3).join(' ')}`, {
    hint: HINT_LOGS,
  });
}

const MANY_FAILURES = 8;

async function requireMachines(layout: Layout): Promise<void> {
  const status = await statusEmbedded(layout.folder);
  for (const { name, services } of status?.machines ?? []) {
    const broken = services.find(({ state, failures }) => state === 'backoff' && failures >= MANY_FAILURES);
    if (broken === undefined) continue;
    throw new ToolError(
      'CLUSTER_START',
      `Starting ${broken.name} of machine ${name}: it ended ${broken.failures} times, last with ${broken.lastExit}`,
      { hint: HINT_LOGS },
    );
  }
}
