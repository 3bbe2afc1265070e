// The values of expressions at the top of .bzl files, as far as declarations of rules need them.
import { isKind, operation } from './operations.ts';
import { type Argument, type Call, type Expression, textOf } from './syntax.ts';
import { declaration } from './declarations.ts';
import type { Module } from './modules.ts';
import { unresolved } from './unresolved.ts';
import type { FunctionValue, Value } from './values.ts';

/** Where a name of an expression is looked up. */
export interface Scope {
  readonly module: Module;
  /** Parameters of a function, variables of a loop. */
  readonly locals: ReadonlyMap<string, Value>;
}

const CONSTANTS: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['None', null],
  ['True', true],
  ['False', false],
]);

/** The value of an expression. Throws DOCS_UNRESOLVED, with file and line, where it can't be told. */
export function evaluate(at: Expression, scope: Scope): Value {
  switch (at.kind) {
    case 'string':
    case 'number':
      return at.value;
    case 'name':
      return named(at, at.name, scope);
    case 'list':
      return { kind: 'list', items: at.items.map((item) => evaluate(item, scope)) };
    case 'dict': {
      const entries = at.entries.map(({ key, value }) => [text(key, scope), evaluate(value, scope)] as const);
      return { kind: 'dict', entries: new Map(entries) };
    }
    case 'member': {
      const object = evaluate(at.object, scope);
      const field = isKind(object, 'struct') ? object.fields.get(at.name) : undefined;
      if (field === undefined) throw unresolved(at);
      return field;
    }
    case 'binary':
      return operation(at, evaluate(at.left, scope), evaluate(at.right, scope));
    case 'not': {
      const operand = evaluate(at.operand, scope);
      if (typeof operand !== 'boolean') throw unresolved(at);
      return !operand;
    }
    case 'comprehension':
      return comprehension(at, scope);
    case 'call':
      return called(at, scope);
    default:
      throw unresolved(at);
  }
}

function named(at: Expression, name: string, scope: Scope): Value {
  for (const known of [scope.locals, CONSTANTS]) {
    const value = known.get(name);
    if (value !== undefined) return value;
  }
  const binding = scope.module.workspace.binding(scope.module, name);
  if (binding === undefined) throw unresolved(at, `${name} is no name of this file`);
  return scope.module.workspace.value(binding, name);
}

/** The value of an expression that must be a string. */
export function text(at: Expression, scope: Scope): string {
  const value = evaluate(at, scope);
  if (typeof value !== 'string') throw unresolved(at, `\`${textOf(at)}\` must be a string`);
  return value;
}

/** Starlark compares texts by their bytes, and sorts nothing else here. */
function byText(a: Value, b: Value): number {
  const [left, right] = [String(a), String(b)];
  return left < right ? -1 : Number(left > right);
}

function items(at: Expression, scope: Scope): readonly Value[] {
  const value = evaluate(at, scope);
  if (isKind(value, 'list')) return value.items;
  if (isKind(value, 'dict')) return [...value.entries.keys()];
  throw unresolved(at, `\`${textOf(at)}\` must be a list or dict`);
}

function comprehension(at: Extract<Expression, { kind: 'comprehension' }>, scope: Scope): Value {
  const list: Value[] = [];
  const dict = new Map<string, Value>();
  for (const item of items(at.iterable, scope)) {
    const values = at.names.length > 1 && isKind(item, 'list') ? item.items : [item];
    if (values.length !== at.names.length) throw unresolved(at);
    const inner = {
      ...scope,
      locals: new Map([...scope.locals, ...at.names.map((name, index) => [name, values[index] ?? null] as const)]),
    };
    const condition = at.condition === undefined ? true : evaluate(at.condition, inner);
    if (typeof condition !== 'boolean') throw unresolved(at);
    if (!condition) continue;
    if (at.key === undefined) list.push(evaluate(at.value, inner));
    else dict.set(text(at.key, inner), evaluate(at.value, inner));
  }
  return at.key === undefined ? { kind: 'list', items: list } : { kind: 'dict', entries: dict };
}

function called(at: Call, scope: Scope): Value {
  const { callee } = at;
  const declared = declaration(at, {
    value: (argument) => evaluate(argument, scope),
    text: (argument) => text(argument, scope),
  });
  if (declared !== undefined) return declared;
  if (callee.kind === 'member') return method(at, callee, scope);
  switch (callee.kind === 'name' ? callee.name : '') {
    case 'dict':
      return { kind: 'dict', entries: entries(at.args, scope) };
    case 'struct':
      return { kind: 'struct', fields: entries(at.args, scope) };
    case 'Label':
      return at.args[0] === undefined ? null : text(at.args[0].value, scope);
    case 'sorted':
      return at.args[0] === undefined ? null : { kind: 'list', items: items(at.args[0].value, scope).toSorted(byText) };
    default: {
      const value = evaluate(callee, scope);
      if (!isKind(value, 'function')) throw unresolved(at);
      return result(at, value, scope);
    }
  }
}

function method(at: Call, callee: Extract<Expression, { kind: 'member' }>, scope: Scope): Value {
  const object = evaluate(callee.object, scope);
  if (isKind(object, 'dict') && at.args.length === 0) {
    if (callee.name === 'keys') return { kind: 'list', items: [...object.entries.keys()] };
    if (callee.name === 'values') return { kind: 'list', items: [...object.entries.values()] };
    if (callee.name === 'items')
      return { kind: 'list', items: [...object.entries].map((pair) => ({ kind: 'list', items: pair })) };
  }
  if (typeof object === 'string' && callee.name === 'format') {
    const given = at.args.map(({ value }) => evaluate(value, scope));
    return object.replaceAll('{}', () => String(given.shift() ?? ''));
  }
  if (typeof object === 'string' && callee.name === 'startswith' && at.args[0] !== undefined)
    return object.startsWith(text(at.args[0].value, scope));
  if (typeof object === 'string' && callee.name === 'join' && at.args[0] !== undefined)
    return items(at.args[0].value, scope).join(object);
  throw unresolved(at);
}

/** What a function of the workspace that only returns something returns. */
function result(at: Call, { definition, module }: FunctionValue, scope: Scope): Value {
  const { parameters, returns } = definition;
  if (returns === undefined) throw unresolved(at, `${definition.name} does more than to return something`);
  const locals = new Map<string, Value>();
  for (const [index, parameter] of parameters.entries()) {
    const given = at.args.find(({ name }) => name === parameter.name) ?? at.args[index];
    if (given !== undefined && (given.name ?? parameter.name) === parameter.name && given.spread === undefined)
      locals.set(parameter.name, evaluate(given.value, scope));
    else if (parameter.fallback !== undefined)
      locals.set(parameter.name, evaluate(parameter.fallback, { module, locals: new Map() }));
    else throw unresolved(at);
  }
  return evaluate(returns, { module, locals });
}

/** What dict() is given: dicts, names, and `**` dicts; later ones win. */
function entries(args: readonly Argument[], scope: Scope): ReadonlyMap<string, Value> {
  const found = new Map<string, Value>();
  for (const { name, spread, value } of args) {
    if (name !== undefined) {
      found.set(name, evaluate(value, scope));
      continue;
    }
    const more = spread === '*' ? undefined : evaluate(value, scope);
    if (!isKind(more, 'dict')) throw unresolved(value, `\`${textOf(value)}\` must be a dict`);
    for (const [key, of] of more.entries) found.set(key, of);
  }
  return found;
}
