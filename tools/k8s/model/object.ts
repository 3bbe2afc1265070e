// A Kubernetes object as data, and the words by which people and maps know it.

/** What JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

/** The part of an object's metadata that Fathom reads. */
export interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly finalizers?: readonly string[];
  readonly managedFields?: readonly ManagedFields[];
  readonly ownerReferences?: readonly {
    readonly uid: string;
    readonly kind: string;
    readonly name: string;
    readonly controller?: boolean;
  }[];
}

/** Who set which fields of an object. */
export interface ManagedFields {
  readonly manager?: string;
  /** The version of the kind in which the fields are named. */
  readonly apiVersion?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly fieldsV1?: JsonObject;
}

/** A Kubernetes object; fields beside these are of its kind. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata;
  readonly [field: string]: unknown;
}

/** `apps` of `apps/v1`; empty for the core group. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

/** `Deployment.apps`; `Service` for the core group. The form of ApplySet's contains-group-kinds. */
export function groupKind(object: Pick<KubeObject, 'apiVersion' | 'kind'>): string {
  const group = groupOf(object.apiVersion);
  return group === '' ? object.kind : `${object.kind}.${group}`;
}

/** What tells one object from another in a cluster: versions of the same group-kind are the same object. */
export function keyOf(object: KubeObject): string {
  return `${groupKind(object)}/${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

/** `Deployment server (ns prod)`, for people. */
export function nameOf(object: KubeObject): string {
  const { name, namespace } = object.metadata;
  return `${object.kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

/** `value` where it is a JSON object, else undefined. */
export function asRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

/** `value` where it is a list, else an empty one. */
export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The value at a path of fields, undefined where there is none. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let current = value;
  for (const field of path) current = asRecord(current)?.[field];
  return current;
}

/** The text at a path, undefined where there is none. */
export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : undefined;
}

/** The number at a path, undefined where there is none. */
export function numberAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = at(value, ...path);
  return typeof found === 'number' ? found : undefined;
}

/** `value` with every string in it, also in lists and nested objects, mapped; keys stay. Shares what did not change. */
export function mapStrings<T>(value: T, map: (text: string) => string): T {
  if (typeof value === 'string') return map(value) as T;
  if (Array.isArray(value)) {
    const mapped = value.map((item: unknown) => mapStrings(item, map));
    return mapped.some((item, index) => item !== value[index]) ? (mapped as T) : value;
  }
  const record = asRecord(value);
  if (record === undefined) return value;
  let changed = false;
  const mapped: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(record)) {
    mapped[key] = mapStrings(item, map);
    changed ||= mapped[key] !== item;
  }
  return changed ? (mapped as T) : value;
}
