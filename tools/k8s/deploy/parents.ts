// The parents of sets in the API: read, made, and the histories in them written.
import type { KubeClient } from '../kube/client.ts';
import { pathOf } from '../kube/discovery.ts';
import { KubeStatusError } from '../kube/errors.ts';
import { applyObject, getObject } from '../kube/objects.ts';
import type { KubeObject } from '../model/object.ts';
import type { LoadedSet } from '../model/plan_input.ts';
import { type Inventory, REVISION, inventoryOf, parentName, parentObject, placeKey } from './applyset.ts';
import { type History, type PackedHistory, packHistory, readHistory } from './history.ts';
import { SECRETS } from './read_sets.ts';

/** Beside the manager of objects, so that neither takes away what the other wrote. */
const HISTORY_MANAGER = 'fathom-history';

type Place = Pick<LoadedSet, 'namespace' | 'stack'>;

/** The parent of a set; undefined where there is none. */
export function parentOf(client: KubeClient, place: Place): Promise<KubeObject | undefined> {
  return getObject(client, { resource: SECRETS, object: parentObject(inventoryOf(place, [])) });
}

/** Writes what a parent says of its members. */
export function writeInventory(client: KubeClient, inventory: Inventory): Promise<KubeObject> {
  return applyObject(
    client,
    { resource: SECRETS, object: parentObject(inventory) },
    { isDryRun: false, isForced: true },
  );
}

/** A parent with the history that it now has. */
export interface Recorded {
  readonly parent: KubeObject;
  readonly packed: PackedHistory;
}

/** A history and where it is written. */
export interface Recording {
  readonly client: KubeClient;
  readonly inventory: Inventory;
  readonly history: History;
}

/**
 * Makes a parent with its history, in one request. What it says of its members belongs to the manager of histories then,
 * until that of objects says something else. Undefined: another run has made it meanwhile.
 */
export async function makeParent({ client, inventory, history }: Recording): Promise<Recorded | undefined> {
  const packed = packHistory(history);
  const object = parentObject(inventory);
  const annotations = { ...object.metadata.annotations, [REVISION]: markOf(history) };
  try {
    const parent = (await client.request({
      method: 'POST',
      path: pathOf(SECRETS, { namespace: inventory.namespace }),
      query: { fieldManager: HISTORY_MANAGER },
      body: { ...object, metadata: { ...object.metadata, annotations }, data: packed.data },
      doing: `Recording ${placeKey(inventory)}`,
      // Repeated after a lost answer it finds what it has made.
      isIdempotent: true,
      isFinished: true,
    })) as KubeObject;
    return { parent, packed };
  } catch (error) {
    if (!(error instanceof KubeStatusError) || error.reason !== 'AlreadyExists') throw error;
    const parent = await parentOf(client, inventory);
    const newest = readHistory(parent).revisions.at(-1);
    const isOurs = newest !== undefined && newest.run === history.revisions.at(-1)?.run;
    return parent !== undefined && isOurs ? { parent, packed } : undefined;
  }
}

/** Writes the history into a parent that is there. */
export async function writeHistory({ client, inventory, history }: Recording): Promise<Recorded> {
  const packed = packHistory(history);
  const parent = (await client.request({
    method: 'PATCH',
    path: pathOf(SECRETS, { namespace: inventory.namespace, name: parentName(inventory.stack) }),
    query: { fieldManager: HISTORY_MANAGER },
    contentType: 'application/merge-patch+json',
    body: { metadata: { annotations: { [REVISION]: markOf(history) } }, data: packed.data },
    doing: `Recording the revision of ${placeKey(inventory)}`,
    isFinished: true,
  })) as KubeObject;
  return { parent, packed };
}

/** What {@link REVISION} says; null takes it away. */
function markOf({ revisions }: History): string | null {
  const newest = revisions.at(-1);
  return newest === undefined ? null : `${newest.number}${newest.state === 'started' ? ' started' : ''}`;
}
