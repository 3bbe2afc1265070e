// Names that starting and ending a cluster must agree on.
import { createHash } from 'node:crypto';

/** The name of the only node. */
export function nodeName(cluster: string): string {
  return `${cluster}-0`;
}

/** The node's folder in each cgroup hierarchy: its own for each state folder. */
export function cgroupRootOf(stateFolder: string): string {
  return `/fathom-${createHash('sha256').update(stateFolder).digest('hex').slice(0, 8)}`;
}
