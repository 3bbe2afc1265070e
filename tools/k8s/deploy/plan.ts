// A plan: what would change in the cluster, object by object, as data.
import type { Resource } from '../kube/discovery.ts';
import type { KubeObject } from '../model/object.ts';
import type { Inventory } from './applyset.ts';
import type { FieldChange } from './changes.ts';

/**
 * What happens to an object. `adopt`: no field changes, but Fathom becomes one of its owners. `recreate`: deleted and
 * made anew, as a field cannot be changed. `prune`: an apply takes it away; `delete`: a delete does.
 */
export type Action = 'create' | 'update' | 'recreate' | 'adopt' | 'unchanged' | 'prune' | 'delete' | 'keep';

/** An object of the stack and what happens to it. */
export interface PlannedObject {
  readonly action: Action;
  /** As wanted; for `prune`, `delete` and `keep` as it is. */
  readonly object: KubeObject;
  /** As it is; undefined where there is none. */
  readonly live: KubeObject | undefined;
  /** One of its name that is being deleted, and must be gone before. Default: there is none. */
  readonly leaving?: KubeObject;
  readonly resource: Resource;
  readonly changes: readonly FieldChange[];
  /** The BUILD target that it comes from; the set's for `prune`. */
  readonly label: string;
  /** The set that it is in: `namespace/stack`; empty for an object that is applied alone. */
  readonly set: string;
  /** Why a delete keeps it. Default: nothing is said. */
  readonly reason?: string;
}

/** The inventory of one shallow stack. */
export interface PlannedSet {
  readonly label: string;
  /** What the parent says now; undefined where there is none. */
  readonly before: Inventory | undefined;
  /** What it must say in the end. */
  readonly after: Inventory;
  /** Whether the last run that changed it was cut off. */
  readonly isUnfinished: boolean;
}

/** What would change. */
export interface Plan {
  /** Namespaces that nobody's manifests have: the personal one, and those of inventories. */
  readonly namespaces: readonly PlannedObject[];
  readonly objects: readonly PlannedObject[];
  readonly sets: readonly PlannedSet[];
}

/** The objects that the stack has, without those that it had. */
export function wanted(plan: Plan): readonly PlannedObject[] {
  return plan.objects.filter(({ action }) => action !== 'prune' && action !== 'keep');
}

/** Whether an action writes to the cluster. */
export function isChange(action: Action): boolean {
  return action !== 'unchanged' && action !== 'keep';
}
