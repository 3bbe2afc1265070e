// How types are called on the page, and which of them a documentation says itself.
import type { Value } from '../starlark/values.ts';

/** What a type of `attr` is called, and its default where none is given. */
const ATTRIBUTES: ReadonlyMap<string, readonly [name: string, fallback: string]> = new Map([
  ['bool', ['bool', 'False']],
  ['int', ['int', '0']],
  ['label', ['label', 'None']],
  ['label_keyed_string_dict', ['dict of labels to strings', '{}']],
  ['label_list', ['list of labels', '[]']],
  ['output', ['output', 'None']],
  ['output_list', ['list of outputs', '[]']],
  ['string', ['string', '""']],
  ['string_dict', ['dict of strings to strings', '{}']],
  ['string_list', ['list of strings', '[]']],
  ['string_list_dict', ['dict of strings to lists of strings', '{}']],
]);

/** The name of an attribute's type and the default of the type; undefined: a type that isn't known. */
export const attributeType = (type: string) => ATTRIBUTES.get(type);

/** Attributes that Bazel gives all rules, and macros hand on. */
export const COMMON_TYPES: ReadonlyMap<string, string> = new Map([
  ['compatible_with', 'list of labels'],
  ['deprecation', 'string'],
  ['exec_compatible_with', 'list of labels'],
  ['features', 'list of strings'],
  ['flaky', 'bool'],
  ['local', 'bool'],
  ['name', 'string'],
  ['restricted_to', 'list of labels'],
  ['shard_count', 'int'],
  ['size', 'string'],
  ['tags', 'list of strings'],
  ['target_compatible_with', 'list of labels'],
  ['testonly', 'bool'],
  ['timeout', 'string'],
  ['visibility', 'list of labels'],
]);

/** Beside a `name` and {@link COMMON_TYPES}: arguments of what `bazel run` or `bazel test` starts. */
export const RUN_ATTRIBUTES = ['args', 'env', 'data', 'toolchains'];

const ONE =
  '(?:string|label|int|bool|None|any value|struct|runfiles|[Ff]unction|File|FilesToRunProvider|Target|Label|[A-Z]\\w*Info)';
const MANY = `(?:lists?|tuple|depset|dict|struct)(?:\\([^)]*\\)| of (?:[\\w]+(?: \\w+){0,3}|struct\\([^)]*\\)))?(?: to [\\w ]+)?`;
const TYPE = new RegExp(`^((?:${ONE}|${MANY})(?: or (?:${ONE}|${MANY}))*)(?:: |$)`);

/** Takes `type: meaning` apart; without a type at its begin, all of it is the meaning. */
export function splitType(doc: string): { readonly type: string | undefined; readonly doc: string } {
  const [all, type] = TYPE.exec(doc) ?? [];
  return all === undefined || type === undefined ? { type: undefined, doc } : { type, doc: doc.slice(all.length) };
}

/** The type of a literal: lists and dicts say no more than that. */
export function typeOfValue(value: Value): string | undefined {
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return 'int';
  return undefined;
}
