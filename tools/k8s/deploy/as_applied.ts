// Whether an object is as Fathom applied it and would apply it again, told by the object alone: the server, which would
// say the same, need not be asked for each of hundreds. Whoever is not sure says no. Pure.
// Format: https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
import { isDeepStrictEqual } from 'node:util';
import { FIELD_MANAGER } from '../kube/objects.ts';
import { type KubeObject, asRecord } from '../model/object.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Whether Fathom owns exactly the fields of `wanted`, and the live object has their values: then applying it changes
 * nothing, neither a value nor an owner. False where that cannot be seen: the server writes some values in another form.
 */
export function isAsApplied(wanted: KubeObject, live: KubeObject): boolean {
  const own = (live.metadata.managedFields ?? []).filter(
    ({ manager, operation, subresource }) =>
      manager === FIELD_MANAGER && operation === 'Apply' && subresource === undefined,
  );
  const [entry] = own;
  const fields = asRecord(entry?.fieldsV1);
  if (own.length !== 1 || fields === undefined || entry?.apiVersion !== wanted.apiVersion) return false;
  return matches(fields, applied(wanted), live);
}

/** What of an object is a field that somebody owns: not its kind and not its name. */
function applied({ apiVersion: _version, kind: _kind, metadata, ...rest }: KubeObject): Fields {
  const { name: _name, namespace: _namespace, ...own } = metadata;
  return Object.keys(own).length === 0 ? rest : { ...rest, metadata: own };
}

/** Whether the names below `fields` are all of `wanted`, and live values are the same. */
function matches(fields: Fields, wanted: unknown, live: unknown): boolean {
  // The dot stands for the item itself.
  const names = Object.keys(fields).filter((name) => name !== '.');
  // A value, or a list or map that is owned as a whole.
  if (names.length === 0) return isDeepStrictEqual(wanted, live);
  if (Array.isArray(wanted) && Array.isArray(live)) return itemsMatch(fields, names, { wanted, live });
  const [left, right] = [asRecord(wanted), asRecord(live)];
  if (left === undefined || right === undefined || Object.keys(left).length !== names.length) return false;
  return names.every((name) => {
    const key = name.slice(2);
    return name.startsWith('f:') && key in left && matches(fieldsOf(fields, name), left[key], right[key]);
  });
}

interface Items {
  readonly wanted: readonly unknown[];
  readonly live: readonly unknown[];
}

/** Items that have keys, `k:{"name":"web"}`, or are their own, `v:"a"`: each must be there, in the same order. */
function itemsMatch(fields: Fields, names: readonly string[], { wanted, live }: Items): boolean {
  if (names.length !== wanted.length) return false;
  const places = names.map((name): readonly [number, number] | undefined => {
    const [kind, text] = [name.slice(0, 2), name.slice(2)];
    if (kind !== 'k:' && kind !== 'v:') return undefined;
    const key: unknown = JSON.parse(text);
    const isItem = (item: unknown, isWhole: boolean) =>
      kind === 'v:' ? isDeepStrictEqual(item, key) : hasKey(item, key, isWhole);
    // A key may have parts that a manifest leaves out, as the server knows their defaults.
    const [from, to] = [
      onlyIndex(wanted, (item) => isItem(item, false)),
      onlyIndex(live, (item) => isItem(item, true)),
    ];
    if (from === undefined || to === undefined) return undefined;
    return kind === 'v:' || matches(fieldsOf(fields, name), wanted[from], live[to]) ? [from, to] : undefined;
  });
  const found = places.filter((place) => place !== undefined).sort(([a], [b]) => a - b);
  if (found.length !== names.length) return false;
  return found.every(([from, to], index) => from === index && (index === 0 || to > (found[index - 1]?.[1] ?? -1)));
}

function fieldsOf(fields: Fields, name: string): Fields {
  return asRecord(fields[name]) ?? {};
}

/** The index of the one item that fits; undefined where none or several do. */
function onlyIndex(items: readonly unknown[], fits: (item: unknown) => boolean): number | undefined {
  const first = items.findIndex(fits);
  return first >= 0 && items.findLastIndex(fits) === first ? first : undefined;
}

function hasKey(item: unknown, key: unknown, isWhole: boolean): boolean {
  const [record, parts] = [asRecord(item), asRecord(key)];
  if (record === undefined || parts === undefined) return false;
  return Object.entries(parts).every(([name, value]) =>
    record[name] === undefined ? !isWhole : isDeepStrictEqual(record[name], value),
  );
}
