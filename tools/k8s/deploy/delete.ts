// What a delete removes: the members of the stack's inventories, except what others need and what holds data.
import { mapLimited } from '../../lib/limit.ts';
import { KubeStatusError } from '../kube/errors.ts';
import { type Target, deleteObject, getObject, isApplied } from '../kube/objects.ts';
import { type KubeObject, keyOf } from '../model/object.ts';
import type { LoadedSet } from '../model/plan_input.ts';
import { type Inventory, inventoryOf, parentObject, placeKey } from './applyset.ts';
import { type TemplateClaim, claimsOf, orphaned, templatesOf, templatesWithout } from './claims.ts';
import { type Desired, desiredObjects } from './desired.ts';
import { ON_DELETE, isProtected, reasonsToKeep } from './kept.ts';
import { PHASES, dependentsFirst, liveDependencies, phaseOf } from './order.ts';
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
  // What a definition that is gone has defined is gone with it.
  const wanted = desiredObjects(session.sets, {
    resources,
    defaultNamespace: client.access.namespace,
    unknownKinds: 'absent',
  });
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
  const { claims, unknown } = await readClaims({ members, before, isPruningData }, connected);
  const all = [...members, ...claims.map(({ target }) => target)];
  const reasons = reasonsToKeep(objectsOf(all), isPruningData);
  plan.kept.push(
    ...all.flatMap((one) => {
      const reason = reasons.get(one.object);
      return reason === undefined ? [] : [kept(one, set, reason)];
    }),
  );
  plan.groups.push(...inOrder(all.filter(({ object }) => !reasons.has(object)).map((one) => deleted(one, set))));
  const left = objectsOf(members).filter((object) => reasons.has(object));
  const templates = claims.filter(({ target }) => reasons.has(target.object)).map(({ template }) => template);
  if (left.length + templates.length + unknown.length === 0) {
    plan.ended.push({ resource: SECRETS, object: parentObject(inventoryOf(set, [])) });
    return;
  }
  plan.remaining.push({ before, after: inventoryOf(set, left, { claims: [...templates, ...unknown] }) });
}

function objectsOf(targets: readonly Target[]): KubeObject[] {
  return targets.map(({ object }) => object);
}

interface Claims {
  /** Claims of templates that are no members themselves. */
  readonly claims: readonly TemplateClaim[];
  /** Templates of which nobody can say which claims they have. */
  readonly unknown: readonly string[];
}

/** The claims of StatefulSets that go, or have gone before. */
async function readClaims(
  { members, before, isPruningData }: Pick<SetState, 'members'> & { before: Inventory; isPruningData: boolean },
  connected: Connected,
): Promise<Claims> {
  const objects = objectsOf(members);
  const former = templatesWithout(before.claims, objects);
  const templates = [
    ...objects.filter((object) => !isProtected(object)).flatMap(templatesOf),
    ...(isPruningData ? await orphaned(former, connected) : former),
  ];
  try {
    const known = new Set(objects.map(keyOf));
    const claims = await claimsOf(templates, connected);
    return { claims: claims.filter(({ target }) => !known.has(keyOf(target.object))), unknown: [] };
  } catch (error) {
    // Who may not list claims may still delete the rest: what is left is looked up when they are to go.
    if (isPruningData || !(error instanceof KubeStatusError) || error.status !== 403) throw error;
    return { claims: [], unknown: templates };
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
  const found = live.flat().map((one) => {
    const reason = isProtected(one.object) ? `${ON_DELETE}: keep` : 'not applied by fathom';
    return { one, isGoing: isApplied(one.object) && !isProtected(one.object), reason };
  });
  return {
    objects: found.filter(({ isGoing }) => isGoing).map(({ one }) => deleted(one, one.owner)),
    kept: found.filter(({ isGoing }) => !isGoing).map(({ one, reason }) => kept(one, one.owner, reason)),
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
