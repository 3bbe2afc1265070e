// Takes a cluster that others run: looks at what it has, and records how tools reach it. Nothing is deployed.
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ToolError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { readClusterState, writeClusterState, type RegistryState } from '../../lib/state.ts';
import { createClient, type KubeClient } from '../../k8s/kube/client.ts';
import { KubeStatusError } from '../../k8s/kube/errors.ts';
import {
  type ClusterAccess,
  type FoundContext,
  accessBy,
  findCluster,
  findContext,
} from '../../k8s/kube/kubeconfig.ts';
import { registryHosting } from '../addons/objects.ts';
import { withLock } from '../embedded/lock.ts';
import { contextName } from '../embedded/plan.ts';
import { kubeconfigOf } from '../own_kubeconfig.ts';
import { claimFolder } from '../state_folder.ts';
import { checkCluster, type Check } from './checks.ts';

/** What both commands need. */
interface Common {
  readonly name: string;
  /** The cluster's state folder. */
  readonly folder: string;
  /** Where rights are needed. Default: everywhere. */
  readonly namespace?: string;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Options of {@link upExisting}. */
export interface UpExistingOptions extends Common {
  readonly context: string;
  /** The file that has it. Default: those of KUBECONFIG, then ~/.kube/config. */
  readonly kubeconfig?: string;
  readonly registry: RegistryState;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Records the cluster, if it has what it must have. Throws CLUSTER_CONTEXT, CLUSTER_LACKS, and what the API server
 * answers where it can't be asked.
 */
export async function upExisting(
  options: UpExistingOptions,
): Promise<{ readonly kubeconfig: string; readonly endpoint: string }> {
  const { name, folder, registry } = options;
  const found = await findNamed(options);
  return withClient(await accessBy(found), options, async (kube) => {
    await requireAll(kube, registry, options);
    return withLock(folder, async () => {
      await claimFolder(folder);
      const kubeconfig = join(folder, 'kubeconfig');
      const own = kubeconfigOf(contextName(name), found.cluster.fields, found.user?.fields ?? {});
      await writeFile(kubeconfig, own, { mode: 0o600 });
      if (registry.endpoint !== registry.reference) await announce(kube, registry, options.log);
      await writeClusterState(
        { version: 1, name, provider: 'existing', kubeconfig, registry },
        { FATHOM_STATE: dirname(folder) },
      );
      return { kubeconfig, endpoint: registry.endpoint };
    });
  });
}

/** Looks again at a cluster that is recorded. Throws CLUSTER_NOT_UP, CLUSTER_LACKS. */
export async function checkExisting(options: Common): Promise<void> {
  const { name, folder } = options;
  const state = await readClusterState(name, { FATHOM_STATE: dirname(folder) });
  if (state?.registry === undefined) {
    throw new ToolError('CLUSTER_NOT_UP', `Reading the record of cluster ${name}: there is none in ${folder}`, {
      hint: 'Run `./fathom up --provider=existing --context=NAME --registry=REFERENCE`.',
    });
  }
  const { registry, kubeconfig } = state;
  const access = await findCluster({ env: {}, context: contextName(name), cluster: '', user: '', files: [kubeconfig] });
  await withClient(access, options, (kube) => requireAll(kube, registry, options));
}

async function findNamed({ context, kubeconfig, env }: UpExistingOptions): Promise<FoundContext> {
  const files = kubeconfig === undefined ? [] : [kubeconfig];
  try {
    return await findContext({ env, context, cluster: '', user: '', files });
  } catch (error) {
    if (!(error instanceof ToolError) || error.code !== 'K8S_NO_CONTEXT') throw error;
    throw new ToolError('CLUSTER_CONTEXT', error.message, {
      cause: error,
      hint: '`kubectl config get-contexts` lists them; --kubeconfig names another file.',
    });
  }
}

async function withClient<T>(
  access: ClusterAccess,
  { signal }: Common,
  work: (kube: KubeClient) => Promise<T>,
): Promise<T> {
  const kube = createClient(access, { signal, requestTimeoutMs: 15_000, retryDeadlineMs: 5_000 });
  try {
    return await work(kube);
  } finally {
    kube.close();
  }
}

async function requireAll(
  kube: KubeClient,
  registry: RegistryState,
  { name, namespace, log, signal }: Common,
): Promise<void> {
  const checks = await checkCluster({ kube, registry, signal, ...(namespace === undefined ? {} : { namespace }) });
  for (const { what, ok, say } of checks) (ok ? log.info : log.warn)(`${what}: ${say}`);
  const missing: readonly Check[] = checks.filter(({ ok, isNeeded }) => !ok && isNeeded);
  if (missing.length === 0) return;
  const lacking = missing.map(({ what }) => what).join(', ');
  throw new ToolError(
    'CLUSTER_LACKS',
    `Taking context '${kube.access.context}' as cluster ${name}: not as needed: ${lacking}`,
    {
      hint: 'Do what the warnings above say, then run this again.',
    },
  );
}

/** Tells others where the registry is, unless somebody has: KEP-1755. */
async function announce(kube: KubeClient, registry: RegistryState, log: Log): Promise<void> {
  const object = registryHosting(registry);
  const path = `/api/v1/namespaces/${object.metadata.namespace}/configmaps/${object.metadata.name}`;
  try {
    await kube.request({ method: 'GET', path, doing: 'Looking for kube-public/local-registry-hosting' });
  } catch (error) {
    if (!(error instanceof KubeStatusError)) throw error;
    if (error.status === 404) return put();
    log.warn(`kube-public/local-registry-hosting may not be looked at: ${error.said}`);
  }

  async function put(): Promise<void> {
    const [query, contentType] = [{ fieldManager: 'fathom-cluster' }, 'application/apply-patch+yaml'];
    try {
      await kube.request({ method: 'PATCH', path, query, contentType, body: object, doing: 'Announcing the registry' });
    } catch (error) {
      if (!(error instanceof KubeStatusError) || error.status !== 403) throw error;
      log.warn(`the registry is not announced in kube-public: ${error.said}`);
    }
  }
}
