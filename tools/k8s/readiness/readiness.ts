// The readiness of any object: the table of rules by kind.
import { type KubeObject, groupKind, textAt } from '../model/object.ts';
import {
  CURRENT,
  type Status,
  commonStatus,
  conditionOf,
  conditionText,
  failed,
  genericStatus,
  progressing,
} from './status.ts';
import { annotatedStatus } from './wait_for.ts';
import {
  daemonSetStatus,
  deploymentStatus,
  jobStatus,
  podStatus,
  replicaSetStatus,
  statefulSetStatus,
} from './workloads.ts';

export type { Status } from './status.ts';

const RULES: Readonly<Record<string, (object: KubeObject) => Status>> = {
  'APIService.apiregistration.k8s.io': apiServiceStatus,
  'CustomResourceDefinition.apiextensions.k8s.io': crdStatus,
  'DaemonSet.apps': daemonSetStatus,
  'Deployment.apps': deploymentStatus,
  'Job.batch': jobStatus,
  Namespace: namespaceStatus,
  PersistentVolumeClaim: claimStatus,
  Pod: podStatus,
  'ReplicaSet.apps': replicaSetStatus,
  Service: serviceStatus,
  'StatefulSet.apps': statefulSetStatus,
};

/** How far a live object is: by its kind, then by what it says itself. */
export function statusOf(object: KubeObject): Status {
  const status = commonStatus(object) ?? (RULES[groupKind(object)] ?? genericStatus)(object);
  return status.state === 'current' ? annotatedStatus(object) : status;
}

function apiServiceStatus(object: KubeObject): Status {
  const available = conditionOf(object, 'Available');
  if (available?.status === 'True') return CURRENT;
  return progressing(available === undefined ? 'not available yet' : conditionText(available));
}

function crdStatus(object: KubeObject): Status {
  const names = conditionOf(object, 'NamesAccepted');
  if (names?.status === 'False') return failed(conditionText(names));
  return conditionOf(object, 'Established')?.status === 'True' ? CURRENT : progressing('not established yet');
}

function namespaceStatus(object: KubeObject): Status {
  return textAt(object, 'status', 'phase') === 'Terminating'
    ? { state: 'terminating', message: 'being deleted' }
    : CURRENT;
}

function claimStatus(object: KubeObject): Status {
  const phase = textAt(object, 'status', 'phase') ?? 'Pending';
  if (phase === 'Bound') return CURRENT;
  return phase === 'Lost' ? failed('its volume is lost') : progressing('no volume is bound yet');
}

function serviceStatus(object: KubeObject): Status {
  const isBalanced = textAt(object, 'spec', 'type') === 'LoadBalancer';
  return isBalanced && (textAt(object, 'spec', 'clusterIP') ?? '') === '' ? progressing('no address yet') : CURRENT;
}
