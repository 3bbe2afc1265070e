// Brings an embedded cluster up: each step looks first, acts where needed, and checks what came of it.
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ToolError, errorText, systemErrorCode } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { writeClusterState } from '../../lib/state.ts';
import { installKit, pruneKits, selectKit, type Kit } from '../kit.ts';
import { claimFolder } from '../state_folder.ts';
import { writeClusterFiles } from './files.ts';
import { choosePort, chooseRange } from './host.ts';
import { runningInit } from './init_record.ts';
import { layoutOf, type Layout } from './layout.ts';
import { withLock } from './lock.ts';
import { parseMirror, withMirrors } from './mirrors.ts';
import { makePlan, readPlan, withNodesJoined, writePlan, type EmbeddedPlan } from './plan.ts';
import { type ClusterStage, requireMachine } from './preflight.ts';
import { ensureRunning } from './start.ts';
import { requireUsableState } from './state_check.ts';
import { parseSubnet } from './subnets.ts';
import { ensureUsable } from './usable.ts';

/** Options of {@link upEmbedded}. */
export interface UpOptions {
  readonly name: string;
  /** The cluster's state folder. */
  readonly folder: string;
  readonly kit: Kit;
  /** Finds a file of the kit by its path there. */
  readonly resolve: (path: string) => string;
  /** The registry's name in manifests. */
  readonly registry: string;
  /** Number of nodes of a new cluster. Default: 1. */
  readonly nodes?: number;
  /** Where the links of a new cluster are: `172.19.0.0/26`. Default: a free range. */
  readonly links?: string;
  /** Registries that the nodes are to pull from through a mirror, beside those that they do: `docker.io`. Default: none. */
  readonly mirrors?: readonly string[];
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** What a cluster that is up can be reached by. */
export interface UpResult {
  readonly kubeconfig: string;
  readonly endpoint: string;
  /** Whether processes had to be started. */
  readonly started: boolean;
}

/** Brings the cluster up; harmless when it is up already. */
export async function upEmbedded(options: UpOptions): Promise<UpResult> {
  try {
    return await bringUp(options);
  } catch (error) {
    throw explainDisk(error, options.folder);
  }
}

const DISK_CODES: Readonly<Record<string, string>> = {
  ENOSPC: 'Free space on its disk (`df -h` shows it), then run this again: it continues where it stopped.',
  EDQUOT: 'Free space in your quota, then run this again: it continues where it stopped.',
  EROFS: 'Set FATHOM_STATE to a folder that can be written to.',
  EACCES: 'Set FATHOM_STATE to a folder that can be written to, or run it as root.',
  EPERM: 'Run it as root, on a machine or in a container that may make namespaces.',
};

/** A disk that is full or may not be written to is no defect of ours. */
function explainDisk(error: unknown, folder: string): unknown {
  const hint = DISK_CODES[systemErrorCode(error) ?? ''];
  if (error instanceof ToolError || hint === undefined) return error;
  return new ToolError('CLUSTER_DISK', `Writing the state folder ${folder}: ${errorText(error)}`, {
    cause: error,
    hint,
  });
}

async function bringUp(options: UpOptions): Promise<UpResult> {
  const layout = layoutOf(options.folder);
  return withLock(layout.folder, async () => {
    requireMachine(layout.folder, await stageOf(layout));
    await claimFolder(layout.folder);
    await requireUsableState(layout);
    const kit = await installKit(options.kit, layout.kits, options.resolve);
    // Until a cluster's routes are there, only this lock keeps two clusters from choosing the same range.
    const { context, started } = await withLock(
      'the address ranges of this machine',
      async () => {
        const context = { plan: await ensurePlan(options, layout), layout, kit };
        const digest = await writeClusterFiles({ ...context, registry: options.registry });
        return { context, started: await ensureRunning(context, digest, options) };
      },
      { waitMs: 60_000, signal: options.signal },
    );
    const { plan } = context;
    await selectKit(kit, layout.kit);
    await pruneKits(layout.kits, kit);
    await writeClusterState(
      {
        version: 1,
        name: plan.name,
        provider: 'embedded',
        kubeconfig: layout.kubeconfig,
        registry: { reference: options.registry, endpoint: `127.0.0.1:${plan.registryPort}`, plainHttp: true },
      },
      { FATHOM_STATE: dirname(layout.folder) },
    );
    await ensureUsable(context, (await stat(layout.started)).mtimeMs, options);
    if (plan.nodes.some(({ joining }) => joining === true)) await writePlan(layout.plan, withNodesJoined(plan));
    return { kubeconfig: layout.kubeconfig, endpoint: `127.0.0.1:${plan.registryPort}`, started };
  });
}

async function stageOf(layout: Layout): Promise<ClusterStage> {
  if ((await runningInit(layout)) !== undefined) return 'running';
  // It is written once a cluster's programs and images are there and it is started.
  return existsSync(layout.started) ? 'stopped' : 'new';
}

/** The plan of the cluster that is there or comes, with what was asked for. */
async function ensurePlan(options: UpOptions, layout: Layout): Promise<EmbeddedPlan> {
  const mirrors = (options.mirrors ?? []).map(parseMirror);
  const known = await readPlan(layout.plan);
  const { nodes } = options;
  if (known !== undefined && nodes !== undefined && nodes > known.nodes.length) {
    options.log.warn(
      `the cluster has ${known.nodes.length} of ${nodes} nodes: \`./fathom add-node\` adds one while it runs`,
    );
  }
  const plan = withMirrors(known ?? (await newPlan(options, layout)), mirrors);
  options.signal.throwIfAborted();
  if (plan !== known) await writePlan(layout.plan, plan);
  return plan;
}

async function newPlan({ name, nodes, links }: UpOptions, layout: Layout): Promise<EmbeddedPlan> {
  const subnet = links === undefined ? undefined : parseSubnet(links);
  if (links !== undefined && subnet === undefined) {
    throw new ToolError('CLUSTER_LINKS', `Reading --links: '${links}' is no IPv4 range`, {
      hint: 'Name one such as --links=172.19.0.0/26.',
    });
  }
  return makePlan({
    name,
    folder: layout.folder,
    range: await chooseRange(),
    registryPort: await choosePort(),
    ...(nodes === undefined ? {} : { nodes }),
    ...(subnet === undefined ? {} : { links: subnet }),
  });
}
