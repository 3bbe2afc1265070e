// What a delete removes: the members of the stack's inventories, except what others need and what holds data.
import { mapLimited } from '../../lib/limit.ts';
import { type Target, deleteObject, getObject, isApplied, listObjects } from '../kube/objects.ts';
import type { Resource } from '../kube/discovery.ts';
import { asList, keyOf, textAt } from '../model/object.ts';
import type { LoadedSet } from '../model/plan_input.ts';
import { type Inventory, inventoryOf, parentObject, placeKey } from './applyset.ts';
import { type Desired, desiredObjects } from './desired.ts';
import { PHASES, dependentsFirst, holdsData, liveDependencies, phaseOf } from './order.ts';
import type { PlannedObject } from './plan.ts';
import { SECRETS, type SetState, readSets } from './read_sets.ts';
import type { Connected, Session } from './session.ts';

const CONCURRENCY = 16;

/** What a delete would do, in its order. */
export interface DeletePlan {
  /** Groups of objects; each group goes before the next. */
  readonly groups: readonly (readonly PlannedObject[])[];
  readonly kept: readonly PlannedObject[];
  /** Inventories that others need: they stay, without this root. */
  readonly shared: readonly Inventory[];
  /** Inventories that end. */
  readonly ended: readonly Target[];
}

/** Plans to delete the stack. Only reads. */
export async function planDelete(session: Session, connected: Connected): Promise<DeletePlan> {
  const { client, resources } = connected;
  const wanted = desiredObjects(session.sets, { resources, defaultNamespace: client.access.namespace });
  const withInventory = session.sets.filter(({ stack }) => stack !== '');
  const states = await readSets(connected, withInventory, wanted);
  const isDeep = withInventory.length > 1;
  const plan = {
    groups: [] as PlannedObject[][],
    kept: [] as PlannedObject[],
    shared: [] as Inventory[],
    ended: [] as Target[],
  };
  // What was applied last, and so needs the others, goes first.
  for (const state of states.toReversed()) {
    if (state.before === undefined) continue;
    const others = state.before.roots.filter((root) => root !== session.input.root);
    if (isDeep && others.length > 0 && !session.options.isAll) {
      plan.kept.push(...state.members.map((one) => kept(one, state.set, `needed by ${others.join(', ')}`)));
      plan.shared.push({ ...state.before, roots: others });
      continue;
    }
    await planSet(state, session, connected, plan);
  }
  const single = await singles(
    connected,
    wanted.filter(({ set }) => set.stack === ''),
  );
  plan.kept.push(...single.kept);
  return { ...plan, groups: [...inOrder(single.objects), ...plan.groups] };
}

async function planSet(
  state: SetState,
  session: Session,
  connected: Connected,
  plan: { groups: PlannedObject[][]; kept: PlannedObject[]; ended: Target[] },
): Promise<void> {
  const { isPruningData } = session.options;
  const isKept = ({ object }: Target) => holdsData(object) && !isPruningData;
  const going = state.members.filter((member) => !isKept(member));
  const claims = isPruningData ? await claimsOf(state.members, connected) : [];
  plan.kept.push(...state.members.filter(isKept).map((one) => kept(one, state.set, 'holds data')));
  plan.groups.push(...inOrder([...going, ...claims].map((one) => deleted(one, state.set))));
  plan.ended.push({ resource: SECRETS, object: parentObject(inventoryOf(state.set, [], [])) });
}

type Owner = Pick<LoadedSet, 'label' | 'namespace' | 'stack'>;

function deleted({ object, resource }: Target, owner: Owner): PlannedObject {
  const set = owner.stack === '' ? '' : placeKey(owner);
  return { action: 'delete', object, live: object, resource, changes: [], label: owner.label, set };
}

function kept(one: Target, owner: Owner, reason: string): PlannedObject {
  return { ...deleted(one, owner), action: 'keep', reason };
}

/** Objects that are applied alone have no inventory: they go when Fathom applied them. */
async function singles(
  { client }: Connected,
  wanted: readonly Desired[],
): Promise<{ objects: PlannedObject[]; kept: PlannedObject[] }> {
  const live = await mapLimited(wanted, CONCURRENCY, async (one) => {
    const object = one.isServed ? await getObject(client, one) : undefined;
    return object === undefined ? [] : [{ object, resource: one.resource, owner: { ...one.set, label: one.label } }];
  });
  const found = live.flat();
  return {
    objects: found.filter(({ object }) => isApplied(object)).map((one) => deleted(one, one.owner)),
    kept: found.filter(({ object }) => !isApplied(object)).map((one) => kept(one, one.owner, 'not applied by fathom')),
  };
}

/** The reverse of the order in which things are applied. */
function inOrder(objects: readonly PlannedObject[]): PlannedObject[][] {
  const edges = liveDependencies(objects.map(({ object }) => object));
  return [...PHASES]
    .reverse()
    .map((phase) => objects.filter(({ object }) => phaseOf(object) === phase))
    .flatMap((group) => dependentsFirst(group, edges));
}

const CLAIMS: Resource = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  isNamespaced: true,
};

/** Claims that StatefulSets made from their templates: `<template>-<set>-<number>`. */
async function claimsOf(members: readonly Target[], { client }: Connected): Promise<Target[]> {
  const sets = members.filter(({ object }) => object.kind === 'StatefulSet');
  const known = new Set(members.map(({ object }) => keyOf(object)));
  const lists = await mapLimited(sets, CONCURRENCY, async ({ object }) => {
    const templates = asList((object['spec'] as { volumeClaimTemplates?: unknown } | undefined)?.volumeClaimTemplates);
    const { namespace, name } = object.metadata;
    if (templates.length === 0 || namespace === undefined) return [];
    const prefixes = templates.map((template) => `${textAt(template, 'metadata', 'name') ?? ''}-${name}-`);
    return (await listObjects(client, CLAIMS, { namespace })).filter((claim) =>
      prefixes.some(
        (prefix) => claim.metadata.name.startsWith(prefix) && /^\d+$/.test(claim.metadata.name.slice(prefix.length)),
      ),
    );
  });
  return lists
    .flat()
    .filter((object) => !known.has(keyOf(object)))
    .map((object) => ({ object, resource: CLAIMS }));
}

/** Those of `objects` that depend on some of `group`: they must be gone before it goes. */
export function dependentsOf(group: readonly PlannedObject[], objects: readonly PlannedObject[]): PlannedObject[] {
  const edges = liveDependencies([...group, ...objects].map(({ object }) => object));
  const keys = new Set(group.map(({ object }) => keyOf(object)));
  return objects.filter(({ object }) => (edges.get(keyOf(object)) ?? []).some((key) => keys.has(key)));
}

/** Sends the deletions of one group at once. */
export async function deleteGroup({ client }: Connected, group: readonly Target[]): Promise<void> {
  await mapLimited(group, CONCURRENCY, (one) => deleteObject(client, one));
}
