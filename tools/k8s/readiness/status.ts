// How far an object is: the rules of kstatus, generic part. Pure functions from object to status.
// https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md
import { asList, at, numberAt, textAt } from '../model/object.ts';
import type { KubeObject } from '../model/object.ts';

/** `current`: as wanted. `progressing`: wait. `failed`: waiting does not help. `terminating`: on its way out. */
export interface Status {
  readonly state: 'current' | 'progressing' | 'failed' | 'terminating';
  /** Why, in a few words: `1 of 2 replicas ready`. */
  readonly message: string;
}

export const CURRENT: Status = { state: 'current', message: '' };

/** A status that asks to wait. */
export function progressing(message: string): Status {
  return { state: 'progressing', message };
}

/** A status that waiting does not mend. */
export function failed(message: string): Status {
  return { state: 'failed', message };
}

/** One of an object's conditions. */
export interface Condition {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  /** The generation that it is about, where its controller says so. */
  readonly observedGeneration: number | undefined;
}

/** The condition of a type, or undefined. Case does not matter, as to kubectl. */
export function conditionOf(object: KubeObject, type: string): Condition | undefined {
  const found = asList(at(object, 'status', 'conditions')).find(
    (condition) => textAt(condition, 'type')?.toLowerCase() === type.toLowerCase(),
  );
  if (found === undefined) return undefined;
  return {
    status: textAt(found, 'status') ?? '',
    reason: textAt(found, 'reason') ?? '',
    message: textAt(found, 'message') ?? '',
    observedGeneration: numberAt(found, 'observedGeneration'),
  };
}

/** A condition's own words. */
export function conditionText({ reason, message }: Condition): string {
  return [reason, message].filter((text) => text !== '').join(': ');
}

/** What holds for every kind: deletion, a controller that has not seen the last change yet; else undefined. */
export function commonStatus(object: KubeObject): Status | undefined {
  if (object.metadata.deletionTimestamp !== undefined) {
    const { finalizers = [] } = object.metadata;
    const held = finalizers.length === 0 ? '' : `, held by ${finalizers.join(', ')}`;
    return { state: 'terminating', message: `being deleted${held}` };
  }
  const observed = numberAt(object, 'status', 'observedGeneration');
  const { generation } = object.metadata;
  if (observed !== undefined && generation !== undefined && observed < generation) {
    return progressing('its controller has not seen the change yet');
  }
  return undefined;
}

/** By conditions, for kinds without rules of their own, custom resources included. */
export function genericStatus(object: KubeObject): Status {
  const stalled = conditionOf(object, 'Stalled');
  if (stalled?.status === 'True') return failed(conditionText(stalled));
  const reconciling = conditionOf(object, 'Reconciling');
  if (reconciling?.status === 'True') return progressing(conditionText(reconciling));
  const ready = conditionOf(object, 'Ready');
  if (ready !== undefined && ready.status !== 'True') return progressing(conditionText(ready) || 'not Ready');
  return CURRENT;
}
