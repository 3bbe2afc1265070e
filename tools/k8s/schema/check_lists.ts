// Lists whose items must differ: what server-side apply refuses, as it finds items by their keys.
// https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy
import { asRecord } from '../model/object.ts';
import type { Catalog } from './catalog.ts';
import type { Problem } from './finding.ts';
import type { JsonSchema } from './json_schema.ts';
import type { Path } from './path.ts';

/** Items that are there twice, by the keys that the schema names (or as a whole, in a set). */
export function checkLists(value: unknown, schema: JsonSchema, catalog: Catalog, path: Path = []): Problem[] {
  const own = catalog.schemaAt(schema, []);
  if (own === undefined) return [];
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    const below = items.flatMap((item, index) => checkLists(item, own.items ?? {}, catalog, [...path, index]));
    return [...duplicates(items, own, catalog, path), ...below];
  }
  return Object.entries(asRecord(value) ?? {}).flatMap(([name, field]) => {
    const below = catalog.schemaAt(own, [name]);
    return below === undefined ? [] : checkLists(field, below, catalog, [...path, name]);
  });
}

function duplicates(items: readonly unknown[], list: JsonSchema, catalog: Catalog, path: Path): Problem[] {
  const keys = list['x-kubernetes-list-map-keys'];
  if (keys === undefined && list['x-kubernetes-list-type'] !== 'set') return [];
  const fields = catalog.schemaAt(list, [0])?.properties ?? {};
  /** What tells an item from others, for people; undefined where a key is missing, which is a finding of its own. */
  const identity = (item: unknown): string | undefined => {
    if (keys === undefined) return JSON.stringify(item);
    const values = keys.map((key) => asRecord(item)?.[key] ?? fields[key]?.default);
    if (values.includes(undefined)) return undefined;
    return keys.map((key, index) => `${key} ${JSON.stringify(values[index])}`).join(' and ');
  };
  const first = new Map<string, number>();
  return items.flatMap((item, index) => {
    const id = identity(item);
    if (id === undefined) return [];
    const before = first.get(id);
    first.set(id, before ?? index);
    if (before === undefined) return [];
    const problem: Problem = {
      code: 'MANIFEST_DUPLICATE_ITEM',
      path: [...path, index],
      message: `${id} is that of item ${before} as well`,
      hint: 'Remove one of the two, or give it another key: the server takes a list in which each key is there once.',
    };
    return [problem];
  });
}
