// The part of a bundle that the cluster itself tells: nodes, pods, events, and why pods are not ready.
import { hideValue } from '../../../lib/redact.ts';
import type { Collection } from './collection.ts';
import { withoutEnvironment } from './scrub.ts';

/** How the cluster is asked, and how far. */
export interface Access {
  /** kubectl with the flags that lead to the cluster. */
  readonly kubectl: readonly string[];
  /** Whether it is ours alone; of another one only the namespaces named here are looked at. */
  readonly namespaces: 'all' | readonly string[];
}

const ANSWER_MS = 20_000;
const MAX_PODS = 20;
const MAX_LOG_LINES = 500;
const MAX_LOG_BYTES = 256 << 10;

/** The fields of a pod that are looked at. */
interface Pod {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

interface ContainerStatus {
  readonly name: string;
  readonly restartCount?: number;
}

/** Collects what the API tells. One that does not answer is asked once. */
export async function collectKubernetes(bundle: Collection, access: Access): Promise<void> {
  const ask = (...args: readonly string[]) => [...access.kubectl, '--request-timeout=15s', ...args];
  const options = { timeoutMs: ANSWER_MS };
  try {
    bundle.put('kubernetes/version.txt', await bundle.output(ask('get', '--raw=/version'), options));
  } catch (error) {
    return bundle.note('kubernetes: the API server does not answer', error);
  }
  const scopes = access.namespaces === 'all' ? [['-A']] : access.namespaces.map((name) => ['-n', name]);
  if (access.namespaces === 'all') {
    await bundle.part('hiding the values of Secrets', async () =>
      hideSecrets(await bundle.output(ask(...SECRETS), options)),
    );
    await bundle.command('kubernetes/nodes.txt', ask('get', 'nodes', '-o', 'wide'), options);
    await bundle.command('kubernetes/nodes-described.txt', ask('describe', 'nodes'), options);
  }
  for (const scope of scopes) {
    const at = scope[0] === '-A' ? 'kubernetes' : `kubernetes/${scope[1]}`;
    await bundle.command(`${at}/pods.txt`, ask('get', 'pods', ...scope, '-o', 'wide'), options);
    const kinds =
      'services,endpointslices,deployments,statefulsets,daemonsets,jobs,persistentvolumeclaims,networkpolicies';
    await bundle.command(`${at}/objects.txt`, ask('get', kinds, ...scope, '-o', 'wide'), options);
    await bundle.command(`${at}/events.txt`, ask('get', 'events', ...scope, '--sort-by=.lastTimestamp'), options);
    await bundle.part(`${at}/pods`, async () => {
      const text = await bundle.output(ask('get', 'pods', ...scope, '-o', 'json'), options);
      await collectPods(bundle, (JSON.parse(text) as { readonly items: readonly Pod[] }).items, ask);
    });
  }
}

async function collectPods(
  bundle: Collection,
  pods: readonly Pod[],
  ask: (...args: readonly string[]) => readonly string[],
): Promise<void> {
  const troubled = pods.filter((pod) => !isWell(pod) || crashed(pod).length > 0);
  if (troubled.length > MAX_PODS) bundle.note('pods', `${troubled.length} are not ready; ${MAX_PODS} are described`);
  for (const pod of troubled.slice(0, MAX_PODS)) {
    const { name, namespace } = pod.metadata;
    const at = `kubernetes/${namespace}/${name}`;
    const options = { timeoutMs: ANSWER_MS };
    const edit = withoutEnvironment;
    await bundle.command(`${at}/described.txt`, ask('describe', 'pod', '-n', namespace, name), { ...options, edit });
    const logs = (container: string, ...more: readonly string[]) => [
      ...ask('logs', '-n', namespace, name, '-c', container, `--tail=${MAX_LOG_LINES}`),
      ...[`--limit-bytes=${MAX_LOG_BYTES}`, ...more],
    ];
    for (const container of statuses(pod)) {
      await bundle.command(`${at}/${container.name}.log`, logs(container.name), options);
    }
    for (const container of crashed(pod)) {
      await bundle.command(`${at}/${container.name}.previous.log`, logs(container.name, '--previous'), options);
    }
  }
}

function isWell({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
}

const statuses = ({ status }: Pod) => [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
const crashed = (pod: Pod) => statuses(pod).filter(({ restartCount = 0 }) => restartCount > 0);

const SECRETS = ['get', 'secrets', '-A', '-o', 'json'] as const;
const MAX_HIDDEN = 500;
const MAX_HIDDEN_BYTES = 16 << 10;

/** Hides each value from now on; they go nowhere else. */
function hideSecrets(json: string): void {
  const { items } = JSON.parse(json) as {
    readonly items: readonly { readonly data?: Readonly<Record<string, string>> }[];
  };
  const values = items.flatMap(({ data = {} }) => Object.values(data)).map((text) => Buffer.from(text, 'base64'));
  // Bills and manifests that are kept in Secrets are long, and not what a log has.
  for (const value of values.filter(({ length }) => length <= MAX_HIDDEN_BYTES).slice(0, MAX_HIDDEN)) hideValue(value);
}
