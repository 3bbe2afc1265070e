// Who runs a cluster, as its state folder says.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ToolError } from '../lib/errors.ts';
import { clusterFolder, readClusterState, type ClusterState } from '../lib/state.ts';
import { layoutOf } from './embedded/layout.ts';

type Env = Readonly<Record<string, string | undefined>>;
export type Provider = ClusterState['provider'];

export const PROVIDERS: readonly Provider[] = ['embedded', 'k3d', 'existing'];

const UNREADABLE = ['STATE_UNREADABLE', 'STATE_VERSION'];

/** Who runs the cluster of a state folder, also one that never came up wholly; undefined where there is none. */
export async function recordedProvider(cluster: string, env: Env): Promise<Provider | undefined> {
  // An unreadable record must not keep `down` from its work.
  const state = await readClusterState(cluster, env).catch((error: unknown) => {
    if (error instanceof ToolError && UNREADABLE.includes(error.code)) return undefined;
    throw error;
  });
  if (state !== undefined) return state.provider;
  const folder = clusterFolder(cluster, env);
  if (existsSync(layoutOf(folder).plan)) return 'embedded';
  return existsSync(join(folder, 'k3d.yaml')) ? 'k3d' : undefined;
}

/**
 * The provider that was asked for. Throws CLUSTER_PROVIDER where there is no such one, and CLUSTER_OTHER_PROVIDER where
 * another one (`known`) runs the cluster.
 */
export function askedProvider(cluster: string, asked: string, known: Provider | undefined): Provider {
  const provider = PROVIDERS.find((one) => one === asked);
  if (provider === undefined) {
    throw new ToolError('CLUSTER_PROVIDER', `Choosing provider '${asked}': there is no such one`, {
      hint: `Choose one of: ${PROVIDERS.join(', ')}.`,
    });
  }
  if (known === undefined || known === provider) return provider;
  throw new ToolError(
    'CLUSTER_OTHER_PROVIDER',
    `Choosing provider ${provider}: cluster ${cluster} is there already, and ${known} runs it`,
    {
      hint: `Run \`./fathom down --provider=${known}\` first: it deletes that cluster${known === 'existing' ? '’s record' : ''}.`,
    },
  );
}
