// Makes a plan: wanted objects × live ones, compared by the server's own dry run. Only reads.
import { mapLimited } from '../../lib/limit.ts';
import { type KubeClient } from '../kube/client.ts';
import { KubeStatusError, isNotFound } from '../kube/errors.ts';
import { type Target, applyObject, getObject, isValidAnew } from '../kube/objects.ts';
import { type KubeObject, groupKind, keyOf } from '../model/object.ts';
import type { LoadedSet } from '../model/plan_input.ts';
import { inventoryOf, placeKey } from './applyset.ts';
import { isAsApplied } from './as_applied.ts';
import { templatesOf, templatesWithout } from './claims.ts';
import { fieldChanges, isSameOwnership } from './changes.ts';
import { changedKinds, definedKinds, isRefusal } from './definitions.ts';
import { type Desired, desiredObjects, withMembership } from './desired.ts';
import { ROLE, roleKeyOf } from './granted_rights.ts';
import { type Mutations, readMutations } from './mutations.ts';
import { HOLDS_DATA, isProtected, reasonsToKeep } from './kept.ts';
import { isMadeAnew, isRunAgain } from './on_immutable.ts';
import { dependencies, holdsData } from './order.ts';
import type { Plan, PlannedObject, PlannedSet } from './plan.ts';
import {
  NAMESPACES,
  findPersonal,
  guardObjects,
  isOwn,
  namespaceObject,
  personalObject,
} from './personal_namespace.ts';
import * as problems from './problems.ts';
import { type SetState, readSets } from './read_sets.ts';
import { withVersions } from './secret_versions.ts';
import type { Connected, Session } from './session.ts';

/** Requests at once. */
const CONCURRENCY = 16;

/** What {@link makePlan} plans. */
export interface PlanOptions {
  readonly sets: readonly LoadedSet[];
  /** Whether they are put back as they were, others of the stack staying as they are. Default: false. */
  readonly isRestoring?: boolean;
}

/** Plans to apply sets. Throws K8S_* errors that name all objects that cannot be applied. */
export async function makePlan(
  session: Session,
  connected: Connected,
  { sets, isRestoring = false }: PlanOptions,
): Promise<Plan> {
  const { client, resources } = connected;
  const wanted = desiredObjects(sets, { resources, defaultNamespace: client.access.namespace });
  // What cannot be ordered is told before anything else is asked.
  dependencies(
    wanted.map(({ object }) => object),
    { isLenient: isRestoring },
  );
  const [namespaces, states, isMutated] = await Promise.all([
    planNamespaces(session, client, wanted),
    readSets(connected, sets, wanted),
    readMutations(connected),
  ]);
  const missing = new Set(
    namespaces.filter(({ live }) => live === undefined).map(({ object }) => object.metadata.name),
  );
  const members = new Map(states.flatMap((state) => state.members.map(({ object }) => [keyOf(object), object])));
  const ids = new Set(states.map(({ id }) => id));
  const roles = new Set(wanted.map(({ object }) => keyOf(object)).filter((key) => ROLE.test(key)));
  const collected = problems.collect();
  const versioned = await withVersions(wanted, async (one) => {
    const member = members.get(keyOf(one.object));
    return member ?? (one.isServed ? getObject(client, one) : undefined);
  });
  const context = { session, client, members, missing, ids, roles, isMutated };
  const plan = (list: readonly Desired[], changing: ReadonlySet<string> = new Set()) =>
    mapLimited(list, CONCURRENCY, (one) => collected.guard(() => planObject(one, { ...context, changing })));
  const planAll = async () => {
    const defined = definedKinds(versioned.map(({ object }) => object));
    const isCustom = ({ object }: Desired) => defined.has(groupKind(object));
    const others = await plan(versioned.filter((one) => !isCustom(one)));
    const changing = changedKinds(others.filter((one) => one !== undefined));
    const custom = await plan(versioned.filter(isCustom), changing);
    return versioned.map((one) => (isCustom(one) ? custom : others).shift());
  };
  const [guards, objects] = await Promise.all([plan(guardsOf(session, namespaces)), planAll()]);
  collected.throwAll();
  const keys = new Set(wanted.map(({ object }) => keyOf(object)));
  const pruned = states.flatMap((state) => prunable(state, keys, session.options.isPruningData));
  return {
    namespaces: [...namespaces, ...guards.filter((one) => one !== undefined)],
    objects: [...objects.filter((one) => one !== undefined), ...pruned],
    sets: states.map((state) => plannedSet(state, wanted, pruned, session.input.root)),
  };
}

interface ObjectContext {
  readonly session: Session;
  readonly client: KubeClient;
  readonly members: ReadonlyMap<string, KubeObject>;
  readonly missing: ReadonlySet<string>;
  readonly ids: ReadonlySet<string>;
  /** Whether only the server can say what it makes of an object. */
  readonly isMutated: Mutations;
  /** Keys of the stack's Roles and ClusterRoles. */
  readonly roles: ReadonlySet<string>;
  /** Kinds whose definitions the plan changes. */
  readonly changing: ReadonlySet<string>;
}

async function planObject(one: Desired, context: ObjectContext): Promise<PlannedObject> {
  const { client, session, members, missing, ids, roles, isMutated, changing } = context;
  const { resource, label } = one;
  problems.requireKnownValues(one.object, label);
  const set = one.set.stack === '' ? '' : placeKey(one.set);
  const isServed = one.isServed && !missing.has(one.object.metadata.namespace ?? '');
  const member = members.get(keyOf(one.object));
  // What is in no inventory is mostly new; one request tells. An object that is applied alone wants its live label first.
  if (member === undefined && isServed && set !== '') {
    const fresh = withMembership(one, undefined);
    if (await isNew({ resource, object: fresh }, context)) {
      return { action: 'create', object: fresh, live: undefined, resource, changes: [], label, set };
    }
  }
  // Members are listed in the version that the server prefers; states of two versions would differ for ever.
  const isComparable = member === undefined || member.apiVersion === one.object.apiVersion;
  const live = member !== undefined && isComparable ? member : isServed ? await getObject(client, one) : undefined;
  const object = withMembership(one, live);
  if (live?.metadata.deletionTimestamp !== undefined) {
    return { action: 'create', object, live: undefined, leaving: live, resource, changes: [], label, set };
  }
  if (!isServed) return { action: 'create', object, live: undefined, resource, changes: [], label, set };
  const { isForced, isRecreating } = session.options;
  if (live !== undefined && !isForced) problems.refuseForeignSet(object, live, ids);
  const isKept = isProtected(object) || (live !== undefined && isProtected(live));
  const isOver = live !== undefined && !isKept && isRunAgain(object, live, isRecreating);
  if (live !== undefined && !isMutated(resource) && isAsApplied(object, live)) {
    return { action: isOver ? 'recreate' : 'unchanged', object, live, resource, changes: [], label, set };
  }
  let result: KubeObject;
  try {
    result = await applyObject(client, { resource, object }, { isDryRun: true, isForced });
  } catch (error) {
    if (!(error instanceof KubeStatusError)) throw error;
    // The server looks for the role that is to be bound, which a dry run of its creation does not leave behind.
    const isBindingFirst = live === undefined && isNotFound(error) && roles.has(roleKeyOf(object) ?? '');
    if (isBindingFirst) return { action: 'create', object, live, resource, changes: [], label, set };
    const fields = live === undefined ? [] : await unchangeable(error, { resource, object }, client);
    const isAsked = live !== undefined && fields.length > 0 && (isRecreating || isMadeAnew(object, live));
    const isAllowed = isAsked && !isKept && (!holdsData(object) || session.options.isPruningData);
    if (!isAllowed && changing.has(groupKind(object)) && isRefusal(error)) {
      // Its definition may allow it once that is changed: then the server decides.
      return { action: live === undefined ? 'create' : 'update', object, live, resource, changes: [], label, set };
    }
    if (live === undefined || fields.length === 0) throw problems.explain(error, object, label);
    if (!isAllowed) throw problems.immutable({ object, label, fields, isKept, holdsData: holdsData(object) });
    const changes = fields.map((path) => ({ path, before: undefined, after: undefined }));
    return { action: 'recreate', object, live, resource, changes, label, set };
  }
  if (live === undefined) return { action: 'create', object, live, resource, changes: [], label, set };
  const changes = fieldChanges(live, result);
  const action = changes.length > 0 ? 'update' : isSameOwnership(live, result) ? 'unchanged' : 'adopt';
  return { action: isOver ? 'recreate' : action, object, live, resource, changes, label, set };
}

/** Whether the server would make an object, and not change one. False where it refuses it. */
async function isNew(target: Target, { client, session }: ObjectContext): Promise<boolean> {
  try {
    const result = await applyObject(client, target, { isDryRun: true, isForced: session.options.isForced });
    // Only what was stored has a version.
    return result.metadata.resourceVersion === undefined;
  } catch (error) {
    if (error instanceof KubeStatusError) return false;
    throw error;
  }
}

/** The fields that the server takes in a new object, but not as a change of this one. */
async function unchangeable(error: KubeStatusError, target: Target, client: KubeClient): Promise<string[]> {
  if (error.status !== 422 || !(await isValidAnew(client, target))) return [];
  return [...new Set(error.causes.map(({ field }) => field))].filter((field) => field !== '');
}

/** Namespaces that are needed and in no manifest: the personal one and the tool's own are made, others must be there. */
async function planNamespaces(
  session: Session,
  client: KubeClient,
  wanted: readonly Desired[],
): Promise<PlannedObject[]> {
  const declared = new Set(
    wanted.filter(({ object }) => object.kind === 'Namespace').map((d) => d.object.metadata.name),
  );
  const needed = new Set([
    ...wanted.flatMap(({ object }) => object.metadata.namespace ?? []),
    ...session.sets.filter(({ stack }) => stack !== '').map(({ namespace }) => namespace),
  ]);
  return mapLimited([...needed], CONCURRENCY, async (name): Promise<PlannedObject> => {
    const isPersonal = name === session.personal;
    const live = isPersonal
      ? await findPersonal(session, client)
      : await getObject(client, { resource: NAMESPACES, object: namespaceObject(name) });
    const object = isPersonal
      ? personalObject(session, { live, nowMs: client.nowMs(), isRenewed: true })
      : namespaceObject(name);
    const isOurs = isPersonal || name === 'fathom-system' || declared.has(name);
    if (live === undefined && !isOurs) throw problems.missingNamespace(name, client.access.context);
    if (live?.metadata.deletionTimestamp !== undefined) throw problems.terminatingNamespace(name);
    // A declared one is created by its own manifest.
    const action = live === undefined && !declared.has(name) ? 'create' : 'unchanged';
    return { action, object, live, resource: NAMESPACES, changes: [], label: session.input.label, set: '' };
  });
}

/** Quota and limits of a personal namespace; none for one that its owner only uses. */
function guardsOf(session: Session, namespaces: readonly PlannedObject[]): Desired[] {
  const own = namespaces.find(({ object }) => object.metadata.name === session.personal);
  return own === undefined || (own.live !== undefined && !isOwn(own.live, undefined)) ? [] : guardObjects(session);
}

/** What the set once applied and nobody in this plan wants any more. */
function prunable(state: SetState, wanted: ReadonlySet<string>, isPruningData: boolean): PlannedObject[] {
  const former = state.members.filter(
    ({ object }) => !wanted.has(keyOf(object)) && object.metadata.deletionTimestamp === undefined,
  );
  const reasons = reasonsToKeep(
    former.map(({ object }) => object),
    isPruningData,
  );
  return former.map(({ object, resource }) => {
    const reason = reasons.get(object);
    const place = { label: state.set.label, set: placeKey(state.set) };
    const action = reason === undefined ? 'prune' : 'keep';
    const said = reason === undefined || reason === HOLDS_DATA ? {} : { reason };
    return { action, object, live: object, resource, changes: [], ...place, ...said };
  });
}

function plannedSet(
  state: SetState,
  wanted: readonly Desired[],
  pruned: readonly PlannedObject[],
  root: string,
): PlannedSet {
  const own = wanted.filter(({ set }) => set === state.set).map(({ object }) => object);
  const kept = pruned.filter(({ action, label }) => action === 'keep' && label === state.set.label);
  const members = [...own, ...kept.map(({ object }) => object)];
  // Claims of a StatefulSet that goes are known by nothing else; those of one that is back are its own again.
  const gone = pruned.filter(({ action, set }) => action === 'prune' && set === placeKey(state.set));
  const left = [...(state.before?.claims ?? []), ...gone.flatMap(({ object }) => templatesOf(object))];
  const after = inventoryOf(state.set, members, {
    roots: [...(state.before?.roots ?? []), root],
    claims: templatesWithout(left, own),
  });
  return { label: state.set.label, before: state.before, after, isUnfinished: state.isUnfinished };
}
