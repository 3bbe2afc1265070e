// What a cluster that others run must have for stacks to be applied to it; each thing with what mends it.
import { ToolError } from '../../lib/errors.ts';
import type { RegistryState } from '../../lib/state.ts';
import type { KubeClient } from '../../k8s/kube/client.ts';
import { KubeStatusError } from '../../k8s/kube/errors.ts';
import { asList, at, textAt } from '../../k8s/model/object.ts';
import { openRegistry } from '../../oci/registry/open.ts';
import { CLUSTER_NEEDS, NAMESPACE_NEEDS, shownNeeds, type Need } from './needs.ts';

/** One thing that was looked at. */
export interface Check {
  readonly what: string;
  readonly ok: boolean;
  /** Whether nothing can be deployed without it. */
  readonly isNeeded: boolean;
  /** What was found, and what mends it. */
  readonly say: string;
}

/** What is looked at. */
export interface CheckOptions {
  readonly kube: KubeClient;
  readonly registry: RegistryState;
  /** Where rights are needed. Default: everywhere. */
  readonly namespace?: string;
  readonly signal: AbortSignal;
}

// Server-side apply and aggregated discovery as the engine uses them, Pod Security admission for personal namespaces, and
// hooks that sleep, which the pods of Jsonnet components have: by default servers take these from 1.30 on.
const OLDEST_MINOR = 30;
const REGISTRY_DEADLINE_MS = 5_000;

/** Looks at everything. Throws KubeConnectionError and K8S_UNAUTHORIZED where nothing can be asked at all. */
export async function checkCluster(options: CheckOptions): Promise<readonly Check[]> {
  const version = await checkVersion(options.kube);
  return [
    version,
    ...(await Promise.all([
      checkRights(options),
      checkClusterRights(options),
      checkStorage(options),
      checkRegistry(options),
    ])),
  ];
}

async function checkVersion(kube: KubeClient): Promise<Check> {
  const answer = await kube.request({
    method: 'GET',
    path: '/version',
    doing: 'Asking the API server for its version',
  });
  const version = textAt(answer, 'gitVersion') ?? 'unknown';
  // Clouds say `34+`.
  const [major, minor] = [textAt(answer, 'major'), Number.parseInt(textAt(answer, 'minor') ?? '', 10)];
  const ok = major === '1' && minor >= OLDEST_MINOR;
  return {
    what: 'API server',
    ok,
    isNeeded: true,
    say: `${kube.access.server}, Kubernetes ${version}${ok ? '' : `: use 1.${OLDEST_MINOR} or newer`}`,
  };
}

async function checkRights(options: CheckOptions): Promise<Check> {
  const { kube, namespace } = options;
  const missing = await missingNeeds(options, NAMESPACE_NEEDS, namespace);
  const where = namespace === undefined ? 'in all namespaces' : `in namespace ${namespace}`;
  const other = namespace === undefined ? ', or say in which namespace you have them: --namespace' : '';
  return {
    what: `rights ${where}`,
    ok: missing.length === 0,
    isNeeded: true,
    say:
      missing.length === 0
        ? 'all that stacks take'
        : `may not ${shownNeeds(missing)}. Ask for them ('bazel run //…:NAME.rbac' prints those of one stack), ` +
          `use a context of somebody who has them than '${kube.access.context}'${other}`,
  };
}

async function checkClusterRights(options: CheckOptions): Promise<Check> {
  const missing = await missingNeeds(options, CLUSTER_NEEDS, undefined);
  return {
    what: 'rights in the whole cluster',
    ok: missing.length === 0,
    isNeeded: false,
    say:
      missing.length === 0
        ? 'namespaces and kinds'
        : `may not ${shownNeeds(missing)}. Let somebody who may run \`bazel run //prod:kinds.apply\`, and make the namespaces`,
  };
}

async function missingNeeds(
  { kube }: CheckOptions,
  needs: readonly Need[],
  namespace: string | undefined,
): Promise<readonly Need[]> {
  const allowed = await Promise.all(
    needs.map(async ({ group, resource, verb }) => {
      const [name = '', subresource] = resource.split('/');
      const answer = await kube.request({
        method: 'POST',
        path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
        body: {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SelfSubjectAccessReview',
          spec: { resourceAttributes: { group, resource: name, subresource, verb, namespace } },
        },
        doing: `Asking whether we may ${verb} ${resource}`,
        isIdempotent: true,
      });
      return at(answer, 'status', 'allowed') === true;
    }),
  );
  return needs.filter((_, index) => allowed[index] !== true);
}

async function checkStorage({ kube }: CheckOptions): Promise<Check> {
  const what = 'default StorageClass';
  const mend =
    'make one the default: kubectl patch storageclass NAME -p \'{"metadata":{"annotations":{"storageclass.kubernetes.io/is-default-class":"true"}}}\'';
  try {
    const path = '/apis/storage.k8s.io/v1/storageclasses';
    const classes = asList(at(await kube.request({ method: 'GET', path, doing: 'Listing StorageClasses' }), 'items'));
    const names = classes.map((one) => textAt(one, 'metadata', 'name') ?? '');
    const chosen = classes.findIndex(
      (one) => textAt(one, 'metadata', 'annotations', 'storageclass.kubernetes.io/is-default-class') === 'true',
    );
    if (chosen >= 0) return { what, ok: true, isNeeded: false, say: names[chosen] ?? '' };
    const found =
      names.length === 0 ? 'there is no StorageClass at all: install one, and' : `none of ${names.join(', ')} is it:`;
    return { what, ok: false, isNeeded: false, say: `${found} ${mend}. Volumes stay pending without` };
  } catch (error) {
    if (!(error instanceof KubeStatusError) || error.status !== 403) throw error;
    return {
      what,
      ok: false,
      isNeeded: false,
      say: 'may not be looked at: ask whether there is one. Volumes stay pending without',
    };
  }
}

/** Asks as the pusher does: with the login that Docker's configuration has for it. */
async function checkRegistry({ registry, signal }: CheckOptions): Promise<Check> {
  const { reference, endpoint, plainHttp } = registry;
  const what = 'registry';
  const place =
    endpoint === reference ? reference : `${reference}, reached at ${plainHttp ? 'http' : 'https'}://${endpoint}`;
  const transport = openRegistry(
    { endpoint, plainHttp, registry: reference },
    { signal, retryDeadlineMs: REGISTRY_DEADLINE_MS },
  );
  try {
    await transport.send({ doing: `Asking registry ${endpoint}`, method: 'GET', url: '/v2/', allowed: [200] });
    return { what, ok: true, isNeeded: true, say: `${place}, answers` };
  } catch (error) {
    if (!(error instanceof ToolError) || signal.aborted) throw error;
    return { what, ok: false, isNeeded: true, say: `${place}: ${error.message}. ${error.hint ?? ''}` };
  } finally {
    transport.close();
  }
}
