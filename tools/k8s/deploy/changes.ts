// What differs between two states of an object, field by field, without the noise of bookkeeping. Pure.
import { type KubeObject, asRecord } from '../model/object.ts';

/** One field that differs; a side is undefined where the field is not there. */
export interface FieldChange {
  /** `spec.template.spec.containers[server].image`. */
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

const BOOKKEEPING: ReadonlySet<string> = new Set([
  'creationTimestamp',
  'generation',
  'managedFields',
  'resourceVersion',
  'selfLink',
  'uid',
]);

/** The fields that differ; bookkeeping of the server and `status` do not count. */
export function fieldChanges(before: KubeObject, after: KubeObject): FieldChange[] {
  return compare(withoutBookkeeping(before), withoutBookkeeping(after), '');
}

function withoutBookkeeping(object: KubeObject): unknown {
  const { status: _status, metadata, ...rest } = object as KubeObject & { readonly status?: unknown };
  return { ...rest, metadata: Object.fromEntries(Object.entries(metadata).filter(([key]) => !BOOKKEEPING.has(key))) };
}

function compare(before: unknown, after: unknown, path: string): FieldChange[] {
  if (Object.is(before, after)) return [];
  const [left, right] = [asRecord(before), asRecord(after)];
  if (left !== undefined && right !== undefined) {
    const keys = [...new Set([...Object.keys(left), ...Object.keys(right)])].sort();
    return keys.flatMap((key) => compare(left[key], right[key], join(path, key)));
  }
  if (Array.isArray(before) && Array.isArray(after)) return compareLists(before, after, path);
  return [{ path, before, after }];
}

/** Lists whose items all have a key (`name`, `containerPort`) are compared by it, others by position. */
function compareLists(before: readonly unknown[], after: readonly unknown[], path: string): FieldChange[] {
  const key = ['name', 'containerPort', 'port', 'mountPath', 'type', 'key'].find((candidate) =>
    [before, after].every((list) => isKeyedBy(list, candidate)),
  );
  if (key === undefined) {
    const length = Math.max(before.length, after.length);
    return Array.from({ length }, (_, index) => compare(before[index], after[index], `${path}[${index}]`)).flat();
  }
  const byKey = (list: readonly unknown[]) => new Map(list.map((item) => [String(asRecord(item)?.[key]), item]));
  const [left, right] = [byKey(before), byKey(after)];
  const changes = [...new Set([...left.keys(), ...right.keys()])].flatMap((name) =>
    compare(left.get(name), right.get(name), `${path}[${name}]`),
  );
  const isReordered = changes.length === 0 && [...left.keys()].join('\n') !== [...right.keys()].join('\n');
  return isReordered ? [{ path: `${path} (order)`, before: [...left.keys()], after: [...right.keys()] }] : changes;
}

function isKeyedBy(list: readonly unknown[], key: string): boolean {
  const values = list.map((item) => asRecord(item)?.[key]);
  return values.every((value) => value !== undefined) && new Set(values).size === values.length;
}

function join(path: string, key: string): string {
  if (/^[A-Za-z_][\w-]*$/.test(key)) return path === '' ? key : `${path}.${key}`;
  return `${path}['${key}']`;
}

/** Whether two states say the same about who owns which fields (times do not count). */
export function isSameOwnership(before: KubeObject, after: KubeObject): boolean {
  const owners = ({ metadata }: KubeObject) =>
    JSON.stringify(
      (metadata.managedFields ?? [])
        .filter(({ subresource }) => subresource === undefined)
        .map(({ manager, operation, fieldsV1 }) => [manager, operation, fieldsV1])
        .map((entry) => JSON.stringify(entry))
        .sort(),
    );
  return owners(before) === owners(after);
}

/** A change with the values of Secrets hidden: only that they differ may be seen. */
export function redactChange(object: Pick<KubeObject, 'kind'>, change: FieldChange): FieldChange {
  const isSecret = object.kind === 'Secret' && /^(data|stringData)\b/.test(change.path);
  const isLastApplied = change.path.includes('last-applied-configuration');
  if (!isSecret && !isLastApplied) return change;
  const hide = (value: unknown) => (value === undefined ? undefined : '***');
  return { path: change.path, before: hide(change.before), after: hide(change.after) };
}
