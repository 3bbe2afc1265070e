// What a delete removes: the members of the stack's inventories, except what others need and what holds data.
import { mapLimited } from '../../lib/limit.ts';
import { deleteObject, getObject, isApplied, listObjects } from '../kube/objects.ts';
import type { Resource } from '../kube/discovery.ts';
import { type KubeObject, asList, keyOf, textAt } from '../model/object.ts';
import { type Inventory, inventoryOf, parentObject } from './applyset.ts';
import { type Desired, desiredObjects } from './desired.ts';
import { PHASES, holdsData, phaseOf } from './order.ts';
import { SECRETS, type SetState, readSet } from './planner.ts';
import type { Connected, Session } from './session.ts';

const CONCURRENCY = 16;

/** An object of the cluster. */
export interface LiveObject {
  readonly object: KubeObject;
  readonly resource: Resource;
}

/** What a delete would do, in its order. */
export interface DeletePlan {
  /** Groups of objects; each group goes before the next. */
  readonly groups: readonly (readonly LiveObject[])[];
  readonly kept: readonly { readonly object: KubeObject; readonly reason: string }[];
  /** Inventories that others need: they stay, without this root. */
  readonly shared: readonly Inventory[];
  /** Inventories that end. */
  readonly ended: readonly LiveObject[];
}

/** Plans to delete the stack. Only reads. */
export async function planDelete(session: Session, connected: Connected): Promise<DeletePlan> {
  const { client, resources } = connected;
  const wanted = desiredObjects(session.sets, { resources, defaultNamespace: client.access.namespace });
  const withInventory = session.sets.filter(({ stack }) => stack !== '');
  const states = await Promise.all(withInventory.map((set) => readSet(connected, set, wanted)));
  const isDeep = withInventory.length > 1;
  const plan = {
    groups: [] as LiveObject[][],
    kept: [] as { object: KubeObject; reason: string }[],
    shared: [] as Inventory[],
    ended: [] as LiveObject[],
  };
  // What was applied last, and so needs the others, goes first.
  for (const state of states.reverse()) {
    if (state.before === undefined) continue;
    const others = state.before.roots.filter((root) => root !== session.input.root);
    if (isDeep && others.length > 0 && !session.options.isAll) {
      for (const { object } of state.members) plan.kept.push({ object, reason: `needed by ${others.join(', ')}` });
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
  plan: { groups: LiveObject[][]; kept: { object: KubeObject; reason: string }[]; ended: LiveObject[] },
): Promise<void> {
  const { isPruningData } = session.options;
  const isKept = ({ object }: LiveObject) => holdsData(object) && !isPruningData;
  const going = state.members.filter((member) => !isKept(member));
  const claims = isPruningData ? await claimsOf(state.members, connected) : [];
  for (const { object } of state.members.filter(isKept)) plan.kept.push({ object, reason: 'holds data' });
  plan.groups.push(...inOrder([...going, ...claims]));
  plan.ended.push({ resource: SECRETS, object: parentObject(inventoryOf(state.set, [], [])) });
}

/** Objects that are applied alone have no inventory: they go when Fathom applied them. */
async function singles(
  { client }: Connected,
  wanted: readonly Desired[],
): Promise<{ objects: LiveObject[]; kept: { object: KubeObject; reason: string }[] }> {
  const live = await mapLimited(wanted, CONCURRENCY, async (one) =>
    one.isServed ? { object: await getObject(client, one), resource: one.resource } : undefined,
  );
  const found = live.flatMap((one) =>
    one?.object === undefined ? [] : [{ object: one.object, resource: one.resource }],
  );
  return {
    objects: found.filter(({ object }) => isApplied(object)),
    kept: found
      .filter(({ object }) => !isApplied(object))
      .map(({ object }) => ({ object, reason: 'not applied by fathom' })),
  };
}

/** The reverse of the order in which things are applied. */
function inOrder(objects: readonly LiveObject[]): LiveObject[][] {
  return [...PHASES]
    .reverse()
    .map((phase) => objects.filter(({ object }) => phaseOf(object) === phase))
    .filter((group) => group.length > 0);
}

const CLAIMS: Resource = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  isNamespaced: true,
};

/** Claims that StatefulSets made from their templates: `<template>-<set>-<number>`. */
async function claimsOf(members: readonly LiveObject[], { client }: Connected): Promise<LiveObject[]> {
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

/** Sends the deletions of one group at once. */
export async function deleteGroup({ client }: Connected, group: readonly LiveObject[]): Promise<void> {
  await mapLimited(group, CONCURRENCY, (one) => deleteObject(client, one));
}
