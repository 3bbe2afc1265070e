// Where a kind has a field that somebody wrote elsewhere: a container's field beside the container, for example.
import type { Catalog, Kind } from './catalog.ts';
import type { JsonSchema } from './json_schema.ts';

/** How deep is searched: a container of a CronJob is seven fields down. */
const MAX_DEPTH = 8;

/** The place nearest to the top where `kind` has a field, such as `spec.template.spec.containers[]`. */
export function placeOfField(field: string, kind: Kind, catalog: Catalog): string | undefined {
  const seen = new Set<JsonSchema>();
  let level: readonly (readonly [place: string, schema: JsonSchema | undefined])[] = [
    ['', catalog.schemaAt(kind.schema, [])],
  ];
  for (let depth = 0; depth < MAX_DEPTH && level.length > 0; depth++) {
    const found = level.find(([, schema]) => schema?.properties?.[field] !== undefined);
    if (found !== undefined) return found[0] === '' ? 'the object itself' : found[0];
    level = level.flatMap(([place, schema]) => {
      if (schema === undefined || seen.has(schema)) return [];
      seen.add(schema);
      return below(place, schema, catalog);
    });
  }
  return undefined;
}

/** What is one step down; nobody writes a status. */
function below(place: string, schema: JsonSchema, catalog: Catalog): [string, JsonSchema | undefined][] {
  if (schema.items !== undefined) return [[`${place}[]`, catalog.schemaAt(schema, [0])]];
  return Object.keys(schema.properties ?? {})
    .filter((name) => place !== '' || name !== 'status')
    .map((name) => [place === '' ? name : `${place}.${name}`, catalog.schemaAt(schema, [name])]);
}
