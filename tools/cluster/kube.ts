// The few calls to the Kubernetes API that bringing a cluster up needs.
import { ApiException, Health, KubeConfig, KubernetesObjectApi, PatchStrategy } from '@kubernetes/client-node';
import { ToolError, errorText } from '../lib/errors.ts';
import type { AnyObject } from './addons/addon.ts';

const FIELD_MANAGER = 'fathom-cluster';
const PARALLEL = 8;

/** A connection to one cluster's API. */
export interface Kube {
  readonly config: KubeConfig;
  readonly objects: KubernetesObjectApi;
}

/** Connects with a kubeconfig file; nothing is sent yet. */
export function connectKube(kubeconfig: string, context: string): Kube {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  config.setCurrentContext(context);
  return { config, objects: KubernetesObjectApi.makeApiClient(config) };
}

/** The API server's own words for a refused request, else the error's. */
export function apiErrorText(error: unknown): string {
  if (!(error instanceof ApiException)) return errorText(error);
  try {
    const status: unknown = typeof error.body === 'string' ? JSON.parse(error.body) : error.body;
    if (typeof status === 'object' && status !== null && 'message' in status) return String(status.message);
  } catch {
    // Not a Status: a proxy or another server answered.
  }
  return `HTTP status ${error.code}`;
}

/** Undefined when the API server says that it is ready. */
export async function probeApi(kube: Kube): Promise<string | undefined> {
  return (await new Health(kube.config).readyz({})) ? undefined : 'it does not answer, or says that it is not ready';
}

/** Applies objects (server-side): namespaces first, then the others at once. */
export async function applyObjects(kube: Kube, objects: readonly AnyObject[]): Promise<void> {
  const isNamespace = (object: AnyObject) => object.kind === 'Namespace';
  for (const phase of [objects.filter(isNamespace), objects.filter((object) => !isNamespace(object))]) {
    const queue = [...phase];
    const worker = async () => {
      for (let object = queue.shift(); object !== undefined; object = queue.shift()) await applyObject(kube, object);
    };
    await Promise.all(Array.from({ length: PARALLEL }, worker));
  }
}

async function applyObject(kube: Kube, object: AnyObject): Promise<void> {
  const name = `${object.kind} ${object.metadata?.namespace ?? ''}/${object.metadata?.name ?? ''}`;
  try {
    await kube.objects.patch(object, undefined, undefined, FIELD_MANAGER, true, PatchStrategy.ServerSideApply);
  } catch (error) {
    throw new ToolError('CLUSTER_ADDON', `Applying ${name}: ${apiErrorText(error)}`, {
      cause: error,
      hint: 'Run `./fathom up` again; if it stays, `./fathom down` and `./fathom up`.',
    });
  }
}
