// Brings an embedded cluster up: each step looks first, acts where needed, and checks what came of it.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ToolError } from '../../lib/errors.ts';
import { step, type Log } from '../../lib/log.ts';
import { writeClusterState } from '../../lib/state.ts';
import { ADDON_DEPLOYMENTS, addonObjects, type AddonImage } from '../addons/objects.ts';
import { installKit, pruneKits, selectKit, type InstalledKit, type Kit } from '../kit.ts';
import { probeDeployment, probeNode } from '../probes.ts';
import { applyObjects, connectKube, probeApi, until, type Kube } from '../kube.ts';
import { hostLinkName, initCommand } from './cluster_spec.ts';
import type { Context } from './control_plane.ts';
import { endCluster } from './end.ts';
import { contextName, writeClusterFiles } from './files.ts';
import { choosePort, chooseRange, requireFreePort, requireFreeRange } from './host.ts';
import { layoutOf, type Layout } from './layout.ts';
import { withLock } from './lock.ts';
import { CLUSTER_DOMAIN, addresses, makePlan, readPlan, writePlan, type EmbeddedPlan } from './plan.ts';
import { statusEmbedded } from './status.ts';
import { isAlive, readPidRecord, recordOf, writePidRecord } from './pid_record.ts';

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

const HINT_LOGS =
  'Read the logs in the folder `log` and `nodes/*/log/fathom` of the state folder; `./fathom status` names it.';

/** Brings the cluster up; harmless when it is up already. */
export async function upEmbedded(options: UpOptions): Promise<UpResult> {
  const layout = layoutOf(options.folder);
  return withLock(layout.folder, async () => {
    await claimFolder(layout);
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
    await writeClusterState({
      version: 1,
      name: plan.name,
      provider: 'embedded',
      kubeconfig: layout.kubeconfig,
      registry: { reference: options.registry, endpoint: `127.0.0.1:${plan.registryPort}`, plainHttp: true },
    });
    await ensureUsable(context, (await stat(layout.started)).mtimeMs, options);
    return { kubeconfig: layout.kubeconfig, endpoint: `127.0.0.1:${plan.registryPort}`, started };
  });
}

/** Takes an empty or missing folder, or one of ours. Throws CLUSTER_FOLDER_FOREIGN. */
async function claimFolder(layout: Layout): Promise<void> {
  await mkdir(layout.folder, { recursive: true, mode: 0o700 });
  const entries = await readdir(layout.folder);
  if (entries.length > 0 && !entries.includes('.fathom-cluster')) {
    throw new ToolError(
      'CLUSTER_FOLDER_FOREIGN',
      `Taking state folder ${layout.folder}: it holds files of something else`,
      {
        hint: 'Set FATHOM_STATE to another folder, or choose another name for the cluster.',
      },
    );
  }
  await writeFile(layout.marker, 'This folder is the state of a Fathom cluster; `./fathom down` deletes it.\n');
}

async function ensurePlan({ name, nodes, signal }: UpOptions, layout: Layout): Promise<EmbeddedPlan> {
  const known = await readPlan(layout.plan);
  if (known !== undefined) return known;
  const plan = makePlan({
    name,
    folder: layout.folder,
    range: await chooseRange(),
    registryPort: await choosePort(),
    ...(nodes === undefined ? {} : { nodes }),
  });
  signal.throwIfAborted();
  await writePlan(layout.plan, plan);
  return plan;
}

/** Starts the cluster's init, unless it runs and was started from the same files. */
async function ensureRunning(context: Context, digest: string, { log, signal }: UpOptions): Promise<boolean> {
  const { plan, layout } = context;
  const record = await readPidRecord(layout.rootPid);
  if (record !== undefined && isAlive(record)) {
    if ((await readFile(layout.started, 'utf8').catch(() => '')) === digest) return false;
    await step('Stopping the cluster, to start it with its new programs or settings', () => endCluster(context, log), {
      log,
    });
  }
  signal.throwIfAborted();
  await requireFreePort(plan.registryPort);
  await requireFreeRange(plan);
  await mkdir(join(layout.logs, 'cluster'), { recursive: true });
  const [file = '', ...args] = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--'].concat(
    initCommand(context, join(layout.config, 'cluster.init.json')),
  );
  // Its time is that of the start: what the API tells from before is not believed.
  await writeFile(layout.started, digest, { mode: 0o600 });
  const output = openSync(join(layout.logs, 'cluster', 'init.log'), 'a', 0o600);
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

/**
 * Waits for API, nodes and addons. What the API says about nodes and pods is believed only if it was said after
 * `sinceMs`: a cluster that starts again first tells how things were when it ended.
 */
async function ensureUsable(
  { plan, layout, kit }: Context,
  sinceMs: number,
  { log, signal, registry }: UpOptions,
): Promise<void> {
  const kube = connectKube(layout.kubeconfig, contextName(plan.name));
  const wait = (what: string, probe: () => Promise<string | undefined>) => {
    const checked = async () => {
      await requireInit(layout);
      return probe();
    };
    return step(what, () => until(checked, { what, timeoutMs: 120_000, signal, hint: HINT_LOGS }), { log });
  };
  await wait('Waiting for the API server', () => probeApi(kube));
  await step('Applying DNS and storage', () => applyAddons(kube, plan, kit, registry), { log });
  for (const { name } of plan.nodes) {
    await wait(`Waiting for ${name} to be Ready`, () => probeNode(kube, name, sinceMs));
  }
  for (const { namespace, name } of ADDON_DEPLOYMENTS) {
    await wait(`Waiting for ${name} to be Available`, () => probeDeployment(kube, { namespace, name }, sinceMs));
  }
}

/** Throws CLUSTER_START as soon as waiting is in vain: the cluster's init has died, or a machine can't start. */
async function requireInit(layout: Layout): Promise<void> {
  const record = await readPidRecord(layout.rootPid);
  if (record !== undefined && isAlive(record)) return requireMachines(layout);
  const lines = (await readFile(join(layout.logs, 'cluster', 'init.log'), 'utf8').catch(() => '')).trim().split('\n');
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

async function applyAddons(kube: Kube, plan: EmbeddedPlan, { kit }: InstalledKit, registry: string): Promise<void> {
  const image = (role: string): AddonImage => {
    const { reference = '', file = '' } = kit.images[role] ?? {};
    return { reference, digest: kit.files.find(({ name }) => name === file)?.digest ?? '' };
  };
  await applyObjects(
    kube,
    addonObjects({
      dnsAddress: addresses.dnsService(plan),
      clusterDomain: CLUSTER_DOMAIN,
      images: {
        coredns: image('coredns'),
        localPathProvisioner: image('local_path_provisioner'),
        helper: image('busybox'),
      },
      registry: { reference: registry, endpoint: `127.0.0.1:${plan.registryPort}` },
    }),
  );
}
