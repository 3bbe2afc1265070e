// The registry of an environment: how this machine reaches it, and what mends it when it is a cluster's own.
import { ToolError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { type RegistryState, readClusterState } from '../../lib/state.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** What talking to registries takes. */
export interface RegistryContext {
  /** The cluster whose own registry is reached where its state says. */
  readonly cluster: string;
  readonly env: Env;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** The registry of a cluster of ours; undefined where it is none of ours. Throws K8S_REGISTRY_UNKNOWN. */
export async function registryState({
  cluster,
  env,
}: Pick<RegistryContext, 'cluster' | 'env'>): Promise<RegistryState | undefined> {
  if (!/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(cluster)) return undefined;
  const state = await readClusterState(cluster, env);
  if (state !== undefined && state.registry === undefined) {
    throw new ToolError('K8S_REGISTRY_UNKNOWN', `Pushing images: cluster '${cluster}' has no registry yet`, {
      hint: 'Run `./fathom up`, which ends when the registry answers.',
    });
  }
  return state?.registry;
}

/** A connection that failed to a cluster's own registry: it is one of its workloads, and what mends it is known here. */
export function registryDown(error: ToolError): ToolError {
  return new ToolError('K8S_REGISTRY_DOWN', error.message, {
    cause: error,
    hint: 'Run `./fathom up`, which starts the cluster where it is down. Where it is up, in a checkout of Fathom `bazel run //prod:registry.status` says what is wrong with the registry, and `bazel run //prod:registry.apply` puts it back.',
  });
}
