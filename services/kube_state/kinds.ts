// Which kinds are watched: the one table of them. Its ClusterRole in prod/monitoring lets it read these.
import { DEPLOYS_LABEL, toldStack } from '../../tools/k8s/model/deploys.ts';
import {
  AUTOSCALER_FAMILIES,
  CRON_JOB_FAMILIES,
  DAEMON_SET_FAMILIES,
  DEPLOYMENT_FAMILIES,
  JOB_FAMILIES,
  REPLICA_SET_FAMILIES,
  STATEFUL_SET_FAMILIES,
} from './families/workloads.ts';
import {
  BUDGET_FAMILIES,
  CLAIM_FAMILIES,
  NAMESPACE_FAMILIES,
  NODE_FAMILIES,
  QUOTA_FAMILIES,
} from './families/cluster.ts';
import { DEPLOY_FAMILIES } from './families/deploys.ts';
import type { Family, Kind } from './families/family.ts';
import { POD_FAMILIES } from './families/pods.ts';

/** A kind whose label is its own name in small letters, as kube-state-metrics has them. */
function kind(
  apiVersion: string,
  name: string,
  plural: string,
  families: readonly Family[],
  isNamespaced = true,
): Kind {
  const path = apiVersion.includes('/') ? `/apis/${apiVersion}/${plural}` : `/api/${apiVersion}/${plural}`;
  const label = LABELS[name] ?? name.toLowerCase();
  return { apiVersion, kind: name, path, label, isNamespaced, families };
}

const LABELS: Readonly<Record<string, string>> = { ConfigMap: 'stack', Job: 'job_name' };

export const KINDS: readonly Kind[] = [
  kind('v1', 'Pod', 'pods', POD_FAMILIES),
  kind('v1', 'Node', 'nodes', NODE_FAMILIES, false),
  kind('v1', 'Namespace', 'namespaces', NAMESPACE_FAMILIES, false),
  kind('v1', 'PersistentVolumeClaim', 'persistentvolumeclaims', CLAIM_FAMILIES),
  kind('v1', 'ResourceQuota', 'resourcequotas', QUOTA_FAMILIES),
  kind('apps/v1', 'Deployment', 'deployments', DEPLOYMENT_FAMILIES),
  kind('apps/v1', 'ReplicaSet', 'replicasets', REPLICA_SET_FAMILIES),
  kind('apps/v1', 'StatefulSet', 'statefulsets', STATEFUL_SET_FAMILIES),
  kind('apps/v1', 'DaemonSet', 'daemonsets', DAEMON_SET_FAMILIES),
  kind('batch/v1', 'Job', 'jobs', JOB_FAMILIES),
  kind('batch/v1', 'CronJob', 'cronjobs', CRON_JOB_FAMILIES),
  kind('autoscaling/v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers', AUTOSCALER_FAMILIES),
  kind('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets', BUDGET_FAMILIES),
  // Of ConfigMaps those alone in which the engine tells of deploys.
  {
    ...kind('v1', 'ConfigMap', 'configmaps', DEPLOY_FAMILIES),
    selector: `${DEPLOYS_LABEL}=true`,
    shortName: toldStack,
  },
];
