// What the engine does with objects, as one call for each exchange with the API server.
import { asList, at } from '../model/object.ts';
import { type KubeObject, groupOf, nameOf } from '../model/object.ts';
import type { KubeClient, KubeRequest } from './client.ts';
import { type Resource, pathOf } from './discovery.ts';
import { APPLY_PATCH, KubeStatusError, isNotFound, isStale } from './errors.ts';

/** The field manager of all that Fathom applies. */
export const FIELD_MANAGER = 'fathom';

/** One object's place in the API. */
export interface Target {
  readonly resource: Resource;
  readonly object: KubeObject;
}

/** Options of {@link applyObject}. */
export interface ApplyOptions {
  /** Whether the server only says what it would do. */
  readonly isDryRun: boolean;
  /** Whether fields of other managers are taken over. */
  readonly isForced: boolean;
  /** Ends the request. Default: the client's. */
  readonly signal?: AbortSignal;
}

/** The live object, or undefined where there is none. `options` are those of a {@link KubeRequest}. */
export async function getObject(
  client: KubeClient,
  target: Target,
  options: Pick<KubeRequest, 'accept' | 'signal'> = {},
): Promise<KubeObject | undefined> {
  const { resource, object } = target;
  try {
    const doing = `Reading ${nameOf(object)}`;
    return (await client.request({
      method: 'GET',
      path: pathOf(resource, object.metadata),
      doing,
      ...options,
    })) as KubeObject;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';

/** The live object's metadata alone, of what may be large; undefined where there is none. */
export async function getMetadata(client: KubeClient, target: Target): Promise<KubeObject | undefined> {
  const live = await getObject(client, target, { accept: METADATA_ONLY });
  const { apiVersion, kind } = target.object;
  return live === undefined ? undefined : { ...live, apiVersion, kind };
}

/** Options of {@link listObjects}. */
export interface ListOptions {
  /** Default: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Whether a resource that is unknown is an error. Default: false. */
  readonly isRequired?: boolean;
}

const PAGE = '500';

/** The live objects of a resource; an empty list where the resource is unknown and not required. */
export async function listObjects(client: KubeClient, resource: Resource, options: ListOptions): Promise<KubeObject[]> {
  const { namespace, labelSelector, fieldSelector, isRequired = false } = options;
  const objects: KubeObject[] = [];
  let next: string | undefined;
  do {
    let page: unknown;
    try {
      page = await client.request({
        method: 'GET',
        path: pathOf(resource, namespace === undefined ? {} : { namespace }),
        query: { labelSelector, fieldSelector, limit: PAGE, continue: next },
        doing: `Listing ${resource.plural}${namespace === undefined ? '' : ` of namespace ${namespace}`}`,
      });
    } catch (error) {
      if (isNotFound(error) && !isRequired) return objects;
      throw error;
    }
    // Items of a list leave out what the list says once.
    const { apiVersion, kind } = resource;
    for (const item of asList(at(page, 'items'))) objects.push({ ...(item as KubeObject), apiVersion, kind });
    const token = at(page, 'metadata', 'continue');
    next = typeof token === 'string' && token !== '' ? token : undefined;
  } while (next !== undefined);
  return objects;
}

/** Server-side apply. The answer is the object as it is, or as it would be. */
export async function applyObject(client: KubeClient, target: Target, options: ApplyOptions): Promise<KubeObject> {
  const { resource, object } = target;
  return (await client.request({
    method: 'PATCH',
    path: pathOf(resource, object.metadata),
    query: {
      fieldManager: FIELD_MANAGER,
      force: options.isForced ? 'true' : 'false',
      fieldValidation: 'Strict',
      dryRun: options.isDryRun ? 'All' : undefined,
    },
    contentType: APPLY_PATCH,
    body: object,
    isFinished: !options.isDryRun,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    doing: `${options.isDryRun ? 'Checking' : 'Applying'} ${nameOf(object)}`,
  })) as KubeObject;
}

/**
 * Whether the server would take an object if there was none of its name: then what it refuses in the live one is a
 * change. The server looks at an object before it looks for its name, so a good one is answered with AlreadyExists.
 */
export async function isValidAnew(client: KubeClient, { resource, object }: Target): Promise<boolean> {
  const { namespace } = object.metadata;
  try {
    await client.request({
      method: 'POST',
      path: pathOf(resource, namespace === undefined ? {} : { namespace }),
      query: { fieldManager: FIELD_MANAGER, fieldValidation: 'Strict', dryRun: 'All' },
      body: object,
      doing: `Checking ${nameOf(object)}`,
      isIdempotent: true,
    });
    return true;
  } catch (error) {
    if (error instanceof KubeStatusError) return error.reason === 'AlreadyExists';
    throw error;
  }
}

/** Options of {@link replaceObject}. */
export interface ReplaceOptions {
  /** What it is put in place of, in this very version. */
  readonly live: KubeObject;
  /** Whether the server only says what it would do. */
  readonly isDryRun: boolean;
}

/** Puts an object in place of the live one, which keeps its identity but none of its other fields. */
export async function replaceObject(
  client: KubeClient,
  { resource, object }: Target,
  { live, isDryRun }: ReplaceOptions,
): Promise<KubeObject> {
  const { uid, resourceVersion } = live.metadata;
  return (await client.request({
    method: 'PUT',
    path: pathOf(resource, object.metadata),
    query: { fieldManager: FIELD_MANAGER, fieldValidation: 'Strict', dryRun: isDryRun ? 'All' : undefined },
    body: { ...object, metadata: { ...object.metadata, uid, resourceVersion } },
    isFinished: !isDryRun,
    doing: `${isDryRun ? 'Checking' : 'Replacing'} ${nameOf(object)}`,
  })) as KubeObject;
}

/**
 * Makes Fathom's fields those of server-side apply alone: a PUT leaves an entry of its own among the managers, with
 * which the next apply would be in conflict. Throws a conflict where `live` is not the newest version.
 */
export async function dropUpdateManager(
  client: KubeClient,
  target: Target,
  { live, signal }: { readonly live: KubeObject; readonly signal: AbortSignal },
): Promise<void> {
  const { managedFields = [], resourceVersion } = live.metadata;
  const kept = managedFields.filter(
    ({ manager, operation, subresource }) =>
      manager !== FIELD_MANAGER || operation !== 'Update' || subresource !== undefined,
  );
  if (kept.length === managedFields.length) return;
  await client.request({
    method: 'PATCH',
    path: pathOf(target.resource, target.object.metadata),
    contentType: 'application/merge-patch+json',
    // The list is one value: what a controller has written into it meanwhile must not be lost.
    body: { metadata: { resourceVersion, managedFields: kept } },
    // After a conflict it is to be read anew.
    isIdempotent: false,
    isFinished: true,
    signal,
    doing: `Replacing ${nameOf(target.object)}`,
  });
}

/** Deletes exactly this object (by uid); nothing happens where it is gone already, or another one has its name. */
export async function deleteObject(client: KubeClient, target: Target): Promise<void> {
  const { resource, object } = target;
  const { uid } = object.metadata;
  try {
    await client.request({
      method: 'DELETE',
      path: pathOf(resource, object.metadata),
      body: {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        propagationPolicy: 'Background',
        ...(uid === undefined ? {} : { preconditions: { uid } }),
      },
      isFinished: true,
      doing: `Deleting ${nameOf(object)}`,
    });
  } catch (error) {
    if (!isNotFound(error) && !isStale(error)) throw error;
  }
}

/** Whether Fathom's server-side apply made or changed the object. */
export function isApplied(live: KubeObject): boolean {
  return (live.metadata.managedFields ?? []).some(
    ({ manager, operation }) => manager === FIELD_MANAGER && operation === 'Apply',
  );
}

/** The resource that a CustomResourceDefinition will serve, for each of its versions. */
export function resourcesOfDefinition(definition: KubeObject): Resource[] {
  if (definition.kind !== 'CustomResourceDefinition' || groupOf(definition.apiVersion) !== 'apiextensions.k8s.io') {
    return [];
  }
  const text = (...path: readonly string[]) => String(at(definition, 'spec', ...path) ?? '');
  return asList(at(definition, 'spec', 'versions')).map((version) => ({
    apiVersion: `${text('group')}/${String(at(version, 'name'))}`,
    kind: text('names', 'kind'),
    plural: text('names', 'plural'),
    isNamespaced: text('scope') === 'Namespaced',
  }));
}
