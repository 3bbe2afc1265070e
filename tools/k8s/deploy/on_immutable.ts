// Objects that are made anew without being told to where a field cannot be changed. Pure.
import { type KubeObject, groupKind } from '../model/object.ts';
import { statusOf } from '../readiness/readiness.ts';

/** `recreate`: once the live object is done, or has failed, a change that cannot be made deletes it and makes it anew. */
export const ON_IMMUTABLE = 'fathom.internal/on-immutable';

/** Whether the manifest says so, and what is there is no longer at work. */
export function isMadeAnew(wanted: KubeObject, live: KubeObject): boolean {
  if (wanted.metadata.annotations?.[ON_IMMUTABLE] !== 'recreate') return false;
  const { state } = statusOf(live);
  return state === 'current' || state === 'failed';
}

/** Whether a live Job has failed, as which it stays whatever is applied, and the manifest or the caller says that it is made anew. */
export function isRunAgain(wanted: KubeObject, live: KubeObject, isRecreating: boolean): boolean {
  const isFailed = groupKind(wanted) === 'Job.batch' && statusOf(live).state === 'failed';
  return isFailed && (isRecreating || isMadeAnew(wanted, live));
}

/** Whether an apply without being told leaves an object as it is once it has failed: a Job whose manifest says nothing else. */
export function staysFailed(object: KubeObject): boolean {
  return groupKind(object) === 'Job.batch' && object.metadata.annotations?.[ON_IMMUTABLE] !== 'recreate';
}
