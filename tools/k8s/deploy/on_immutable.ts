// Objects that are made anew without being told to where a field cannot be changed. Pure.
import { type KubeObject } from '../model/object.ts';
import { statusOf } from '../readiness/readiness.ts';

/** `recreate`: once the live object is done, or has failed, a change that cannot be made deletes it and makes it anew. */
export const ON_IMMUTABLE = 'fathom.internal/on-immutable';

/** Whether the manifest says so, and what is there is no longer at work. */
export function isMadeAnew(wanted: KubeObject, live: KubeObject): boolean {
  if (wanted.metadata.annotations?.[ON_IMMUTABLE] !== 'recreate') return false;
  const { state } = statusOf(live);
  return state === 'current' || state === 'failed';
}
