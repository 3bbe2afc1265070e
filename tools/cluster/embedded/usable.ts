// Whether a cluster that was started can be used: API, nodes and addons.
import { step, type Log } from '../../lib/log.ts';
import type { AddonImage } from '../addons/addon.ts';
import { ADDON_DEPLOYMENTS, addonObjects } from '../addons/objects.ts';
import type { InstalledKit } from '../kit.ts';
import { apiErrorText, applyObjects, connectKube, probeApi, type Kube } from '../kube.ts';
import { probeDeployment, probeNode } from '../probes.ts';
import { until } from '../until.ts';
import { NETWORK_POLICY_USER } from './certificates.ts';
import type { Context } from './control_plane.ts';
import { mirrorService } from './mirrors.ts';
import { CLUSTER_DOMAIN, addresses, contextName, runningNodes, type EmbeddedPlan, type NodePlan } from './plan.ts';
import { HINT_LOGS, watchInit } from './start.ts';
import { statusEmbedded } from './status.ts';

const TIMEOUT_MS = 120_000;

/** Options of {@link ensureUsable}. */
export interface UsableOptions {
  /** The registry's name in manifests. */
  readonly registry: string;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Waits for API, nodes and addons. What the API says about nodes and pods is believed only if it was said after
 * `sinceMs`: a cluster that starts again first tells how things were when it ended.
 */
export async function ensureUsable(context: Context, sinceMs: number, options: UsableOptions): Promise<void> {
  const { plan, layout, kit } = context;
  const kube = connectKube(layout.kubeconfig, contextName(plan.name));
  const wait = waiting(context, options);
  await wait('Waiting for the API server', () => probeApi(kube));
  for (const { name, stopped } of plan.nodes) {
    if (stopped === true) options.log.info(`${name} was stopped: \`./fathom start-node ${name}\` starts it`);
  }
  // Kubelets start meanwhile, so neither waits for the other; the first that fails ends both.
  const failed = new AbortController();
  const meanwhile = { ...options, signal: AbortSignal.any([options.signal, failed.signal]) };
  const nodes = async () => {
    for (const node of runningNodes(plan)) await awaitNode(context, { node, sinceMs }, meanwhile);
  };
  try {
    const apply = () => applyAddons(kube, plan, kit, options.registry);
    await Promise.all([step('Applying DNS and storage', apply, options), nodes()]);
  } finally {
    failed.abort();
  }
  for (const { namespace, name } of ADDON_DEPLOYMENTS) {
    await wait(`Waiting for ${name} to be Available`, () => probeDeployment(kube, { namespace, name }, sinceMs));
  }
  await tellOfMirrors(context, options.log);
}

/** A mirror asks its registry as it starts, and ends where nothing answers: images from there can't be pulled till it does. */
async function tellOfMirrors({ plan, layout }: Context, log: Log): Promise<void> {
  const status = await statusEmbedded(layout.folder);
  const services = status?.machines.flatMap((machine) => machine.services) ?? [];
  for (const { host, upstream } of plan.mirrors ?? []) {
    const state = services.find(({ name }) => name === mirrorService(host))?.state;
    if (state === undefined || state === 'ready') continue;
    log.warn(
      `the mirror of ${host} is not ready, so nothing can be pulled from there: it starts again until ${upstream} answers. ` +
        `log/cluster/${mirrorService(host)}.log says why; \`./fathom up --mirror=${host}=none\` takes it away`,
    );
  }
}

/** Waits until a node has said, after `sinceMs`, that it is Ready. */
export async function awaitNode(
  context: Context,
  { node, sinceMs }: { readonly node: NodePlan; readonly sinceMs: number },
  options: Pick<UsableOptions, 'log' | 'signal'>,
): Promise<void> {
  const kube = connectKube(context.layout.kubeconfig, contextName(context.plan.name));
  await waiting(context, options)(`Waiting for ${node.name} to be Ready`, () => probeNode(kube, node.name, sinceMs));
}

/** Waits as long as the cluster's own processes give reason to. */
function waiting({ layout }: Context, { log, signal }: Pick<UsableOptions, 'log' | 'signal'>) {
  return (what: string, probe: () => Promise<string | undefined>) => {
    const requireInit = watchInit(layout);
    const checked = async () => {
      await requireInit();
      return probe();
    };
    return step(
      what,
      () => until(checked, { what, timeoutMs: TIMEOUT_MS, signal, hint: HINT_LOGS, textOf: apiErrorText }),
      { log },
    );
  };
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
      networkPolicyUser: NETWORK_POLICY_USER,
      images: {
        coredns: image('coredns'),
        localPathProvisioner: image('local_path_provisioner'),
        helper: image('busybox'),
      },
      registry: { reference: registry, endpoint: `127.0.0.1:${plan.registryPort}` },
    }),
  );
}
