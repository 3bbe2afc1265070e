// Takes a cluster away. Imports nothing but node's own modules: `./fathom down` works where nothing was ever built.
import { readFile, rm } from 'node:fs/promises';
import { clusterFolder } from '../../lib/state.ts';
import { layoutOf } from './layout.ts';
import { cgroupRootOf } from './names.ts';
import type { ClusterNetwork } from './network.ts';
import { stopNode } from './node.ts';

/** Ends the node and removes all of the cluster's state. A cluster that never was is no error. */
export async function down(
  cluster: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<void> {
  const layout = layoutOf(clusterFolder(cluster, env));
  const network: ClusterNetwork | undefined = await readFile(layout.network, 'utf8').then(JSON.parse, () => undefined);
  await stopNode(layout, network, cgroupRootOf(layout.root));
  await rm(layout.root, { recursive: true, force: true });
}
