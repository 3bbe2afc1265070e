// The addresses of a cluster. Its node has a network namespace of its own, so only the link between the machine and
// that namespace can meet anything else; pods' and services' networks are the same in every cluster.
import { readFile, writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { createHash } from 'node:crypto';
import { ToolError, systemErrorCode } from '../../lib/errors.ts';

/** Addresses of one cluster. */
export interface ClusterNetwork {
  /** The link's end on the machine; at most 15 characters (IFNAMSIZ). */
  readonly hostInterface: string;
  readonly hostAddress: string;
  /** The node's address: API server, kubelet and node ports answer there. */
  readonly nodeAddress: string;
  readonly prefixLength: number;
}

export const NODE_INTERFACE = 'eth0';
export const POD_CIDR = '10.244.0.0/16';
export const SERVICE_CIDR = '10.96.0.0/16';
/** The first address of the services' network, which Kubernetes takes itself. */
export const API_SERVICE_ADDRESS = '10.96.0.1';
export const DNS_SERVICE_ADDRESS = '10.96.0.10';
export const API_PORT = 6443;
/** The node port at which the registry's Service answers (prod/registry.jsonnet). */
export const REGISTRY_NODE_PORT = 30_500;

// Links take /30 networks out of 10.213.0.0/16.
const LINKS = 64 * 256;

/** Chooses a network whose link overlaps with none of `used` (IPv4 addresses of this machine), from a seed. */
export function chooseNetwork(stateFolder: string, used: readonly string[]): ClusterNetwork {
  const hash = createHash('sha256').update(stateFolder).digest();
  const id = hash.toString('hex').slice(0, 8);
  const taken = new Set(used.map(linkOf));
  for (let attempt = 0; attempt < LINKS; attempt++) {
    const link = (hash.readUInt16BE(0) + attempt) % LINKS;
    if (taken.has(link)) continue;
    const base = `10.213.${link >> 6}`;
    const first = (link % 64) * 4;
    return {
      hostInterface: `fathom${id}`,
      hostAddress: `${base}.${first + 1}`,
      nodeAddress: `${base}.${first + 2}`,
      prefixLength: 30,
    };
  }
  throw new ToolError('CLUSTER_NO_SUBNET', 'Choosing a network: all of 10.213.0.0/16 is in use', {
    hint: 'End clusters that are not needed: `./fathom down`.',
  });
}

/** The number of the link network that an address is in, or -1. */
function linkOf(address: string): number {
  const [a, b, c, d] = address.split('.').map(Number);
  return a === 10 && b === 213 && c !== undefined && d !== undefined ? c * 64 + (d >> 2) : -1;
}

/** IPv4 addresses that this machine has now. */
export function usedAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((entries) =>
    (entries ?? []).filter((entry) => entry.family === 'IPv4').map((entry) => entry.address),
  );
}

/** The recorded network of a cluster; chooses and records one the first time. */
export async function clusterNetwork(path: string, stateFolder: string): Promise<ClusterNetwork> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
  }
  const network = chooseNetwork(stateFolder, usedAddresses());
  await writeFile(path, `${JSON.stringify(network)}\n`);
  return network;
}
