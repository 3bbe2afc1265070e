// The inventories of a stack's sets and their live members, in few requests: sets that share a place are listed together.
import { mapLimited } from '../../lib/limit.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Resource, Resources } from '../kube/discovery.ts';
import { getMetadata, isApplied, listObjects } from '../kube/objects.ts';
import type { KubeObject } from '../model/object.ts';
import type { LoadedSet } from '../model/plan_input.ts';
import {
  type Inventory,
  PART_OF,
  REVISION,
  TOOL,
  applySetId,
  inventoryOf,
  parentObject,
  readInventory,
  toolOf,
  unionOf,
} from './applyset.ts';
import type { Desired } from './desired.ts';
import * as problems from './problems.ts';
import type { Connected } from './session.ts';

/** Requests at once. */
const CONCURRENCY = 16;
/** Sets in one selector: with more, proxies could refuse the address as too long. */
const SETS_AT_ONCE = 50;

export const SECRETS: Resource = { apiVersion: 'v1', kind: 'Secret', plural: 'secrets', isNamespaced: true };

/** An inventory of the plan, with the live members of its set. */
export interface SetState {
  readonly set: LoadedSet;
  readonly id: string;
  readonly before: Inventory | undefined;
  /** Whether the last run that changed it was cut off. */
  readonly isUnfinished: boolean;
  readonly members: readonly Member[];
}

interface Member {
  readonly object: KubeObject;
  readonly resource: Resource;
}

type Parent = Omit<SetState, 'members'>;

/**
 * The inventories of those of `sets` that have one, in their order, with their live members, found by label among the
 * kinds that they or their manifests name.
 */
export async function readSets(
  { client, resources }: Connected,
  sets: readonly LoadedSet[],
  wanted: readonly Desired[],
): Promise<readonly SetState[]> {
  const own = new Map<LoadedSet, KubeObject[]>();
  for (const { set, object } of wanted) {
    const known = own.get(set);
    if (known === undefined) own.set(set, [object]);
    else known.push(object);
  }
  const parents = await mapLimited(
    sets.filter(({ stack }) => stack !== ''),
    CONCURRENCY,
    (set) => readParent(client, set),
  );
  // Without a parent nothing was ever applied as a set; a half-finished run has written its parent first.
  const listed = parents.flatMap(({ set, id, before }) => {
    if (before === undefined) return [];
    const all = unionOf(before, inventoryOf(set, own.get(set) ?? []));
    return listings(all, resources).map((place) => ({ ...place, id }));
  });
  const members = new Map(parents.map(({ id }): readonly [string, Member[]] => [id, []]));
  await mapLimited(together(listed), CONCURRENCY, async ({ resource, namespace, ids }) => {
    const options = {
      labelSelector: ids.length === 1 ? `${PART_OF}=${ids[0]}` : `${PART_OF} in (${ids.join(',')})`,
      ...(namespace === undefined ? {} : { namespace }),
    };
    const found = await listObjects(client, resource, options);
    for (const object of found.filter((one) => wasApplied(one) && !isMadeByAnother(one)))
      members.get(object.metadata.labels?.[PART_OF] ?? '')?.push({ object, resource });
  });
  return parents.map((parent) => ({ ...parent, members: members.get(parent.id) ?? [] }));
}

async function readParent(client: KubeClient, set: LoadedSet): Promise<Parent> {
  const empty = inventoryOf(set, []);
  const parent = await getMetadata(client, { resource: SECRETS, object: parentObject(empty) });
  const tool = parent === undefined ? TOOL : toolOf(parent);
  if (parent !== undefined && tool !== TOOL) throw problems.foreignParent(parent, tool);
  return {
    set,
    id: applySetId(set.stack, set.namespace),
    before: parent === undefined ? undefined : readInventory(parent),
    isUnfinished: parent?.metadata.annotations?.[REVISION]?.endsWith(' started') === true,
  };
}

interface Listing {
  readonly resource: Resource;
  /** Undefined: of no namespace. */
  readonly namespace?: string;
}

/**
 * Whether a controller made it of another object. Some, such as the Prometheus Operator, give what they make the labels of
 * what they make it of, and so that of the set: it is theirs all the same, and goes with its owner.
 */
function isMadeByAnother({ metadata }: KubeObject): boolean {
  return metadata.ownerReferences?.some(({ controller }) => controller === true) === true;
}

/**
 * Whether Fathom made it, or took it over. Others copy the labels of a member and do not say of what, such as the controller
 * of Endpoints those of a Service. Where nobody is said to own a field, somebody has taken that away: then the label counts.
 */
function wasApplied(object: KubeObject): boolean {
  return (object.metadata.managedFields ?? []).length === 0 || isApplied(object);
}

/** The collections in which members may be. */
function listings(inventory: Inventory, resources: Resources): Listing[] {
  const namespaces = [inventory.namespace, ...inventory.namespaces];
  return inventory.groupKinds.flatMap((kind) => {
    const resource = resources.findGroupKind(kind);
    if (resource === undefined) return [];
    return resource.isNamespaced ? namespaces.map((namespace) => ({ resource, namespace })) : [{ resource }];
  });
}

/** One listing of each collection for all sets that may have members there, for as many at once as one selector takes. */
function together(
  listed: readonly (Listing & { readonly id: string })[],
): (Listing & { readonly ids: readonly string[] })[] {
  const places = new Map<string, { readonly listing: Listing; readonly ids: Set<string> }>();
  for (const { id, ...listing } of listed) {
    const { apiVersion, plural } = listing.resource;
    const key = `${apiVersion} ${plural} ${listing.namespace ?? ''}`;
    const place = places.get(key) ?? { listing, ids: new Set() };
    place.ids.add(id);
    places.set(key, place);
  }
  return [...places.values()].flatMap(({ listing, ids }) => {
    const all = [...ids];
    const count = Math.ceil(all.length / SETS_AT_ONCE);
    return Array.from({ length: count }, (_, index) => ({
      ...listing,
      ids: all.slice(index * SETS_AT_ONCE, (index + 1) * SETS_AT_ONCE),
    }));
  });
}
