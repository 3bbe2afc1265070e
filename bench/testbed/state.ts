// Where verbs go: what `./fathom up` writes of a cluster, written of one of a benchmark.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchCluster } from './cluster.ts';
import { CLUSTER, REGISTRY } from './services.ts';

/** Where a stack goes. */
export interface Place {
  readonly cluster: BenchCluster;
  /** A folder that is this place's own. */
  readonly folder: string;
  readonly namespace: string;
  /** `127.0.0.1:<port>`. */
  readonly registry: string;
}

/** The environment in which a verb goes to a place. */
export async function writeState({ folder, namespace, registry, cluster }: Place): Promise<Record<string, string>> {
  const state = join(folder, 'state');
  await mkdir(join(state, CLUSTER), { recursive: true });
  const content = {
    ...{ version: 1, name: CLUSTER, provider: 'existing', kubeconfig: cluster.kubeconfig },
    registry: { reference: REGISTRY, endpoint: registry, plainHttp: true },
  };
  await writeFile(join(state, CLUSTER, 'cluster.json'), JSON.stringify(content));
  // The compiled engine is kept, as it is for whoever runs a second verb.
  const compiled = join(cluster.server.folder, 'compiled');
  return { FATHOM_STATE: state, FATHOM_USER: namespace, HOME: folder, NODE_COMPILE_CACHE: compiled };
}
