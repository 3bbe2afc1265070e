// What a delete removes: the members of the stack's inventories, except what others need and what holds data.
import { mapLimited } from '../../lib/limit.ts';
import { KubeStatusError } from '../kube/errors.ts';
import { type Target, deleteObject, getObject, isApplied } from '../kube/objects.ts';
import { keyOf } from '../model/object.ts';
import type { LoadedSet } from '../model/plan_input.ts';
import { type Inventory, inventoryOf, parentObject, placeKey } from './applyset.ts';
import { claimsOf, orphaned, templatesOf, templatesWithout } from './claims.ts';
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
  /** Inventories of what is kept, before and after: a later delete with --prune-data goes by them. */
  readonly remaining: readonly Remaining[];
  /** Inventories that end. */
  readonly ended: readonly Target[];
}

interface Remaining {
  readonly before: Inventory;
  readonly after: Inventory;
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
    remaining: [] as Remaining[],
    ended: [] as Target[],
  };
  // What was applied last, and so needs the others, goes first.
  for (const state of states.toReversed()) {
    const { before } = state;
    if (before === undefined) continue;
    const others = before.roots.filter((root) => root !== session.input.root);
    if (isDeep && others.length > 0 && !session.options.isAll) {
      plan.kept.push(...state.members.map((one) => kept(one, state.set, `needed by ${others.join(', ')}`)));
      plan.shared.push({ ...before, roots: others });
      continue;
    }
    await planSet({ ...state, before }, { session, connected, plan });
  }
  const single = await singles(
    connected,
    wanted.filter(({ set }) => set.stack === ''),
  );
  plan.kept.push(...single.kept);
  return { ...plan, groups: [...inOrder(single.objects), ...plan.groups] };
}

interface Context {
  readonly session: Session;
  readonly connected: Connected;
  readonly plan: { groups: PlannedObject[][]; kept: PlannedObject[]; remaining: Remaining[]; ended: Target[] };
}

async function planSet(
  { set, members, before }: SetState & { readonly before: Inventory },
  { session, connected, plan }: Context,
): Promise<void> {
  const { isPruningData } = session.options;
  const isKept = ({ object }: Target) => holdsData(object) && !isPruningData;
  const { claims, templates } = await readClaims({ members, before, isPruningData }, connected);
  const staying = [...members.filter(isKept), ...(isPruningData ? [] : claims)];
  const going = [...members.filter((member) => !isKept(member)), ...(isPruningData ? claims : [])];
  plan.kept.push(...staying.map((one) => kept(one, set, 'holds data')));
  plan.groups.push(...inOrder(going.map((one) => deleted(one, set))));
  if (staying.length === 0 && templates.length === 0) {
    plan.ended.push({ resource: SECRETS, object: parentObject(inventoryOf(set, [])) });
    return;
  }
  const left = members.filter(isKept).map(({ object }) => object);
  plan.remaining.push({ before, after: inventoryOf(set, left, { claims: templates }) });
}

interface Claims {
  /** Claims of templates that are no members themselves. */
  readonly claims: readonly Target[];
  /** The templates of which claims are left in the end. */
  readonly templates: readonly string[];
}

/** The claims of StatefulSets that go, or have gone before. */
async function readClaims(
  { members, before, isPruningData }: Pick<SetState, 'members'> & { before: Inventory; isPruningData: boolean },
  connected: Connected,
): Promise<Claims> {
  const objects = members.map(({ object }) => object);
  const former = templatesWithout(before.claims, objects);
  const templates = [...objects.flatMap(templatesOf), ...(isPruningData ? await orphaned(former, connected) : former)];
  try {
    const known = new Set(objects.map(keyOf));
    const found = (await claimsOf(templates, connected)).filter(({ target }) => !known.has(keyOf(target.object)));
    const made = new Set(found.map(({ template }) => template));
    return { claims: found.map(({ target }) => target), templates: isPruningData ? [] : [...made] };
  } catch (error) {
    // Who may not list claims may still delete the rest: what is left is looked up when they are to go.
    if (isPruningData || !(error instanceof KubeStatusError) || error.status !== 403) throw error;
    return { claims: [], templates };
  }
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
