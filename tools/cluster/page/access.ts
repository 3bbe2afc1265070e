// The cluster of `./fathom`, for programs that are built.
import { ToolError } from '../../lib/errors.ts';
import { clusterFolder, readClusterState } from '../../lib/state.ts';
import { type ClusterAccess, findCluster } from '../../k8s/kube/kubeconfig.ts';

/** How the cluster `name` is reached. Throws CLUSTER_NOT_UP. */
export async function clusterAccess(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ClusterAccess> {
  const state = await readClusterState(name, env);
  if (state === undefined) {
    throw new ToolError(
      'CLUSTER_NOT_UP',
      `Reading the state of cluster ${name}: there is none in ${clusterFolder(name, env)}`,
      { hint: 'Run `./fathom up`.' },
    );
  }
  return findCluster({ env, context: `fathom-${state.name}`, cluster: '', user: '', files: [state.kubeconfig] });
}
