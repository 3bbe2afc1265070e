// Readiness of the kinds that run pods.
import { asList, at, numberAt, textAt } from '../model/object.ts';
import type { KubeObject } from '../model/object.ts';
import { CURRENT, type Status, conditionOf, conditionText, failed, progressing } from './status.ts';

const wanted = (object: KubeObject) => numberAt(object, 'spec', 'replicas') ?? 1;
const count = (object: KubeObject, field: string) => numberAt(object, 'status', field) ?? 0;

/** Ready when all replicas are of the last template and available, and none of an older one is left. */
export function deploymentStatus(object: KubeObject): Status {
  const condition = conditionOf(object, 'Progressing');
  if (condition?.reason === 'ProgressDeadlineExceeded') return failed(conditionText(condition));
  const replicas = wanted(object);
  if (numberAt(object, 'status', 'observedGeneration') === undefined)
    return progressing('not seen by its controller yet');
  // A quota, or an admission that refuses its pods: there is no pod that could say so.
  const failure = conditionOf(object, 'ReplicaFailure');
  if (failure?.status === 'True') return progressing(conditionText(failure));
  const updated = count(object, 'updatedReplicas');
  if (updated < replicas) return progressing(`${updated} of ${replicas} replicas updated`);
  const old = count(object, 'replicas') - updated;
  if (old > 0) return progressing(`${old} old replicas still there`);
  const available = count(object, 'availableReplicas');
  if (available < replicas) return progressing(`${available} of ${replicas} replicas ready`);
  return CURRENT;
}

/** Ready when all replicas from the partition on are of the last revision and ready, for as long as `minReadySeconds` asks. */
export function statefulSetStatus(object: KubeObject): Status {
  if (textAt(object, 'spec', 'updateStrategy', 'type') === 'OnDelete') return CURRENT;
  if (numberAt(object, 'status', 'observedGeneration') === undefined)
    return progressing('not seen by its controller yet');
  const replicas = wanted(object);
  const ready = count(object, 'readyReplicas');
  if (ready < replicas) return progressing(`${ready} of ${replicas} replicas ready`);
  const seconds = numberAt(object, 'spec', 'minReadySeconds') ?? 0;
  const available = count(object, 'availableReplicas');
  if (seconds > 0 && available < replicas)
    return progressing(`${available} of ${replicas} replicas ready for ${seconds} s`);
  const extra = count(object, 'replicas') - replicas;
  if (extra > 0) return progressing(`${extra} replicas too many`);
  const partition = numberAt(object, 'spec', 'updateStrategy', 'rollingUpdate', 'partition') ?? 0;
  const updated = count(object, 'updatedReplicas');
  if (partition > 0) {
    return updated < replicas - partition
      ? progressing(`${updated} of ${replicas - partition} replicas updated`)
      : CURRENT;
  }
  const revisions = [textAt(object, 'status', 'currentRevision'), textAt(object, 'status', 'updateRevision')];
  return revisions[0] === revisions[1] ? CURRENT : progressing(`${updated} of ${replicas} replicas updated`);
}

/** Ready when every node that should run it runs the last template, available. */
export function daemonSetStatus(object: KubeObject): Status {
  if (numberAt(object, 'status', 'observedGeneration') === undefined)
    return progressing('not seen by its controller yet');
  const desired = count(object, 'desiredNumberScheduled');
  for (const [field, word] of [
    ['currentNumberScheduled', 'scheduled'],
    ['updatedNumberScheduled', 'updated'],
    ['numberAvailable', 'available'],
    ['numberReady', 'ready'],
  ] as const) {
    const have = count(object, field);
    if (have < desired) return progressing(`${have} of ${desired} pods ${word}`);
  }
  return CURRENT;
}

/** Ready when all replicas are. */
export function replicaSetStatus(object: KubeObject): Status {
  const failure = conditionOf(object, 'ReplicaFailure');
  if (failure?.status === 'True') return progressing(conditionText(failure));
  const replicas = wanted(object);
  const ready = count(object, 'availableReplicas');
  return ready < replicas || count(object, 'replicas') > replicas
    ? progressing(`${ready} of ${replicas} replicas ready`)
    : CURRENT;
}

/** Ready when complete: a Job is applied for what it does. A suspended one has nothing to do. */
export function jobStatus(object: KubeObject): Status {
  const failure = conditionOf(object, 'Failed');
  if (failure?.status === 'True') return failed(conditionText(failure));
  if (conditionOf(object, 'Complete')?.status === 'True') return CURRENT;
  if (conditionOf(object, 'Suspended')?.status === 'True') return CURRENT;
  const wantedRuns = numberAt(object, 'spec', 'completions') ?? 1;
  return progressing(`${count(object, 'succeeded')} of ${wantedRuns} runs complete`);
}

/** Ready when Ready, or done with success. */
export function podStatus(object: KubeObject): Status {
  const phase = textAt(object, 'status', 'phase') ?? 'Pending';
  if (phase === 'Succeeded') return CURRENT;
  if (phase === 'Failed') return failed(podTrouble(object) ?? 'it failed');
  const lasting = lastingTrouble(object);
  if (lasting !== undefined) return failed(lasting);
  if (conditionOf(object, 'Ready')?.status === 'True') return CURRENT;
  return progressing(podTrouble(object) ?? phase.toLowerCase());
}

/** Reasons that no time mends. A pull that fails may succeed, what crashes may lack only what is not up yet. */
const LASTING: ReadonlySet<string> = new Set(['InvalidImageName']);

/** What a pod suffers from that waiting does not mend; undefined where there may be hope. */
export function lastingTrouble(pod: unknown): string | undefined {
  const lost = statusesOf(pod).find((container) => LASTING.has(textAt(container, 'state', 'waiting', 'reason') ?? ''));
  return lost === undefined ? undefined : `container ${textAt(lost, 'name') ?? '?'}: ${containerTrouble(lost) ?? ''}`;
}

function statusesOf(pod: unknown): readonly unknown[] {
  return [...asList(at(pod, 'status', 'initContainerStatuses')), ...asList(at(pod, 'status', 'containerStatuses'))];
}

/** What keeps a pod from being ready, in a few words; undefined where nothing special does. */
export function podTrouble(pod: unknown): string | undefined {
  const containers = statusesOf(pod);
  for (const container of containers) {
    const trouble = containerTrouble(container);
    if (trouble !== undefined) return `container ${textAt(container, 'name') ?? '?'}: ${trouble}`;
  }
  const conditions = asList(at(pod, 'status', 'conditions'));
  const scheduled = conditions.find((condition) => textAt(condition, 'type') === 'PodScheduled');
  if (textAt(scheduled, 'status') === 'False') return `not scheduled: ${textAt(scheduled, 'message') ?? ''}`;
  const unready = containers.filter(
    (container) => at(container, 'ready') === false && at(container, 'state', 'running'),
  );
  if (unready.length > 0) return `container ${textAt(unready[0], 'name') ?? '?'}: runs, but its readiness probe fails`;
  return textAt(pod, 'status', 'message');
}

function containerTrouble(container: unknown): string | undefined {
  const ended = at(container, 'state', 'terminated') ?? at(container, 'lastState', 'terminated');
  const exit = numberAt(ended, 'exitCode');
  const reason = textAt(container, 'state', 'waiting', 'reason');
  if (reason !== undefined && reason !== 'ContainerCreating' && reason !== 'PodInitializing') {
    const code = exit === undefined ? '' : ` (exit code ${exit}, ${textAt(ended, 'reason') ?? 'no reason'})`;
    const message = exit === undefined ? textAt(container, 'state', 'waiting', 'message') : undefined;
    return `${reason}${code}${message === undefined ? '' : `: ${message}`}`;
  }
  if (exit !== undefined && exit !== 0 && at(container, 'ready') !== true) {
    return `ended with exit code ${exit} (${textAt(ended, 'reason') ?? 'no reason'})`;
  }
  return undefined;
}
