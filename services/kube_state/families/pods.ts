// Pods and their containers.
import type { V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import { type Family, type Sample, familiesOf, oneOf, resources, seconds } from './family.ts';

const { family, number } = familiesOf<V1Pod>('kube_pod');

const PHASES = ['Pending', 'Running', 'Succeeded', 'Failed', 'Unknown'] as const;
const CONDITION_STATUSES = ['true', 'false', 'unknown'] as const;

type Status = V1ContainerStatus;

/** What is told of the statuses of a pod's containers. prefix: `container` or `init_container`. */
function ofStatuses(prefix: string, what: string, statuses: (pod: V1Pod) => readonly Status[]): readonly Family[] {
  /** One series for each container whose status has the number. */
  const each = (name: string, help: string, value: (status: Status) => number | undefined): Family =>
    family(`${prefix}_status_${name}`, help, ['container'], (pod) =>
      statuses(pod).map((status): Sample => [{ container: status.name }, value(status)]),
    );
  /** One series for each container that has a reason. */
  const reasons = (name: string, help: string, reason: (status: Status) => string | undefined): Family =>
    family(`${prefix}_status_${name}`, help, ['container', 'reason'], (pod) =>
      statuses(pod).flatMap((status): readonly Sample[] => {
        const found = reason(status);
        return found === undefined || found === '' ? [] : [[{ container: status.name, reason: found }, 1]];
      }),
    );
  return [
    each('ready', `Whether ${what} is ready`, ({ ready }) => Number(ready)),
    each('running', `Whether ${what} runs`, ({ state }) =>
      Number(state?.running !== undefined && state.running !== null),
    ),
    each('restarts_total', `How often ${what} was started again`, ({ restartCount }) => restartCount),
    reasons('waiting_reason', `Why ${what} waits`, ({ state }) => state?.waiting?.reason),
    reasons('terminated_reason', `Why ${what} has ended`, ({ state }) => state?.terminated?.reason),
    reasons(
      'last_terminated_reason',
      `Why ${what} ended the last time`,
      ({ lastState }) => lastState?.terminated?.reason,
    ),
  ];
}

const asked = (name: string, help: string, which: 'requests' | 'limits'): Family =>
  family(name, help, ['container', 'node', 'resource', 'unit'], (pod) =>
    (pod.spec?.containers ?? []).flatMap((container) =>
      resources(container.resources?.[which], { container: container.name, node: pod.spec?.nodeName ?? '' }),
    ),
  );

/** What is told of pods. */
export const POD_FAMILIES: readonly Family[] = [
  family(
    'info',
    'Where a pod runs and what made it',
    ['node', 'pod_ip', 'created_by_kind', 'created_by_name'],
    (pod) => {
      const owner = pod.metadata?.ownerReferences?.find(({ controller }) => controller);
      const labels = {
        node: pod.spec?.nodeName ?? '',
        pod_ip: pod.status?.podIP ?? '',
        created_by_kind: owner?.kind ?? '',
        created_by_name: owner?.name ?? '',
      };
      return [[labels, 1]];
    },
  ),
  family('owner', 'What a pod belongs to', ['owner_kind', 'owner_name', 'owner_is_controller'], (pod) =>
    (pod.metadata?.ownerReferences ?? []).map(({ kind, name, controller }): Sample => [
      { owner_kind: kind, owner_name: name, owner_is_controller: String(controller ?? false) },
      1,
    ]),
  ),
  number('created', 'When a pod was made, in seconds since 1970', (pod) => seconds(pod.metadata?.creationTimestamp)),
  number('start_time', 'When a pod was taken by its node, in seconds since 1970', (pod) =>
    seconds(pod.status?.startTime),
  ),
  family('status_phase', 'The phase of a pod: 1 for the one that it is in', ['phase'], (pod) =>
    oneOf('phase', PHASES, pod.status?.phase),
  ),
  family('status_ready', 'Whether a pod is ready', ['condition'], (pod) => {
    const ready = pod.status?.conditions?.find(({ type }) => type === 'Ready')?.status;
    return ready === undefined ? [] : oneOf('condition', CONDITION_STATUSES, ready.toLowerCase());
  }),
  family('status_scheduled', 'Whether a pod has a node', ['condition'], (pod) => {
    const scheduled = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled')?.status;
    return scheduled === undefined ? [] : oneOf('condition', CONDITION_STATUSES, scheduled.toLowerCase());
  }),
  family('status_reason', 'Why a pod failed, such as Evicted', ['reason'], (pod) =>
    pod.status?.reason === undefined ? [] : [[{ reason: pod.status.reason }, 1]],
  ),
  ...ofStatuses('container', 'a container', (pod) => pod.status?.containerStatuses ?? []),
  ...ofStatuses('init_container', 'an init container', (pod) => pod.status?.initContainerStatuses ?? []),
  asked('container_resource_requests', 'What is kept free for a container', 'requests'),
  asked('container_resource_limits', 'What a container never gets more of', 'limits'),
];
