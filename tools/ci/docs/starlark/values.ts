// What expressions at the top of a .bzl file come to, as far as documentation asks for it.
import type { Module } from './modules.ts';
import type { Expression, Statement } from './syntax.ts';

/** The definition of a function. */
export type Definition = Extract<Statement, { kind: 'def' }>;

/** An attribute of a rule: what `attr.<type>(…)` was given. */
export interface AttributeValue {
  readonly kind: 'attribute';
  /** `label_list`. */
  readonly type: string;
  readonly doc: string | undefined;
  readonly isMandatory: boolean;
  /** Undefined where the type's own holds. */
  readonly fallback: Value | undefined;
  /** The only values that it takes; empty: any. */
  readonly values: readonly Value[];
  readonly at: Expression;
}

/** What rule() or repository_rule() was given. */
export interface RuleValue {
  readonly kind: 'rule';
  readonly isRepository: boolean;
  readonly doc: string | undefined;
  readonly attributes: ReadonlyMap<string, AttributeValue>;
  readonly isExecutable: boolean;
  readonly isTest: boolean;
  /** Environment variables that a repository rule reads. */
  readonly environ: readonly string[];
  readonly at: Expression;
}

/** What tag_class() was given. */
export interface TagClassValue {
  readonly kind: 'tag class';
  readonly doc: string | undefined;
  readonly attributes: ReadonlyMap<string, AttributeValue>;
  readonly at: Expression;
}

/** What module_extension() was given. */
export interface ExtensionValue {
  readonly kind: 'extension';
  readonly doc: string | undefined;
  readonly tags: ReadonlyMap<string, TagClassValue>;
  readonly at: Expression;
}

/** What provider() was given. */
export interface ProviderValue {
  readonly kind: 'provider';
  readonly doc: string | undefined;
  /** Field → its documentation. */
  readonly fields: ReadonlyMap<string, string | undefined>;
  readonly at: Expression;
}

/** A function that a file defines. */
export interface FunctionValue {
  readonly kind: 'function';
  readonly definition: Definition;
  /** Where its names are looked up. */
  readonly module: Module;
}

export type Value =
  | string
  | number
  | boolean
  | null
  | { readonly kind: 'list'; readonly items: readonly Value[] }
  | { readonly kind: 'dict'; readonly entries: ReadonlyMap<string, Value> }
  | { readonly kind: 'struct'; readonly fields: ReadonlyMap<string, Value> }
  | AttributeValue
  | RuleValue
  | TagClassValue
  | ExtensionValue
  | ProviderValue
  | FunctionValue;

/** A value as it is written in Starlark. */
export function shown(value: Value): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value !== 'object') return JSON.stringify(value);
  if (value.kind === 'list') return `[${value.items.map(shown).join(', ')}]`;
  if (value.kind === 'dict')
    return `{${[...value.entries].map(([key, of]) => `${JSON.stringify(key)}: ${shown(of)}`).join(', ')}}`;
  return value.kind;
}
