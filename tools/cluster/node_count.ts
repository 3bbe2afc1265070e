// How many nodes are asked for.
import { ToolError } from '../lib/errors.ts';

/** Reads `--nodes`. Throws CLUSTER_NODES. */
export function nodeCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 100) return count;
  throw new ToolError('CLUSTER_NODES', `Reading --nodes: '${text}' is no number from 1 to 100`, {
    hint: 'Say how many nodes the cluster is to have: --nodes 3.',
  });
}
