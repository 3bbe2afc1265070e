// Operators of Starlark, those that declarations use.
import type { Expression } from './syntax.ts';
import { unresolved } from './unresolved.ts';
import type { Value } from './values.ts';

type Kind = Extract<Value, { kind: string }>['kind'];

/** Whether a value is of a kind. */
export function isKind<K extends Kind>(value: Value | undefined, kind: K): value is Extract<Value, { kind: K }> {
  return typeof value === 'object' && value !== null && value.kind === kind;
}

const isPlain = (value: Value) => typeof value !== 'object' || value === null;

/** The value of `left operator right`. */
export function operation(at: Extract<Expression, { kind: 'binary' }>, left: Value, right: Value): Value {
  if (at.operator === '+') {
    if (typeof left === 'string' && typeof right === 'string') return left + right;
    if (isKind(left, 'list') && isKind(right, 'list')) return { kind: 'list', items: [...left.items, ...right.items] };
  }
  // Something that is no plain value equals none.
  const isComparable = isPlain(left) || isPlain(right);
  if (at.operator === '==' && isComparable) return left === right;
  if (at.operator === '!=' && isComparable) return left !== right;
  throw unresolved(at);
}
