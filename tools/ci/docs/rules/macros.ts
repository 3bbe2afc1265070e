// What a macro does with its parameters: which attributes they become, and who gets its `**kwargs`.
import { evaluate } from '../starlark/evaluate.ts';
import type { Module } from '../starlark/modules.ts';
import { isKind } from '../starlark/operations.ts';
import { type Argument, type Call, type Expression, mentions } from '../starlark/syntax.ts';
import type { Definition, FunctionValue, RuleValue } from '../starlark/values.ts';
import { attributeType } from './types.ts';

/** A call in a macro of a rule or another function of the workspace. */
export interface Use {
  readonly call: Call;
  readonly callee: RuleValue | FunctionValue;
}

/** What a macro hands its `**kwargs` to, and what it sets there itself. */
export interface Handing {
  readonly callee: RuleValue | FunctionValue;
  readonly set: ReadonlySet<string>;
  /** The only names that are handed on; undefined: all. */
  readonly only: ReadonlySet<string> | undefined;
}

/** The calls in a function of rules and functions of the workspace. */
export function uses({ definition, module }: FunctionValue): readonly Use[] {
  return definition.calls.flatMap((call) => {
    const callee = call.callee.kind === 'name' ? declared(module, call.callee.name) : undefined;
    return callee === undefined ? [] : [{ call, callee }];
  });
}

/** The rule or function of a name; undefined for others, which documentation needs no value of. */
function declared(module: Module, name: string): RuleValue | FunctionValue | undefined {
  const binding = module.workspace.binding(module, name);
  const { statement } = binding ?? {};
  if (binding === undefined || statement === undefined || statement.kind === 'load') return undefined;
  const isDeclaration = statement.kind === 'assign' && statement.value.kind === 'call';
  if (statement.kind !== 'def' && !isDeclaration) return undefined;
  const value = module.workspace.value(binding, name);
  return isKind(value, 'rule') || isKind(value, 'function') ? value : undefined;
}

/** The parameter of a call's callee that an argument is for. */
export function targetOf({ call, callee }: Use, argument: Argument): string | undefined {
  if (argument.spread !== undefined) return undefined;
  if (argument.name !== undefined || callee.kind === 'rule') return argument.name;
  return callee.definition.parameters[call.args.indexOf(argument)]?.name;
}

/** The type of the attribute that a parameter is handed on as; undefined: it is none as it is. */
export function typeByUse(
  value: FunctionValue,
  parameter: string,
  seen: readonly Definition[] = [],
): string | undefined {
  if (seen.includes(value.definition)) return undefined;
  for (const use of uses(value)) {
    for (const argument of use.call.args) {
      const target = targetOf(use, argument);
      if (target === undefined) continue;
      const type = typeIn(use.callee, target, [...seen, value.definition]);
      if (type !== undefined && isHandedOn(argument.value, parameter, type.startsWith('list'))) return type;
    }
  }
  return undefined;
}

/** The type of what a rule or function calls `target`, also where a function hands that on among its `**kwargs`. */
function typeIn(callee: RuleValue | FunctionValue, target: string, seen: readonly Definition[]): string | undefined {
  if (callee.kind === 'rule') return attributeType(callee.attributes.get(target)?.type ?? '')?.[0];
  if (callee.definition.parameters.some(({ name }) => name === target)) return typeByUse(callee, target, seen);
  if (seen.includes(callee.definition)) return undefined;
  for (const handing of handings(callee)) {
    const type = typeIn(handing.callee, target, [...seen, callee.definition]);
    if (type !== undefined) return type;
  }
  return undefined;
}

/** Whether an expression is a parameter: `x`, `x or …`, and of lists a part of a sum. */
function isHandedOn(at: Expression, parameter: string, isList: boolean): boolean {
  if (at.kind === 'name') return at.name === parameter;
  if (at.kind !== 'binary') return false;
  if (at.operator === 'or') return isHandedOn(at.left, parameter, isList);
  if (at.operator !== '+' || !isList) return false;
  return isHandedOn(at.left, parameter, isList) || isHandedOn(at.right, parameter, isList);
}

/** Who gets the `**kwargs` of a macro, or what is made of them. */
export function handings(value: FunctionValue): readonly Handing[] {
  const { definition } = value;
  const more = definition.parameters.find(({ spread }) => spread === '**')?.name;
  if (more === undefined) return [];
  const names = new Set([more]);
  for (const { name, value: of } of definition.assignments) if (mentions(of, names)) names.add(name);
  return uses(value).flatMap((use) => {
    const handed = use.call.args.find(({ spread, value: of }) => spread === '**' && mentions(of, names));
    if (handed === undefined) return [];
    const set = use.call.args.flatMap((argument) => targetOf(use, argument) ?? []);
    return [{ callee: use.callee, set: new Set(set), only: keysOf(handed.value, value) }];
  });
}

/** The keys that a dict can have at most: one that is made as `{key: kwargs[key] for key in LIST if …}`. */
function keysOf(at: Expression, value: FunctionValue): ReadonlySet<string> | undefined {
  const { definition, module } = value;
  if (at.kind === 'name') {
    const assigned = definition.assignments.filter(({ name }) => name === at.name);
    return assigned.length === 1 && assigned[0] !== undefined ? keysOf(assigned[0].value, value) : undefined;
  }
  if (at.kind === 'call' && at.callee.kind === 'name') {
    const called = declared(module, at.callee.name);
    if (!isKind(called, 'function') || called.definition.returns === undefined) return undefined;
    return keysOf(called.definition.returns, called);
  }
  if (at.kind !== 'comprehension' || at.key?.kind !== 'name' || at.iterable.kind !== 'name') return undefined;
  const { name } = at.iterable;
  // A list that the function itself makes.
  if ([...definition.parameters, ...definition.assignments].some((local) => local.name === name)) return undefined;
  const keys = evaluate(at.iterable, { module, locals: new Map() });
  return isKind(keys, 'list') ? new Set(keys.items.map(String)) : undefined;
}

/** All names that a macro takes, its own parameters and what it hands on. */
export function acceptedNames(value: FunctionValue, seen: readonly Definition[] = []): ReadonlySet<string> {
  if (seen.includes(value.definition)) return new Set();
  const names = value.definition.parameters.flatMap(({ name, spread }) => (spread === '' ? [name] : []));
  for (const { callee, only } of handings(value)) {
    const all =
      callee.kind === 'rule' ? callee.attributes.keys() : acceptedNames(callee, [...seen, value.definition]).keys();
    names.push(...[...all].filter((name) => only?.has(name) ?? true));
  }
  return new Set(names);
}

/** Keys that a macro takes out of its `**kwargs` by name, each with the place. */
export function takenKeys({ definition }: FunctionValue): readonly { readonly key: string; readonly at: Expression }[] {
  const more = definition.parameters.find(({ spread }) => spread === '**')?.name;
  return definition.calls.flatMap(({ callee, args: [first] }) => {
    if (callee.kind !== 'member' || callee.object.kind !== 'name' || callee.object.name !== more) return [];
    const isTaken = ['get', 'pop', 'setdefault'].includes(callee.name) && first?.value.kind === 'string';
    return isTaken ? [{ key: first.value.value, at: first.value }] : [];
  });
}
