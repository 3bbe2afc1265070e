// From schemas as Kubernetes publishes them (OpenAPI v3, and the structural schemas of CustomResourceDefinitions) to
// JSON Schema as a validator takes it, in which a field that nobody declared is an error.
// Structural schemas: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/
import { asList, asRecord, numberAt, textAt } from '../model/object.ts';

/** The part of JSON Schema that is made here. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly format?: string;
  readonly allOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly not?: JsonSchema;
  /** What the server takes where the field is missing; only plain values, which may be part of a list's keys. */
  readonly default?: string | number | boolean;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly [keyword: string]: unknown;
}

/** Where {@link definitionRef} points to. */
const DEFINITIONS = '#/definitions/';
const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

/** The reference of a definition in the index of built-in kinds. */
export function definitionRef(name: string): string {
  return DEFINITIONS + name;
}

/** The name in a reference, of OpenAPI or of {@link definitionRef}. */
export function definitionName(ref: string): string {
  return ref.slice(ref.lastIndexOf('/') + 1);
}

/** The schema of a built-in kind or of a part of one. */
export function builtInSchema(source: unknown): JsonSchema {
  return convert(source, { isStructural: false, isClosed: true });
}

/** The schema of a custom kind's objects: `openAPIV3Schema` and what every object has. */
export function customSchema(source: unknown): JsonSchema {
  return withObjectFields(convert(source, { isStructural: true, isClosed: true }));
}

interface Mode {
  /** Whether it is the schema of a custom kind: an object without properties is then empty. */
  readonly isStructural: boolean;
  /** Whether fields without a schema are errors: not so in the branches of allOf and the like. */
  readonly isClosed: boolean;
}

/** Keywords that mean the same in both. */
const SAME = [
  ...['pattern', 'minimum', 'maximum', 'multipleOf', 'minLength', 'maxLength', 'minItems', 'maxItems', 'uniqueItems'],
  ...['minProperties', 'maxProperties', 'required', 'x-kubernetes-list-type', 'x-kubernetes-list-map-keys'],
];
const INT32 = { minimum: -(2 ** 31), maximum: 2 ** 31 - 1 };
/** What Go's decoder refuses of a format; of the others, those that JSON Schema knows alike. */
const FORMATS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  int32: INT32,
  int64: { minimum: -(2 ** 63), maximum: 2 ** 63 },
  byte: { pattern: base64() },
  'date-time': { pattern: '^\\d{4}-\\d\\d-\\d\\d[Tt]\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?([Zz]|[+-]\\d\\d:\\d\\d)$' },
  date: { format: 'date' },
  ipv4: { format: 'ipv4' },
  ipv6: { format: 'ipv6' },
  uuid: { format: 'uuid' },
};

/** Base64 as Go reads it: line breaks may be anywhere. */
function base64(): string {
  const [digit, pad] = ['[A-Za-z0-9+/][\\r\\n]*', '=[\\r\\n]*'];
  return `^[\\r\\n]*(?:(?:${digit}){4})*(?:(?:${digit}){2}(?:${pad}){2}|(?:${digit}){3}${pad})?$`;
}

function convert(source: unknown, mode: Mode): JsonSchema {
  const schema = asRecord(source) ?? {};
  const ref = referenceOf(schema);
  if (ref !== undefined) return { $ref: definitionRef(definitionName(ref)) };
  const result: Record<string, unknown> = { ...typeOf(schema), ...FORMATS[textAt(schema, 'format') ?? ''] };
  for (const keyword of SAME) if (schema[keyword] !== undefined) result[keyword] = schema[keyword];
  if (typeof result['pattern'] === 'string' && !isExpression(result['pattern'])) delete result['pattern'];
  const isNullable = schema['nullable'] === true;
  if (Array.isArray(schema['enum'])) result['enum'] = isNullable ? [...schema['enum'], null] : schema['enum'];
  const fallback = schema['default'];
  if (['string', 'number', 'boolean'].includes(typeof fallback) && fallback !== '') result['default'] = fallback;
  exclusive(schema, result);
  if (schema['items'] !== undefined) result['items'] = convert(schema['items'], mode);
  Object.assign(result, fieldsOf(schema, mode), branchesOf(schema, mode));
  if (schema['x-kubernetes-embedded-resource'] === true) return withObjectFields(result);
  return result;
}

/** `$ref`, also where it is wrapped into an allOf of one to stand beside a description. */
function referenceOf(schema: Readonly<Record<string, unknown>>): string | undefined {
  const all = asList(schema['allOf']);
  return textAt(schema, '$ref') ?? (all.length === 1 ? textAt(all[0], '$ref') : undefined);
}

const NUMBER_OR_TEXT = ['integer', 'string'];

function isIntOrString(schema: Readonly<Record<string, unknown>>): boolean {
  return schema['x-kubernetes-int-or-string'] === true || schema['format'] === 'int-or-string';
}

function typeOf(schema: Readonly<Record<string, unknown>>): { readonly type?: string | readonly string[] } {
  const union = typesOf(schema['oneOf']);
  const type = isIntOrString(schema) ? NUMBER_OR_TEXT : (union ?? textAt(schema, 'type'));
  if (type === undefined) return {};
  return { type: schema['nullable'] === true ? [type, 'null'].flat() : type };
}

/** The types of a union that says nothing else: `[{type: string}, {type: number}]`. */
function typesOf(branches: unknown): readonly string[] | undefined {
  const types = asList(branches).map((branch) =>
    Object.keys(asRecord(branch) ?? {}).join() === 'type' ? textAt(branch, 'type') : undefined,
  );
  return types.length > 0 && types.every((type) => type !== undefined) ? types : undefined;
}

/** Whether a pattern of Go is also one of JavaScript: where it is not, the server alone can check it. */
function isExpression(pattern: string): boolean {
  try {
    new RegExp(pattern, 'u');
    return true;
  } catch {
    return false;
  }
}

/** exclusiveMinimum is a flag beside the number in one, the number itself in the other. */
function exclusive(schema: Readonly<Record<string, unknown>>, result: Record<string, unknown>): void {
  for (const [flag, bound] of [
    ['exclusiveMinimum', 'minimum'],
    ['exclusiveMaximum', 'maximum'],
  ] as const) {
    const value = numberAt(schema, bound);
    if (schema[flag] !== true || value === undefined) continue;
    result[flag] = value;
    delete result[bound];
  }
}

function fieldsOf(schema: Readonly<Record<string, unknown>>, mode: Mode): Partial<JsonSchema> {
  const properties = asRecord(schema['properties']);
  const more = schema['additionalProperties'];
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true || !mode.isClosed;
  const isObject = properties !== undefined || (mode.isStructural && schema['type'] === 'object');
  return {
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, field]) => [name, convert(field, mode)]),
          ),
        }),
    ...(more !== undefined
      ? { additionalProperties: typeof more === 'boolean' ? more : convert(more, mode) }
      : isObject && !isOpen
        ? { additionalProperties: false }
        : {}),
  };
}

/** allOf, anyOf, oneOf and not; those that only say "a number or a text" are in the type already. */
function branchesOf(schema: Readonly<Record<string, unknown>>, mode: Mode): Partial<JsonSchema> {
  const inner = { ...mode, isClosed: false };
  const result: Record<string, unknown> = {};
  for (const keyword of ['allOf', 'anyOf', 'oneOf'] as const) {
    const branches = asList(schema[keyword]);
    const isInType = typesOf(branches) !== undefined && (keyword === 'oneOf' || isIntOrString(schema));
    if (branches.length > 0 && !isInType) result[keyword] = branches.map((branch) => convert(branch, inner));
  }
  if (schema['not'] !== undefined) result['not'] = convert(schema['not'], inner);
  return result;
}

/** An object's own fields, which a custom kind's schema may leave out or hold less of. */
function withObjectFields(schema: JsonSchema): JsonSchema {
  const text: JsonSchema = { type: 'string' };
  return {
    ...schema,
    properties: {
      ...schema.properties,
      apiVersion: text,
      kind: text,
      metadata: { $ref: definitionRef(OBJECT_META) },
    },
  };
}
