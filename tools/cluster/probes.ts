// Whether nodes and addons are as they should be. Each probe returns undefined when all is well, else what is not.
import { AppsV1Api, CoreV1Api } from '@kubernetes/client-node';
import type { Kube } from './kube.ts';

/** A node is Ready, and said so after `sinceMs`. */
export async function probeNode(kube: Kube, name: string, sinceMs: number): Promise<string | undefined> {
  const node = await kube.config.makeApiClient(CoreV1Api).readNode({ name });
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready === undefined || (ready.lastHeartbeatTime?.getTime() ?? 0) < secondOf(sinceMs)) {
    return 'its kubelet has not reported yet';
  }
  return ready.status === 'True' ? undefined : (ready.message ?? 'it is not ready');
}

/** A Deployment is Available, its newest pods are, and their containers started after `sinceMs`. */
export async function probeDeployment(
  kube: Kube,
  where: { readonly namespace: string; readonly name: string },
  sinceMs: number,
): Promise<string | undefined> {
  const { metadata, spec, status } = await kube.config.makeApiClient(AppsV1Api).readNamespacedDeployment(where);
  if ((status?.observedGeneration ?? 0) < (metadata?.generation ?? 0)) return 'its controller has not seen it yet';
  const wanted = spec?.replicas ?? 1;
  if ((status?.updatedReplicas ?? 0) < wanted) return `${status?.updatedReplicas ?? 0} of ${wanted} pods are made`;
  if ((status?.availableReplicas ?? 0) < wanted || (status?.unavailableReplicas ?? 0) > 0) {
    return (await podTrouble(kube, where)) ?? `${status?.availableReplicas ?? 0} of ${wanted} pods are available`;
  }
  return stalePod(kube, where, sinceMs);
}

const podsOf = (kube: Kube, { namespace, name }: { readonly namespace: string; readonly name: string }) =>
  kube.config
    .makeApiClient(CoreV1Api)
    .listNamespacedPod({ namespace, labelSelector: `app.kubernetes.io/name=${name}` });

/** Why a pod does not run, as its container's state says. */
async function podTrouble(kube: Kube, where: Parameters<typeof podsOf>[1]): Promise<string | undefined> {
  for (const { metadata, status } of (await podsOf(kube, where)).items) {
    for (const { state } of status?.containerStatuses ?? []) {
      const { reason, message } = state?.waiting ?? {};
      if (reason !== undefined && reason !== 'ContainerCreating') {
        return `pod ${metadata?.name}: ${reason}${message === undefined ? '' : `: ${message}`}`;
      }
    }
  }
  return undefined;
}

async function stalePod(kube: Kube, where: Parameters<typeof podsOf>[1], sinceMs: number): Promise<string | undefined> {
  const pods = (await podsOf(kube, where)).items.filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
  const stale = pods.find(({ status }) =>
    (status?.containerStatuses ?? []).some(
      ({ ready, state }) => !ready || (state?.running?.startedAt?.getTime() ?? 0) < secondOf(sinceMs),
    ),
  );
  return stale === undefined ? undefined : `pod ${stale.metadata?.name} has not started again yet`;
}

/** Kubernetes tells times in whole seconds. */
const secondOf = (ms: number): number => Math.floor(ms / 1000) * 1000;
