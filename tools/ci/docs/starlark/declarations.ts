// The calls that declare attributes, rules, repository rules, module extensions and providers.
import { isKind } from './operations.ts';
import type { Call, Expression } from './syntax.ts';
import { unresolved } from './unresolved.ts';
import type { AttributeValue, ExtensionValue, ProviderValue, RuleValue, TagClassValue, Value } from './values.ts';

/** The values of a call's arguments, where the call is. */
export interface Reader {
  readonly value: (at: Expression) => Value;
  readonly text: (at: Expression) => string;
}

/** What a call declares; undefined: nothing. */
export function declaration(at: Call, read: Reader): Value | undefined {
  const { callee } = at;
  if (callee.kind === 'member' && callee.object.kind === 'name' && callee.object.name === 'attr')
    return attribute(at, callee.name, read);
  if (callee.kind !== 'name') return undefined;
  if (callee.name === 'rule' || callee.name === 'repository_rule') return rule(at, callee.name, read);
  if (callee.name === 'tag_class') return tagClass(at, read);
  if (callee.name === 'module_extension') return extension(at, read);
  return callee.name === 'provider' ? provider(at, read) : undefined;
}

/** The arguments of a call that may have none but by name. */
function keywords(at: Call): ReadonlyMap<string, Expression> {
  return new Map(
    at.args.map(({ name, value }) => {
      if (name === undefined) throw unresolved(value, 'what declares something must be given by name');
      return [name, value];
    }),
  );
}

const optionalText = (at: Expression | undefined, read: Reader) => (at === undefined ? undefined : read.text(at));
const isTrue = (at: Expression | undefined, read: Reader) => at !== undefined && read.value(at) === true;

function listOf(at: Expression | undefined, read: Reader): readonly Value[] {
  if (at === undefined) return [];
  const value = read.value(at);
  if (!isKind(value, 'list')) throw unresolved(at);
  return value.items;
}

function attribute(at: Call, type: string, read: Reader): AttributeValue {
  const given = keywords(at);
  const fallback = given.get('default');
  return {
    kind: 'attribute',
    type,
    doc: optionalText(given.get('doc'), read),
    isMandatory: isTrue(given.get('mandatory'), read),
    fallback: fallback === undefined ? undefined : read.value(fallback),
    values: listOf(given.get('values'), read),
    at,
  };
}

function attributesOf(at: Call, read: Reader): ReadonlyMap<string, AttributeValue> {
  const attrs = keywords(at).get('attrs');
  const dict = attrs === undefined ? undefined : read.value(attrs);
  if (attrs !== undefined && !isKind(dict, 'dict')) throw unresolved(attrs);
  const attributes = new Map<string, AttributeValue>();
  for (const [name, value] of isKind(dict, 'dict') ? dict.entries : []) {
    if (!isKind(value, 'attribute')) throw unresolved(attrs ?? at, `${name} must be an attribute`);
    attributes.set(name, value);
  }
  return attributes;
}

function tagClass(at: Call, read: Reader): TagClassValue {
  const doc = optionalText(keywords(at).get('doc'), read);
  return { kind: 'tag class', doc, attributes: attributesOf(at, read), at };
}

function extension(at: Call, read: Reader): ExtensionValue {
  const given = keywords(at);
  const classes = given.get('tag_classes');
  const dict = classes === undefined ? undefined : read.value(classes);
  if (classes !== undefined && !isKind(dict, 'dict')) throw unresolved(classes);
  const tags = new Map<string, TagClassValue>();
  for (const [name, value] of isKind(dict, 'dict') ? dict.entries : []) {
    if (!isKind(value, 'tag class')) throw unresolved(classes ?? at, `${name} must be a tag_class`);
    tags.set(name, value);
  }
  return { kind: 'extension', doc: optionalText(given.get('doc'), read), tags, at };
}

function rule(at: Call, kind: 'rule' | 'repository_rule', read: Reader): RuleValue {
  const given = keywords(at);
  return {
    kind: 'rule',
    isRepository: kind === 'repository_rule',
    doc: optionalText(given.get('doc'), read),
    attributes: attributesOf(at, read),
    isExecutable: isTrue(given.get('executable'), read),
    isTest: isTrue(given.get('test'), read),
    environ: listOf(given.get('environ'), read).map(String),
    at,
  };
}

function provider(at: Call, read: Reader): ProviderValue {
  const given = keywords(at);
  const fields = given.get('fields');
  const value = fields === undefined ? undefined : read.value(fields);
  if (!isKind(value, 'dict')) throw unresolved(fields ?? at, 'fields must be a dict with the documentation of each');
  const documented = new Map<string, string | undefined>();
  for (const [name, doc] of value.entries) documented.set(name, typeof doc === 'string' ? doc : undefined);
  return { kind: 'provider', doc: optionalText(given.get('doc'), read), fields: documented, at };
}
