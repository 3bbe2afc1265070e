// Nodes that come, stop and start while their cluster runs: the plan and the files that follow from it change, and the
// inits, which watch those files, carry it out.
import { readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { digestOf } from '../../lib/digest.ts';
import { ToolError } from '../../lib/errors.ts';
import { step, type Log } from '../../lib/log.ts';
import { readClusterState } from '../../lib/state.ts';
import { selectedKit } from '../kit.ts';
import { until } from '../until.ts';
import type { Context } from './control_plane.ts';
import { writeClusterFiles } from './files.ts';
import { layoutOf } from './layout.ts';
import { withLock } from './lock.ts';
import {
  readPlan,
  runningNodes,
  withNodeStopped,
  withNodesJoined,
  withOneNodeMore,
  writePlan,
  type EmbeddedPlan,
} from './plan.ts';
import { HINT_LOGS } from './start.ts';
import { machinesOf, statusEmbedded } from './status.ts';
import { awaitNode } from './usable.ts';

/** Options of the functions about nodes. */
export interface NodesOptions {
  readonly name: string;
  /** The cluster's state folder. */
  readonly folder: string;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Adds a node and waits until it is Ready; returns its name. One whose addition was interrupted is waited for instead.
 * Throws CLUSTER_LINKS where there is no room for one.
 */
export async function addNode(options: NodesOptions): Promise<string> {
  const change: Change['change'] = (plan, running) =>
    running && plan.nodes.at(-1)?.joining === true ? plan : withOneNodeMore(plan);
  const plan = await changeNodes(options, { what: 'Adding a node', change });
  return plan.nodes.at(-1)?.name ?? '';
}

/** Stops a node as a loss of power would, until it is started. Throws CLUSTER_NO_NODE and CLUSTER_LAST_NODE. */
export async function stopNode(node: string, options: NodesOptions): Promise<void> {
  const change = (plan: EmbeddedPlan) => {
    requireNode(plan, node);
    const next = withNodeStopped(plan, node, true);
    if (runningNodes(next).length > 0) return next;
    throw new ToolError('CLUSTER_LAST_NODE', `Stopping ${node}: it is the last node that runs`, {
      hint: 'Add or start another node first; `./fathom down` takes the whole cluster away.',
    });
  };
  await changeNodes(options, { what: `Stopping ${node}`, change });
}

/** Starts a stopped node and waits until it is Ready. Throws CLUSTER_NO_NODE. */
export async function startNode(node: string, options: NodesOptions): Promise<void> {
  const change = (plan: EmbeddedPlan) => {
    requireNode(plan, node);
    return withNodeStopped(plan, node, false);
  };
  await changeNodes(options, { what: `Starting ${node}`, change });
}

function requireNode(plan: EmbeddedPlan, name: string): void {
  if (plan.nodes.some((node) => node.name === name)) return;
  throw new ToolError('CLUSTER_NO_NODE', `Looking for node ${name}: cluster ${plan.name} has none of that name`, {
    hint: `Name one of: ${plan.nodes.map((node) => node.name).join(', ')}.`,
  });
}

interface Change {
  /** The sentence of progress and errors. */
  readonly what: string;
  /** Returns the plan as it is to be; `running`: whether the cluster runs. */
  readonly change: (plan: EmbeddedPlan, running: boolean) => EmbeddedPlan;
}

async function changeNodes(
  { name, folder, log, signal }: NodesOptions,
  { what, change }: Change,
): Promise<EmbeddedPlan> {
  const layout = layoutOf(folder);
  return withLock(folder, async () => {
    const before = await readPlan(layout.plan);
    const state = await readClusterState(name, { FATHOM_STATE: dirname(folder) });
    if (before === undefined || state?.registry === undefined) {
      throw new ToolError('CLUSTER_NOT_UP', `${what}: there is no cluster in ${folder} that was ever up`, {
        hint: 'Run `./fathom up`.',
      });
    }
    const running = await canChange(folder, what);
    const plan = change(before, running);
    const context: Context = { plan, layout, kit: await selectedKit(layout.kit) };
    const sinceMs = Date.now();
    await writePlan(layout.plan, plan);
    const digest = await writeClusterFiles({ ...context, registry: state.registry.reference });
    if (!running) {
      log.info('the cluster does not run: `./fathom up` starts it so');
      return plan;
    }
    await step(what, () => awaitCarriedOut(context, { what, signal }), { log });
    await recordDigest(layout.started, digest);
    const startedMs = (await stat(layout.started)).mtimeMs;
    const wasRunning = new Set(runningNodes(before).map((node) => node.name));
    for (const node of runningNodes(plan)) {
      const isNew = !wasRunning.has(node.name);
      if (!isNew && node.joining !== true) continue;
      // One whose addition was interrupted may have said that it is Ready before this command began.
      await awaitNode(context, { node, sinceMs: isNew ? sinceMs : startedMs }, { log, signal });
    }
    const joined = withNodesJoined(plan);
    await writePlan(layout.plan, joined);
    return joined;
  });
}

/** Whether the cluster runs. Throws CLUSTER_OLD where its inits don't watch their files. */
async function canChange(folder: string, what: string): Promise<boolean> {
  const status = await statusEmbedded(folder);
  if (status?.running !== true) return false;
  if (status.machines.every(({ spec }) => spec !== undefined)) return true;
  throw new ToolError('CLUSTER_OLD', `${what}: the cluster was started by an older version of this tool`, {
    hint: 'Run `./fathom up`: it starts the cluster again, with all that it has.',
  });
}

/** Waits until every init that is to run has carried out the files as they are now. */
async function awaitCarriedOut(
  { plan, layout }: Context,
  { what, signal }: { readonly what: string; readonly signal: AbortSignal },
): Promise<void> {
  const machines = machinesOf(plan);
  const probe = async () => {
    const status = await statusEmbedded(layout.folder);
    if (status?.running !== true)
      throw new ToolError('CLUSTER_START', `${what}: the cluster has ended`, { hint: HINT_LOGS });
    for (const machine of machines) {
      const wanted = digestOf(await readFile(layout.spec(machine), 'utf8'));
      if (status.machines.find(({ name }) => name === machine)?.spec !== wanted) return `${machine} has not done it`;
    }
    const [cluster] = status.machines;
    const late = plan.nodes.find(
      (node) =>
        node.stopped === true && cluster?.services.find(({ name }) => name === node.name)?.state !== 'suspended',
    );
    return late === undefined ? undefined : `${late.name} has not ended`;
  };
  await until(probe, { what, timeoutMs: 60_000, signal, hint: HINT_LOGS });
}

/** What runs is now what was started from other files; the time of its start stays. */
async function recordDigest(path: string, digest: string): Promise<void> {
  const { atime, mtime } = await stat(path);
  await writeFile(path, digest, { mode: 0o600 });
  await utimes(path, atime, mtime);
}
