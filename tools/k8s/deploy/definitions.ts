// Custom resources whose definition changes in the same run: what the server says of them before goes by the old one. Pure.
import { KubeStatusError } from '../kube/errors.ts';
import { resourcesOfDefinition } from '../kube/objects.ts';
import { type KubeObject, groupKind } from '../model/object.ts';
import type { PlannedObject } from './plan.ts';

/** The kinds, `Widget.example.com`, that definitions among `objects` define. */
export function definedKinds(objects: readonly KubeObject[]): ReadonlySet<string> {
  return new Set(objects.flatMap(resourcesOfDefinition).map(groupKind));
}

/** The kinds whose definitions a plan changes. */
export function changedKinds(planned: readonly PlannedObject[]): ReadonlySet<string> {
  const changed = planned.filter(({ action }) => action === 'update' || action === 'recreate');
  return definedKinds(changed.map(({ object }) => object));
}

/** Whether the server refuses an object as one that its kind does not allow. */
export function isRefusal(error: unknown): boolean {
  return error instanceof KubeStatusError && (error.isSchema || error.status === 400 || error.status === 422);
}
