// Nodes, namespaces, storage and what limits others.
import type {
  V1Namespace,
  V1Node,
  V1PersistentVolumeClaim,
  V1PodDisruptionBudget,
  V1ResourceQuota,
} from '@kubernetes/client-node';
import { type Family, type Sample, conditions, familiesOf, oneOf, quantity, resources, seconds } from './family.ts';

const node = familiesOf<V1Node>('kube_node');

/** What is told of nodes. */
export const NODE_FAMILIES: readonly Family[] = [
  node.family(
    'info',
    'What runs a node',
    ['kernel_version', 'os_image', 'container_runtime_version', 'kubelet_version', 'internal_ip'],
    ({ status }) => {
      const info = status?.nodeInfo;
      const labels = {
        kernel_version: info?.kernelVersion ?? '',
        os_image: info?.osImage ?? '',
        container_runtime_version: info?.containerRuntimeVersion ?? '',
        kubelet_version: info?.kubeletVersion ?? '',
        internal_ip: status?.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? '',
      };
      return [[labels, 1]];
    },
  ),
  node.number('created', 'When a node was made, in seconds since 1970', ({ metadata }) =>
    seconds(metadata?.creationTimestamp),
  ),
  node.number('spec_unschedulable', 'Whether a node takes no new pods', ({ spec }) =>
    Number(spec?.unschedulable ?? false),
  ),
  node.family('spec_taint', 'What keeps pods from a node', ['key', 'value', 'effect'], ({ spec }) =>
    (spec?.taints ?? []).map(({ key, value, effect }): Sample => [{ key, value: value ?? '', effect }, 1]),
  ),
  node.family('status_condition', 'The conditions of a node', ['condition', 'status'], ({ status }) =>
    conditions(status?.conditions),
  ),
  node.family('status_capacity', 'What a node has', ['resource', 'unit'], ({ status }) => resources(status?.capacity)),
  node.family('status_allocatable', 'What a node has for pods', ['resource', 'unit'], ({ status }) =>
    resources(status?.allocatable),
  ),
];

const namespace = familiesOf<V1Namespace>('kube_namespace');

/** What is told of namespaces. */
export const NAMESPACE_FAMILIES: readonly Family[] = [
  namespace.number('created', 'When a namespace was made, in seconds since 1970', ({ metadata }) =>
    seconds(metadata?.creationTimestamp),
  ),
  namespace.family('status_phase', 'The phase of a namespace', ['phase'], ({ status }) =>
    oneOf('phase', ['Active', 'Terminating'], status?.phase),
  ),
];

const claim = familiesOf<V1PersistentVolumeClaim>('kube_persistentvolumeclaim');

/** What is told of volume claims. */
export const CLAIM_FAMILIES: readonly Family[] = [
  claim.family('info', 'What a claim has got', ['storageclass', 'volumename'], ({ spec }) => [
    [{ storageclass: spec?.storageClassName ?? '', volumename: spec?.volumeName ?? '' }, 1],
  ]),
  claim.family('status_phase', 'The phase of a claim', ['phase'], ({ status }) =>
    oneOf('phase', ['Pending', 'Bound', 'Lost'], status?.phase),
  ),
  claim.number('resource_requests_storage_bytes', 'How much a claim asks for', ({ spec }) =>
    quantity(spec?.resources?.requests?.['storage']),
  ),
];

const budget = familiesOf<V1PodDisruptionBudget>('kube_poddisruptionbudget');

/** What is told of disruption budgets. */
export const BUDGET_FAMILIES: readonly Family[] = [
  budget.number('status_current_healthy', 'How many pods are well', ({ status }) => status?.currentHealthy),
  budget.number('status_desired_healthy', 'How many must be', ({ status }) => status?.desiredHealthy),
  budget.number('status_expected_pods', 'How many there are', ({ status }) => status?.expectedPods),
  budget.number(
    'status_pod_disruptions_allowed',
    'How many may be put out',
    ({ status }) => status?.disruptionsAllowed,
  ),
];

const quota = familiesOf<V1ResourceQuota>('kube');

/** What is told of quotas. */
export const QUOTA_FAMILIES: readonly Family[] = [
  quota.family('resourcequota', 'What a namespace may use and uses', ['resource', 'type'], ({ status }) =>
    (['hard', 'used'] as const).flatMap((type) =>
      Object.entries(status?.[type] ?? {}).map(([resource, text]): Sample => [{ resource, type }, quantity(text)]),
    ),
  ),
];
