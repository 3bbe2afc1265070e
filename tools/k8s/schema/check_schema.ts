// Whether an object fits its kind's schema: what ajv finds, in the words of who writes manifests.
import type { ErrorObject } from 'ajv';
import { nearest } from '../../lib/nearest.ts';
import { asRecord } from '../model/object.ts';
import type { Catalog, Kind } from './catalog.ts';
import type { Problem } from './finding.ts';
import type { JsonSchema } from './json_schema.ts';
import { type Path, pathOfPointer, valueAt } from './path.ts';
import { placeOfField } from './places.ts';

/** What a value is checked with. */
export interface SchemaContext {
  readonly catalog: Catalog;
  readonly kind: Kind;
  /** Whether values may be shown: not those of Secrets. */
  readonly isSecret: boolean;
}

/** Unknown and missing fields, wrong types and values. */
export function checkSchema(object: unknown, context: SchemaContext): Problem[] {
  const { kind } = context;
  const value = kind.isCustom ? withoutNulls(object, ['metadata']) : withoutNulls(object);
  if (kind.validate(value)) return [];
  const problems = new Map<string, Problem>();
  for (const error of kind.validate.errors ?? []) {
    // Of a choice it is said that nothing fits, not why each of its branches does not.
    if (/\/(anyOf|oneOf|not)\//.test(error.schemaPath)) continue;
    const problem = problemOf(error, value, context);
    const key = `${problem.code} ${problem.path.join('\u0000')}`;
    if (!problems.has(key)) problems.set(key, problem);
  }
  return [...problems.values()];
}

/** Null is no value to the server: it means that a field is left out. In custom kinds only the metadata is read so. */
function withoutNulls(value: unknown, only?: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => withoutNulls(item));
  const record = asRecord(value);
  if (record === undefined) return value;
  return Object.fromEntries(
    Object.entries(record)
      .filter(([name, field]) => field !== null || (only !== undefined && !only.includes(name)))
      .map(([name, field]) => [name, only === undefined || only.includes(name) ? withoutNulls(field) : field]),
  );
}

function problemOf(error: ErrorObject, root: unknown, context: SchemaContext): Problem {
  const path = pathOfPointer(root, error.instancePath);
  const params: Readonly<Record<string, unknown>> = error.params;
  switch (error.keyword) {
    case 'additionalProperties':
      return unknownField(path, String(params['additionalProperty']), context);
    case 'required':
      return missingField(path, String(params['missingProperty']), context);
    case 'type':
      return wrongType(path, params['type'], valueAt(root, path), context);
    default:
      return invalidValue(error, path, valueAt(root, path), context);
  }
}

function unknownField(path: Path, field: string, { catalog, kind }: SchemaContext): Problem {
  const known = Object.keys(catalog.schemaAt(kind.schema, path)?.properties ?? {});
  const meant = nearest(field, known);
  const place = placeOfField(field, kind, catalog);
  const edits = [
    ...(meant === undefined ? [] : [`write '${meant}'`]),
    ...(place === undefined ? [] : [`move it to ${place}`]),
    'remove it',
  ].join(', or ');
  return {
    code: 'MANIFEST_UNKNOWN_FIELD',
    path: [...path, field],
    message: `there is no field '${field}'${meant === undefined ? ': it has no fields' : `; the nearest is '${meant}'`}`,
    hint: `${edits.charAt(0).toUpperCase()}${edits.slice(1)}${knownText(known)}.`,
  };
}

/** More are no help: the documentation lists them better. */
const MAX_KNOWN = 12;

function knownText(known: readonly string[]): string {
  return known.length > MAX_KNOWN || known.length === 0 ? '' : `; known are ${known.join(', ')}`;
}

function missingField(path: Path, field: string, { catalog, kind }: SchemaContext): Problem {
  const schema = catalog.schemaAt(kind.schema, [...path, field]);
  return {
    code: 'MANIFEST_MISSING_FIELD',
    path: [...path, field],
    message: `the field '${field}' is missing`,
    hint: `Set it: ${typeText(schema)}.`,
  };
}

function wrongType(path: Path, expected: unknown, value: unknown, context: SchemaContext): Problem {
  const types = [expected].flat().map(String);
  return {
    code: 'MANIFEST_WRONG_TYPE',
    path,
    message: `expected ${types.map(article).join(' or ')}, got ${shown(value, context)}`,
    hint: typeHint(types, value),
  };
}

function typeHint(types: readonly string[], value: unknown): string {
  if (types.includes('string') && ['number', 'boolean'].includes(typeof value)) return 'Put it in quotes.';
  if (typeof value === 'string' && value.trim() !== '') {
    const isNumber = types.some((type) => ['integer', 'number'].includes(type)) && Number.isFinite(Number(value));
    if (isNumber || (types.includes('boolean') && /^(true|false)$/.test(value))) return 'Write it without quotes.';
  }
  if (types.includes('array') && value !== null && typeof value === 'object') return 'Write a list, even of one.';
  if (types.includes('object') && Array.isArray(value)) return 'Write an object instead of the list.';
  return `Write ${types.map(article).join(' or ')}.`;
}

function invalidValue(error: ErrorObject, path: Path, value: unknown, context: SchemaContext): Problem {
  const schema = context.catalog.schemaAt(context.kind.schema, path);
  const got = `got ${shown(value, context)}`;
  const base = { code: 'MANIFEST_INVALID_VALUE', path } as const;
  if (error.keyword === 'enum' && schema?.enum !== undefined) {
    const known = schema.enum.map(String);
    const meant = nearest(String(value), known) ?? '';
    return {
      ...base,
      message: `expected one of ${known.join(', ')}, ${got}`,
      hint: `Write '${meant}', or another of them.`,
    };
  }
  if (error.keyword === 'pattern' && [schema?.type].flat().includes('number')) {
    return {
      ...base,
      message: `expected a quantity, ${got}`,
      hint: 'Write a number with a unit, such as 500m, 2, 128Mi or 2Gi.',
    };
  }
  return { ...base, message: `it ${error.message ?? 'does not fit'}, ${got}`, hint: 'Write a value that does.' };
}

const ARTICLES: Readonly<Record<string, string>> = {
  array: 'a list',
  integer: 'a whole number',
  null: 'null',
  object: 'an object',
};

function article(type: string): string {
  return ARTICLES[type] ?? `a ${type}`;
}

function typeText(schema: JsonSchema | undefined): string {
  const types = [schema?.type ?? (schema?.properties === undefined ? [] : 'object')].flat();
  return types.length === 0 ? 'any value' : types.map((type) => article(String(type))).join(' or ');
}

const MAX_SHOWN = 60;

function shown(value: unknown, { isSecret }: SchemaContext): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (isSecret) return `a ${typeof value}, which is not shown`;
  const text = JSON.stringify(value) ?? 'nothing';
  const short = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
  return value === null ? 'null' : `the ${typeof value} ${short}`;
}
