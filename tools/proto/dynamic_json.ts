// JSON of messages whose types are known only at run time: names as in the JSON mapping of protocol buffers
// (camelCase), and every misspelt or mistyped field an error that names its path.
import type { PackageDefinition } from '@grpc/proto-loader';
import { ToolError } from '../lib/errors.ts';
import { nearest } from '../lib/nearest.ts';

interface Field {
  readonly name: string;
  readonly type: string;
  readonly label: string;
  readonly typeName: string;
}

/** A message or enum as @grpc/proto-loader describes it. */
interface Type {
  readonly name: string;
  readonly field?: readonly Field[];
  readonly nestedType?: readonly Type[];
  readonly value?: readonly { readonly name: string; readonly number: number }[];
  readonly options?: { readonly mapEntry?: boolean } | null;
}

const WHOLE = /^TYPE_(U?INT|SINT|S?FIXED)(32|64)$/;
const UNSIGNED = /^(UINT|FIXED)$/;

/** A field's name in JSON. */
export function jsonName(name: string): string {
  return name.replaceAll(/_+(.)/g, (_, letter: string) => letter.toUpperCase());
}

function wrong(path: string, expected: string, value: unknown): ToolError {
  return new ToolError('GRPC_JSON_INVALID', `Reading ${path}: expected ${expected}, got ${JSON.stringify(value)}`, {
    hint: 'Give the message as JSON with the field names of its .proto file, such as {"userId": 1}.',
  });
}

/** A number or its digits, as @grpc/proto-loader takes it: it would send another one where this does not fit. */
function wholeNumber(value: unknown, [kind, bits]: readonly [kind: string, bits: number], path: string): unknown {
  const isText = typeof value === 'string' && /^-?\d+$/.test(value);
  if (!isText && !Number.isInteger(value)) throw wrong(path, 'a whole number', value);
  const isUnsigned = UNSIGNED.test(kind);
  const least = isUnsigned ? 0n : -(2n ** BigInt(bits - 1));
  const most = 2n ** BigInt(isUnsigned ? bits : bits - 1) - 1n;
  const number = BigInt(value as string | number);
  if (number < least || number > most) throw wrong(path, `a whole number from ${least} to ${most}`, value);
  if (!isText && !Number.isSafeInteger(value)) {
    // JSON.parse has rounded it.
    const message = `Reading ${path}: a number of JSON is not exact beyond 2^53, got ${number}`;
    throw new ToolError('GRPC_JSON_INVALID', message, {
      hint: 'Write it as text, such as {"userId": "9007199254740993"}.',
    });
  }
  return bits === 32 ? Number(number) : value;
}

/** The message and enum types of a loaded package, by full name. */
export class TypeRegistry {
  readonly #types = new Map<string, Type>();

  constructor(definition: PackageDefinition) {
    for (const [name, entry] of Object.entries(definition)) {
      if ('format' in entry && typeof entry.format === 'string') this.#add(name, entry.type as Type);
    }
  }

  #add(name: string, type: Type): void {
    this.#types.set(name, type);
    for (const nested of type.nestedType ?? []) this.#add(`${name}.${nested.name}`, nested);
  }

  /** The type that `name` means inside of `scope`: names may be relative, as in a .proto file. */
  #resolve(name: string, scope: string): [string, Type] | undefined {
    if (name.startsWith('.')) return this.#entry(name.slice(1));
    for (let prefix = scope; ; prefix = prefix.slice(0, Math.max(0, prefix.lastIndexOf('.')))) {
      const found = this.#entry(prefix === '' ? name : `${prefix}.${name}`);
      if (found !== undefined || prefix === '') return found;
    }
  }

  #entry(name: string): [string, Type] | undefined {
    const type = this.#types.get(name);
    return type === undefined ? undefined : [name, type];
  }

  /** `value` as @grpc/proto-loader takes it; throws GRPC_JSON_INVALID with the path of what is wrong. */
  fromJson(typeName: string, value: unknown, path = 'the request'): Record<string, unknown> {
    const type = this.#types.get(typeName);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(path, 'an object', value);
    const result: Record<string, unknown> = {};
    for (const [key, item] of Object.entries(value)) {
      const fields = type?.field ?? [];
      const field = fields.find(({ name }) => name === key || jsonName(name) === key);
      if (field === undefined) {
        const known = fields.map(({ name }) => jsonName(name));
        const meant = nearest(key, known);
        throw new ToolError('GRPC_JSON_INVALID', `Reading ${path}: ${typeName} has no field "${key}"`, {
          hint:
            meant === undefined
              ? 'Leave the field out: the message has none.'
              : `Did you mean "${meant}"? Fields: ${known.join(', ')}.`,
        });
      }
      if (item !== null) result[field.name] = this.#fieldFromJson(field, typeName, item, `${path}.${key}`);
    }
    return result;
  }

  /** The entry type of a map field: @grpc/proto-loader takes a map of a descriptor as a list of its entries. */
  #mapEntry(
    field: Field,
    scope: string,
  ): { readonly name: string; readonly key: Field; readonly value: Field } | undefined {
    const found = field.type === 'TYPE_MESSAGE' ? this.#resolve(field.typeName, scope) : undefined;
    if (found?.[1].options?.mapEntry !== true) return undefined;
    const [key, value] = ['key', 'value'].map((part) => found[1].field?.find(({ name }) => name === part));
    return key === undefined || value === undefined ? undefined : { name: found[0], key, value };
  }

  #fieldFromJson(field: Field, scope: string, value: unknown, path: string): unknown {
    const entry = this.#mapEntry(field, scope);
    if (entry !== undefined) {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(path, 'an object', value);
      return Object.entries(value).map(([key, item]) => ({
        key: entry.key.type === 'TYPE_BOOL' ? key === 'true' : this.#oneFromJson(entry.key, entry.name, key, path),
        value: this.#oneFromJson(entry.value, entry.name, item, `${path}.${key}`),
      }));
    }
    if (field.label !== 'LABEL_REPEATED') return this.#oneFromJson(field, scope, value, path);
    if (!Array.isArray(value)) throw wrong(path, 'an array', value);
    return value.map((item, index) => this.#oneFromJson(field, scope, item, `${path}[${index}]`));
  }

  #oneFromJson(field: Field, scope: string, value: unknown, path: string): unknown {
    if (field.type === 'TYPE_MESSAGE') {
      const found = this.#resolve(field.typeName, scope);
      if (found === undefined) throw wrong(path, `a type that is known, not ${field.typeName}`, value);
      return this.fromJson(found[0], value, path);
    }
    if (field.type === 'TYPE_ENUM') {
      const values = this.#resolve(field.typeName, scope)?.[1].value ?? [];
      const known = values.some(({ name, number }) => name === value || number === value);
      if (!known) throw wrong(path, `one of ${values.map(({ name }) => name).join(', ')}`, value);
      return value;
    }
    const [, kind, bits] = WHOLE.exec(field.type) ?? [];
    if (kind !== undefined) return wholeNumber(value, [kind, Number(bits)], path);
    const expected = { TYPE_BOOL: 'boolean', TYPE_FLOAT: 'number', TYPE_DOUBLE: 'number' }[field.type] ?? 'string';
    if (typeof value !== expected)
      throw wrong(path, field.type === 'TYPE_BYTES' ? 'base64 text' : `a ${expected}`, value);
    return field.type === 'TYPE_BYTES' ? Buffer.from(value as string, 'base64') : value;
  }

  /** What @grpc/proto-loader read, as JSON. */
  toJson(typeName: string, message: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const type = this.#types.get(typeName);
    const result: Record<string, unknown> = {};
    for (const field of type?.field ?? []) {
      const value = message[field.name];
      if (value === undefined || value === null) continue;
      const items = (Array.isArray(value) ? value : [value]) as readonly unknown[];
      const entry = this.#mapEntry(field, typeName);
      const values = items.map((item) => this.#oneToJson(field, typeName, item));
      if (entry === undefined) result[jsonName(field.name)] = Array.isArray(value) ? values : values[0];
      else {
        const entries = values as readonly { readonly key?: unknown; readonly value?: unknown }[];
        result[jsonName(field.name)] = Object.fromEntries(entries.map((e) => [String(e.key ?? ''), e.value ?? null]));
      }
    }
    return result;
  }

  #oneToJson(field: Field, scope: string, value: unknown): unknown {
    if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
    const found = field.type === 'TYPE_MESSAGE' ? this.#resolve(field.typeName, scope) : undefined;
    if (found === undefined || typeof value !== 'object' || value === null) return value;
    return this.toJson(found[0], value as Record<string, unknown>);
  }
}
