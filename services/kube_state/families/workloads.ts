// What makes pods, and how far it is with it.
import type {
  V1CronJob,
  V1DaemonSet,
  V1Deployment,
  V1Job,
  V1ReplicaSet,
  V1StatefulSet,
  V2HorizontalPodAutoscaler,
} from '@kubernetes/client-node';
import { type Family, type Sample, conditions, familiesOf, oneOf, seconds } from './family.ts';

const deployment = familiesOf<V1Deployment>('kube_deployment');

/** What is told of Deployments. A status without a number means 0. */
export const DEPLOYMENT_FAMILIES: readonly Family[] = [
  deployment.number('created', 'When it was made, in seconds since 1970', ({ metadata }) =>
    seconds(metadata?.creationTimestamp),
  ),
  deployment.number('metadata_generation', 'Which version of it is wanted', ({ metadata }) => metadata?.generation),
  deployment.number(
    'status_observed_generation',
    'Which version of it its controller has seen',
    ({ status }) => status?.observedGeneration,
  ),
  deployment.number('spec_replicas', 'How many pods it shall have', ({ spec }) => spec?.replicas),
  deployment.number('spec_paused', 'Whether it is paused', ({ spec }) => Number(spec?.paused ?? false)),
  deployment.number('status_replicas', 'How many pods it has', ({ status }) => status?.replicas ?? 0),
  deployment.number('status_replicas_ready', 'How many are ready', ({ status }) => status?.readyReplicas ?? 0),
  deployment.number(
    'status_replicas_available',
    'How many are available',
    ({ status }) => status?.availableReplicas ?? 0,
  ),
  deployment.number(
    'status_replicas_unavailable',
    'How many are missing',
    ({ status }) => status?.unavailableReplicas ?? 0,
  ),
  deployment.number(
    'status_replicas_updated',
    'How many are of its newest version',
    ({ status }) => status?.updatedReplicas ?? 0,
  ),
  deployment.family('status_condition', 'Its conditions', ['condition', 'status'], ({ status }) =>
    conditions(status?.conditions),
  ),
];

const replicaSet = familiesOf<V1ReplicaSet>('kube_replicaset');

/** What is told of ReplicaSets. */
export const REPLICA_SET_FAMILIES: readonly Family[] = [
  replicaSet.family('owner', 'What a ReplicaSet belongs to', ['owner_kind', 'owner_name'], ({ metadata }) =>
    (metadata?.ownerReferences ?? []).map(({ kind, name }): Sample => [{ owner_kind: kind, owner_name: name }, 1]),
  ),
  replicaSet.number('spec_replicas', 'How many pods it shall have', ({ spec }) => spec?.replicas),
  replicaSet.number('status_ready_replicas', 'How many are ready', ({ status }) => status?.readyReplicas ?? 0),
];

const statefulSet = familiesOf<V1StatefulSet>('kube_statefulset');

/** What is told of StatefulSets. */
export const STATEFUL_SET_FAMILIES: readonly Family[] = [
  statefulSet.number('created', 'When it was made, in seconds since 1970', ({ metadata }) =>
    seconds(metadata?.creationTimestamp),
  ),
  statefulSet.number('metadata_generation', 'Which version of it is wanted', ({ metadata }) => metadata?.generation),
  statefulSet.number(
    'status_observed_generation',
    'Which version of it its controller has seen',
    ({ status }) => status?.observedGeneration,
  ),
  statefulSet.number('replicas', 'How many pods it shall have', ({ spec }) => spec?.replicas),
  statefulSet.number('status_replicas', 'How many pods it has', ({ status }) => status?.replicas ?? 0),
  statefulSet.number('status_replicas_ready', 'How many are ready', ({ status }) => status?.readyReplicas ?? 0),
  statefulSet.number(
    'status_replicas_updated',
    'How many are of its newest version',
    ({ status }) => status?.updatedReplicas ?? 0,
  ),
];

const daemonSet = familiesOf<V1DaemonSet>('kube_daemonset');

/** What is told of DaemonSets. */
export const DAEMON_SET_FAMILIES: readonly Family[] = [
  daemonSet.number(
    'status_desired_number_scheduled',
    'How many nodes shall run it',
    ({ status }) => status?.desiredNumberScheduled,
  ),
  daemonSet.number(
    'status_current_number_scheduled',
    'How many of them run it',
    ({ status }) => status?.currentNumberScheduled,
  ),
  daemonSet.number('status_number_ready', 'On how many it is ready', ({ status }) => status?.numberReady),
  daemonSet.number(
    'status_number_available',
    'On how many it is available',
    ({ status }) => status?.numberAvailable ?? 0,
  ),
  daemonSet.number(
    'status_number_unavailable',
    'On how many it is missing',
    ({ status }) => status?.numberUnavailable ?? 0,
  ),
  daemonSet.number(
    'status_number_misscheduled',
    'How many nodes run it that should not',
    ({ status }) => status?.numberMisscheduled,
  ),
  daemonSet.number(
    'status_updated_number_scheduled',
    'On how many it is of its newest version',
    ({ status }) => status?.updatedNumberScheduled ?? 0,
  ),
];

const job = familiesOf<V1Job>('kube_job');

const JOB_CONDITION = ['true', 'false', 'unknown'] as const;

const ended = (name: string, help: string, condition: string): Family =>
  job.family(name, help, ['condition'], ({ status }) => {
    const found = status?.conditions?.find(({ type }) => type === condition)?.status;
    return found === undefined ? [] : oneOf('condition', JOB_CONDITION, found.toLowerCase());
  });

/** What is told of Jobs. */
export const JOB_FAMILIES: readonly Family[] = [
  job.family('owner', 'What a Job belongs to', ['owner_kind', 'owner_name'], ({ metadata }) =>
    (metadata?.ownerReferences ?? []).map(({ kind, name }): Sample => [{ owner_kind: kind, owner_name: name }, 1]),
  ),
  job.number('status_active', 'How many of its pods run', ({ status }) => status?.active ?? 0),
  job.number('status_succeeded', 'How many of its pods have succeeded', ({ status }) => status?.succeeded ?? 0),
  job.number('status_failed', 'How many of its pods have failed', ({ status }) => status?.failed ?? 0),
  job.number('status_start_time', 'When it began, in seconds since 1970', ({ status }) => seconds(status?.startTime)),
  job.number('status_completion_time', 'When it succeeded, in seconds since 1970', ({ status }) =>
    seconds(status?.completionTime),
  ),
  ended('complete', 'Whether it has succeeded', 'Complete'),
  ended('failed', 'Whether it has failed', 'Failed'),
];

const cronJob = familiesOf<V1CronJob>('kube_cronjob');

/** What is told of CronJobs. */
export const CRON_JOB_FAMILIES: readonly Family[] = [
  cronJob.number('spec_suspend', 'Whether it is suspended', ({ spec }) => Number(spec?.suspend ?? false)),
  cronJob.number('status_active', 'How many of its Jobs run', ({ status }) => status?.active?.length ?? 0),
  cronJob.number('status_last_schedule_time', 'When it last began, in seconds since 1970', ({ status }) =>
    seconds(status?.lastScheduleTime),
  ),
  cronJob.number('status_last_successful_time', 'When it last succeeded, in seconds since 1970', ({ status }) =>
    seconds(status?.lastSuccessfulTime),
  ),
];

const autoscaler = familiesOf<V2HorizontalPodAutoscaler>('kube_horizontalpodautoscaler');

/** What is told of HorizontalPodAutoscalers. */
export const AUTOSCALER_FAMILIES: readonly Family[] = [
  autoscaler.number('spec_min_replicas', 'The least number of pods', ({ spec }) => spec?.minReplicas),
  autoscaler.number('spec_max_replicas', 'The greatest number of pods', ({ spec }) => spec?.maxReplicas),
  autoscaler.number('status_current_replicas', 'How many pods there are', ({ status }) => status?.currentReplicas ?? 0),
  autoscaler.number('status_desired_replicas', 'How many there shall be', ({ status }) => status?.desiredReplicas),
  autoscaler.family('status_condition', 'Its conditions', ['condition', 'status'], ({ status }) =>
    conditions(status?.conditions),
  ),
];
