// What a cluster was given at its first start and keeps for life: subnets, ports, nodes. `<state>/plan.json`.
import { createHash } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { ToolError, errorText, systemErrorCode } from '../../lib/errors.ts';
import { forbidden, requireVersion } from '../../lib/state.ts';
import { planProblem } from './plan_form.ts';
import { addressIn, formatSubnet, parseSubnet, subnetIn, type Subnet } from './subnets.ts';

/** One node; its number is its place in the pod range, from 1. */
export interface NodePlan {
  readonly name: string;
  readonly number: number;
  /** Whether it was stopped on purpose, and stays so until it is started. Default: false. */
  readonly stopped?: boolean;
  /** Whether it was added while the cluster ran, and has not been seen Ready since. Default: false. */
  readonly joining?: boolean;
}

/** A registry that is mirrored. */
export interface MirrorPlan {
  /** Its name in references: `docker.io`. */
  readonly host: string;
  /** Where it is: `https://registry-1.docker.io`. */
  readonly upstream: string;
}

/** The recorded choices of one cluster. */
export interface EmbeddedPlan {
  readonly version: 1;
  readonly name: string;
  /** Names the host's interface and cgroup: 6 hex digits of the state folder's sha256. */
  readonly id: string;
  /** Links between switch, host and machines. */
  readonly linkSubnet: string;
  readonly serviceSubnet: string;
  readonly podSubnet: string;
  /** Loopback port of the host that reaches the registry. */
  readonly registryPort: number;
  readonly nodes: readonly NodePlan[];
  /** Registries that nodes pull from through a mirror. Default: none. */
  readonly mirrors?: readonly MirrorPlan[];
}

/** Options of {@link makePlan}. */
export interface MakePlanOptions {
  readonly name: string;
  /** Absolute path of the cluster's state folder. */
  readonly folder: string;
  /** A free range of /16. */
  readonly range: Subnet;
  /** Where the links are. Default: the first /24 of the range. */
  readonly links?: Subnet;
  readonly registryPort: number;
  /** Default: 1. */
  readonly nodes?: number;
}

/**
 * The plan of a new cluster: /24 of links, /18 of services and /17 of pods (a /24 each node) out of the range. Throws
 * CLUSTER_LINKS where the links have no room for all nodes.
 */
export function makePlan(options: MakePlanOptions): EmbeddedPlan {
  const { name, folder, range, registryPort, nodes = 1 } = options;
  const links = options.links ?? subnetIn(range, 24, 0);
  requireRoom(links, nodes);
  return {
    version: 1,
    name,
    id: createHash('sha256').update(folder).digest('hex').slice(0, 6),
    linkSubnet: formatSubnet(links),
    serviceSubnet: formatSubnet(subnetIn(range, 18, 1)),
    podSubnet: formatSubnet(subnetIn(range, 17, 1)),
    registryPort,
    nodes: Array.from({ length: nodes }, (_, index) => nodeOf(index + 1)),
  };
}

const nodeOf = (number: number): NodePlan => ({ name: `node-${number}`, number });

/** The plan with one node more. Throws CLUSTER_LINKS. */
export function withOneNodeMore(plan: EmbeddedPlan): EmbeddedPlan {
  const number = Math.max(0, ...plan.nodes.map((node) => node.number)) + 1;
  requireRoom(subnetOf(plan.linkSubnet), number);
  return { ...plan, nodes: [...plan.nodes, { ...nodeOf(number), joining: true }] };
}

/** The plan once all its nodes have been Ready. */
export function withNodesJoined(plan: EmbeddedPlan): EmbeddedPlan {
  return { ...plan, nodes: plan.nodes.map(({ joining: _, ...node }) => node) };
}

/** The plan with a node stopped, or started. */
export function withNodeStopped(plan: EmbeddedPlan, name: string, stopped: boolean): EmbeddedPlan {
  const set = ({ stopped: _, ...node }: NodePlan): NodePlan => (stopped ? { ...node, stopped } : node);
  return { ...plan, nodes: plan.nodes.map((node) => (node.name === name ? set(node) : node)) };
}

/** The nodes that are to run. */
export function runningNodes(plan: EmbeddedPlan): readonly NodePlan[] {
  return plan.nodes.filter(({ stopped }) => stopped !== true);
}

function requireRoom(links: Subnet, nodes: number): void {
  const room = 2 ** (32 - links.prefix) - 2 - FIRST_NODE;
  if (nodes <= room) return;
  throw new ToolError(
    'CLUSTER_LINKS',
    `Planning ${nodes} nodes: ${formatSubnet(links)} has room for ${Math.max(room, 0)}`,
    { hint: 'Make the cluster anew, its links in a wider range, such as --links=172.19.0.0/24.' },
  );
}

// The addresses before are for the host, the control plane, and what may come.
const FIRST_NODE = 10;

/** The kube context of a cluster. */
export function contextName(cluster: string): string {
  return `fathom-${cluster}`;
}

/** The port of every node on which the in-cluster registry's Service answers (prod/registry.jsonnet). */
export const REGISTRY_NODE_PORT = 30500;
export const API_PORT = 6443;
export const CLUSTER_DOMAIN = 'cluster.local';

/** Addresses that follow from a plan. */
export const addresses = {
  host: (plan: EmbeddedPlan) => addressIn(subnetOf(plan.linkSubnet), 1),
  control: (plan: EmbeddedPlan) => addressIn(subnetOf(plan.linkSubnet), 2),
  node: (plan: EmbeddedPlan, node: NodePlan) => addressIn(subnetOf(plan.linkSubnet), FIRST_NODE + node.number),
  nodePods: (plan: EmbeddedPlan, node: NodePlan) =>
    formatSubnet(subnetIn(subnetOf(plan.podSubnet), 24, node.number - 1)),
  kubernetesService: (plan: EmbeddedPlan) => addressIn(subnetOf(plan.serviceSubnet), 1),
  dnsService: (plan: EmbeddedPlan) => addressIn(subnetOf(plan.serviceSubnet), 10),
};

/** `10.201.0.11` as the locally administered MAC address 02:00:0a:c9:00:0b. */
export function macOf(address: string): string {
  return ['02', '00', ...address.split('.').map((octet) => Number(octet).toString(16).padStart(2, '0'))].join(':');
}

/** Prefix length of the links' range. */
export function linkPrefix(plan: EmbeddedPlan): number {
  return subnetOf(plan.linkSubnet).prefix;
}

function subnetOf(text: string): Subnet {
  const subnet = parseSubnet(text);
  if (subnet === undefined)
    throw new ToolError('CLUSTER_PLAN_BROKEN', `Reading the cluster's plan: '${text}' is no subnet`, {
      hint: MAKE_ANEW,
    });
  return subnet;
}

const MAKE_ANEW = 'Put a copy of it back, or give the cluster and its data up: `./fathom down`, then `./fathom up`.';

/** Reads the plan at `path`; undefined where there is none. Throws CLUSTER_PLAN_BROKEN, STATE_FORBIDDEN, STATE_VERSION. */
export async function readPlan(path: string): Promise<EmbeddedPlan | undefined> {
  try {
    const plan = JSON.parse(await readFile(path, 'utf8')) as Partial<EmbeddedPlan> | null;
    requireVersion(path, plan, 1);
    const problem = plan?.version === 1 ? planProblem(plan) : 'it has no version';
    if (problem !== undefined) throw new Error(problem);
    return plan as EmbeddedPlan;
  } catch (error) {
    if (error instanceof ToolError) throw error;
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw (
      forbidden(path, error) ??
      new ToolError('CLUSTER_PLAN_BROKEN', `Reading the cluster's plan ${path}: ${errorText(error)}`, {
        cause: error,
        hint: MAKE_ANEW,
      })
    );
  }
}

/** Writes the plan; a reader sees the old or the new one. */
export async function writePlan(path: string, plan: EmbeddedPlan): Promise<void> {
  await writeFile(`${path}.draft`, `${JSON.stringify(plan, null, 2)}\n`, { mode: 0o600 });
  await rename(`${path}.draft`, path);
}
