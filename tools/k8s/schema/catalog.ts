// The kinds that an object may be of: those of Kubernetes, and those of CustomResourceDefinitions.
import { type KubeObject, asList, at, asRecord, textAt } from '../model/object.ts';
import { type BuiltInKinds, type Validator, kindKey, validatorName } from './index_file.ts';
import { type JsonSchema, customSchema, definitionName, definitionRef } from './json_schema.ts';
import type { Path } from './path.ts';

/** A kind whose objects can be checked. */
export interface Kind {
  readonly schema: JsonSchema;
  readonly validate: Validator;
  readonly isCustom: boolean;
  /** What a CustomResourceDefinition says to those who use a version that will go; undefined where it does not go. */
  readonly deprecation?: string;
}

/** Compiles the schema of a custom kind; references are to the definitions of the index. */
export type Compile = (schema: JsonSchema) => Validator;

/** All kinds that are known. */
export interface Catalog {
  /** The release of Kubernetes, `1.34.4`. */
  readonly version: string;
  readonly lifecycles: BuiltInKinds['index']['lifecycles'];
  /** Undefined for a kind that nobody serves. */
  find(object: { readonly apiVersion: string; readonly kind: string }): Kind | undefined;
  /** All kinds: `apps/v1 Deployment`. */
  keys(): readonly string[];
  /** The schema at a path of a kind, references followed; undefined where any value may be. */
  schemaAt(schema: JsonSchema, path: Path): JsonSchema | undefined;
}

/** A served version of a custom kind. */
interface CustomVersion {
  readonly source: unknown;
  readonly deprecation: string | undefined;
}

/**
 * The kinds of `builtIn` and those that CustomResourceDefinitions among `objects` declare. A custom kind is compiled
 * when the first of its objects is checked; without `compile` there are none.
 */
export function createCatalog(builtIn: BuiltInKinds, objects: readonly KubeObject[], compile?: Compile): Catalog {
  const { index, validators } = builtIn;
  const custom = new Map(compile === undefined ? [] : objects.flatMap(customVersions));
  const compiled = new Map<string, Kind>();

  const make = (key: string): Kind | undefined => {
    const version = custom.get(key);
    if (version !== undefined && compile !== undefined) {
      const schema = customSchema(version.source);
      const deprecation = version.deprecation === undefined ? {} : { deprecation: version.deprecation };
      return { schema, validate: compile(schema), isCustom: true, ...deprecation };
    }
    const definition = index.kinds[key];
    const validate = definition === undefined ? undefined : validators[validatorName(definition)];
    if (definition === undefined || validate === undefined) return undefined;
    return { schema: { $ref: definitionRef(definition) }, validate, isCustom: false };
  };
  const resolve = (schema: JsonSchema | undefined): JsonSchema | undefined =>
    schema?.$ref === undefined ? schema : index.definitions[definitionName(schema.$ref)];

  return {
    version: index.version,
    lifecycles: index.lifecycles,
    find: (object) => {
      const key = kindKey(object);
      const kind = compiled.get(key) ?? make(key);
      if (kind !== undefined) compiled.set(key, kind);
      return kind;
    },
    keys: () => [...Object.keys(index.kinds), ...custom.keys()],
    schemaAt: (schema, path) => {
      let current = resolve(schema);
      for (const part of path) {
        const more = current?.additionalProperties;
        const below =
          typeof part === 'number'
            ? current?.items
            : (current?.properties?.[part] ?? (typeof more === 'object' ? more : undefined));
        current = resolve(below);
      }
      return current;
    },
  };
}

/** The versions that a CustomResourceDefinition serves. */
function customVersions(object: KubeObject): readonly (readonly [string, CustomVersion])[] {
  if (object.kind !== 'CustomResourceDefinition' || !object.apiVersion.startsWith('apiextensions.k8s.io/')) return [];
  const group = textAt(object, 'spec', 'group');
  const kind = textAt(object, 'spec', 'names', 'kind');
  if (group === undefined || kind === undefined) return [];
  return asList(at(object, 'spec', 'versions'))
    .filter((version) => at(version, 'served') === true)
    .map((version) => {
      const apiVersion = `${group}/${textAt(version, 'name') ?? ''}`;
      const warning = textAt(version, 'deprecationWarning') ?? `${apiVersion} ${kind} is deprecated`;
      const source = asRecord(at(version, 'schema', 'openAPIV3Schema'));
      const isDeprecated = at(version, 'deprecated') === true;
      return [kindKey({ apiVersion, kind }), { source, deprecation: isDeprecated ? warning : undefined }];
    });
}
