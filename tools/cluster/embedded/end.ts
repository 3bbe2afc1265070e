// Ends what a cluster has outside its state folder: one tree of processes, and what the kernel keeps for it.
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ToolError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { run } from '../init/run.ts';
import { removeCgroup } from '../init/cgroups.ts';
import { hostLinkName } from './cluster_spec.ts';
import { runningInit } from './init_record.ts';
import type { Layout } from './layout.ts';
import { awaitEnd, childrenOf, recordOf, signalRecorded, type PidRecord } from './pid_record.ts';
import { clusterCgroup } from './node_config.ts';
import type { EmbeddedPlan } from './plan.ts';

const GRACE_MS = 20_000;
const KILL_MS = 10_000;

/** Options of {@link endCluster}. */
export interface EndOptions {
  readonly plan: EmbeddedPlan;
  readonly layout: Layout;
  /** Whether services are asked first and given time, for a cluster that is to start again. Default: true. */
  readonly graceful?: boolean;
}

/** Ends the cluster's processes, and checks that mounts, interfaces and cgroups went with them. */
export async function endCluster({ plan, layout, graceful = true }: EndOptions, log: Log): Promise<void> {
  const outer = await runningInit(layout);
  if (outer !== undefined) await endTree(outer, graceful, log);
  await awaitNoLink(hostLinkName(plan.id));
  await removeCgroup(clusterCgroup(plan));
}

/** `outer` is unshare; its child is the first process of the cluster's pid namespace, whose end ends all of them. */
async function endTree(outer: PidRecord, graceful: boolean, log: Log): Promise<void> {
  const inner = childrenOf(outer.pid)
    .map(recordOf)
    .filter((record) => record !== undefined);
  if (graceful) {
    for (const record of inner) signalRecorded(record, 'SIGTERM');
    if (await awaitEnd(outer, GRACE_MS)) return;
    log.warn(`the cluster did not end within ${GRACE_MS / 1000} s: ending it by force`);
  }
  for (const record of [...inner, outer]) signalRecorded(record, 'SIGKILL');
  for (const record of [...inner, outer]) {
    if (await awaitEnd(record, KILL_MS)) continue;
    throw new ToolError('CLUSTER_STUCK', `Ending process ${record.pid} of the cluster: it still runs`, {
      hint: `Look at \`cat /proc/${record.pid}/stack\`: it waits in the kernel, perhaps for a disk; then run \`./fathom down\` again.`,
    });
  }
}

/** The kernel takes a namespace's interfaces down a moment after its last process. */
async function awaitNoLink(name: string, timeoutMs = 10_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (existsSync(`/sys/class/net/${name}`)) {
    if (performance.now() > deadline) return void (await run(['ip', 'link', 'delete', name]));
    await sleep(20);
  }
}
