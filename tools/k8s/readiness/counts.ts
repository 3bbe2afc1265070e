// How many parts of an object are ready, of how many: the numbers of a table's column. Pure.
import { type KubeObject, asList, at, groupKind, numberAt } from '../model/object.ts';

/** `2/3`. */
export interface ReadyCount {
  readonly ready: number;
  readonly wanted: number;
}

const status = (object: KubeObject, field: string) => numberAt(object, 'status', field) ?? 0;
const replicas = (object: KubeObject) => numberAt(object, 'spec', 'replicas') ?? 1;

const COUNTS: Readonly<Record<string, (object: KubeObject) => ReadyCount>> = {
  'DaemonSet.apps': (object) => ({
    ready: status(object, 'numberReady'),
    wanted: status(object, 'desiredNumberScheduled'),
  }),
  'Deployment.apps': (object) => ({ ready: status(object, 'availableReplicas'), wanted: replicas(object) }),
  'Job.batch': (object) => ({
    ready: status(object, 'succeeded'),
    wanted: numberAt(object, 'spec', 'completions') ?? 1,
  }),
  Pod: (object) => {
    const containers = asList(at(object, 'status', 'containerStatuses'));
    return {
      ready: containers.filter((container) => at(container, 'ready') === true).length,
      wanted: asList(at(object, 'spec', 'containers')).length,
    };
  },
  'ReplicaSet.apps': (object) => ({ ready: status(object, 'readyReplicas'), wanted: replicas(object) }),
  'StatefulSet.apps': (object) => ({ ready: status(object, 'readyReplicas'), wanted: replicas(object) }),
};

/** The count of a live object; undefined for kinds that have no parts. */
export function readyCount(object: KubeObject): ReadyCount | undefined {
  return COUNTS[groupKind(object)]?.(object);
}
