// Everything that a k3d cluster of ours is made from: the one place to change any of it. Pure.
import { ToolError } from '../../lib/errors.ts';
import { REGISTRY_NODE_PORT } from '../embedded/plan.ts';
import { addressIn, parseSubnet, type Subnet } from '../embedded/subnets.ts';

/** What is exposed on the host listens here alone: Docker's own default is every address. */
export const LOOPBACK = '127.0.0.1';

/** Of the minor version of Kubernetes that `embedded` runs (third_party/go/kubernetes/go.mod). */
export const K3S_IMAGE = 'docker.io/rancher/k3s:v1.34.4-k3s1';

/** The settings of one cluster. */
export interface K3dSettings {
  /** The cluster's name for k3d and in the state folder. */
  readonly name: string;
  /** The registry's name in manifests. */
  readonly registry: string;
  /** The Docker network, which is the cluster's own, and its range. */
  readonly network: string;
  readonly subnet: string;
  readonly image: string;
  readonly servers: number;
  readonly agents: number;
  /** Ports of the loopback: the API, and the registry. */
  readonly apiPort: number;
  readonly registryPort: number;
  /** The port of every node on which the registry answers. */
  readonly registryNodePort: number;
}

/** Options of {@link k3dSettings}. */
export interface K3dOptions {
  readonly name: string;
  readonly registry: string;
  /** Default: 1. */
  readonly nodes?: number;
}

/** A container of the cluster, and its address for good. */
export interface K3dContainer {
  readonly name: string;
  readonly address: string;
  readonly isNode: boolean;
}

/** The settings of a cluster. Throws K3D_SETTINGS. */
export function k3dSettings({ name, registry, nodes = 1 }: K3dOptions): K3dSettings {
  const settings: K3dSettings = {
    name,
    registry,
    network: 'k3d-network',
    subnet: '172.19.0.0/26',
    image: K3S_IMAGE,
    servers: 1,
    agents: nodes - 1,
    apiPort: 6550,
    registryPort: REGISTRY_NODE_PORT,
    registryNodePort: REGISTRY_NODE_PORT,
  };
  const { base, prefix } = subnetOf(settings);
  const room = 2 ** (32 - prefix) - FIRST_CONTAINER - 1;
  if (containers(settings).length > room) {
    throw new ToolError(
      'K3D_SETTINGS',
      `Planning ${nodes} nodes: ${addressIn({ base, prefix }, 0)}/${prefix} has room for ${room - 1}`,
      {
        hint: 'Ask for fewer: --nodes 3.',
      },
    );
  }
  return settings;
}

// After the network itself, its gateway, and the helper that k3d starts before any node.
const FIRST_CONTAINER = 3;

/**
 * The cluster's containers in the order in which k3d starts them: in a network that is empty they have these addresses
 * from the beginning, so that fixing them moves no node (k3s does not always survive that it moves).
 */
export function containers(settings: K3dSettings): readonly K3dContainer[] {
  const of = (role: string, count: number) =>
    Array.from({ length: count }, (_, n) => `k3d-${settings.name}-${role}-${n}`);
  const nodes = [...of('server', settings.servers), ...of('agent', settings.agents)];
  return [...nodes, `k3d-${settings.name}-serverlb`].map((name, n) => ({
    name,
    address: addressIn(subnetOf(settings), FIRST_CONTAINER + n),
    isNode: n < nodes.length,
  }));
}

/** The first server: its address is what nodes reach the registry by. */
export function server(settings: K3dSettings): K3dContainer {
  const [first] = containers(settings);
  if (first === undefined) throw new Error('a cluster without containers');
  return first;
}

/** The network's gateway: the host. */
export function gateway(settings: K3dSettings): string {
  return addressIn(subnetOf(settings), 1);
}

function subnetOf({ subnet }: K3dSettings): Subnet {
  const parsed = parseSubnet(subnet);
  if (parsed === undefined)
    throw new ToolError('K3D_SETTINGS', `Reading subnet '${subnet}': it is no IPv4 range`, {
      hint: 'Write one such as 172.19.0.0/26.',
    });
  return parsed;
}
