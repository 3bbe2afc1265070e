// The calls that declare attributes, rules, repository rules and providers.
import { evaluate, type Scope, text } from './evaluate.ts';
import { isKind } from './operations.ts';
import type { Call, Expression } from './syntax.ts';
import { unresolved } from './unresolved.ts';
import type { AttributeValue, ProviderValue, RuleValue, Value } from './values.ts';

/** What a call declares; undefined: nothing. */
export function declaration(at: Call, scope: Scope): Value | undefined {
  const { callee } = at;
  if (callee.kind === 'member' && callee.object.kind === 'name' && callee.object.name === 'attr')
    return attribute(at, callee.name, scope);
  if (callee.kind !== 'name') return undefined;
  if (callee.name === 'rule' || callee.name === 'repository_rule') return rule(at, callee.name, scope);
  return callee.name === 'provider' ? provider(at, scope) : undefined;
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

const optionalText = (at: Expression | undefined, scope: Scope) => (at === undefined ? undefined : text(at, scope));
const isTrue = (at: Expression | undefined, scope: Scope) => at !== undefined && evaluate(at, scope) === true;

function listOf(at: Expression | undefined, scope: Scope): readonly Value[] {
  if (at === undefined) return [];
  const value = evaluate(at, scope);
  if (!isKind(value, 'list')) throw unresolved(at);
  return value.items;
}

function attribute(at: Call, type: string, scope: Scope): AttributeValue {
  const given = keywords(at);
  const fallback = given.get('default');
  return {
    kind: 'attribute',
    type,
    doc: optionalText(given.get('doc'), scope),
    isMandatory: isTrue(given.get('mandatory'), scope),
    fallback: fallback === undefined ? undefined : evaluate(fallback, scope),
    values: listOf(given.get('values'), scope),
    at,
  };
}

function rule(at: Call, kind: 'rule' | 'repository_rule', scope: Scope): RuleValue {
  const given = keywords(at);
  const attrs = given.get('attrs');
  const dict = attrs === undefined ? undefined : evaluate(attrs, scope);
  if (attrs !== undefined && !isKind(dict, 'dict')) throw unresolved(attrs);
  const attributes = new Map<string, AttributeValue>();
  for (const [name, value] of isKind(dict, 'dict') ? dict.entries : []) {
    if (!isKind(value, 'attribute')) throw unresolved(attrs ?? at, `${name} must be an attribute`);
    attributes.set(name, value);
  }
  return {
    kind: 'rule',
    isRepository: kind === 'repository_rule',
    doc: optionalText(given.get('doc'), scope),
    attributes,
    isExecutable: isTrue(given.get('executable'), scope),
    isTest: isTrue(given.get('test'), scope),
    environ: listOf(given.get('environ'), scope).map(String),
    at,
  };
}

function provider(at: Call, scope: Scope): ProviderValue {
  const given = keywords(at);
  const fields = given.get('fields');
  const value = fields === undefined ? undefined : evaluate(fields, scope);
  if (!isKind(value, 'dict')) throw unresolved(fields ?? at, 'fields must be a dict with the documentation of each');
  const documented = new Map<string, string | undefined>();
  for (const [name, doc] of value.entries) documented.set(name, typeof doc === 'string' ? doc : undefined);
  return { kind: 'provider', doc: optionalText(given.get('doc'), scope), fields: documented, at };
}
