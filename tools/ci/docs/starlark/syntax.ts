// Starlark as a small tree of its own.

/** A file, and a way to say where in it something is. */
export interface Source {
  /** From the root of the workspace; or a page's name and line. */
  readonly path: string;
  readonly text: string;
}

/** An expression. `from` and `to` are offsets into the source's text. */
export type Expression = { readonly source: Source; readonly from: number; readonly to: number } & (
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  | { readonly kind: 'dict'; readonly entries: readonly { readonly key: Expression; readonly value: Expression }[] }
  | { readonly kind: 'call'; readonly callee: Expression; readonly args: readonly Argument[] }
  | { readonly kind: 'member'; readonly object: Expression; readonly name: string }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'not'; readonly operand: Expression }
  | Comprehension
  /** What no value is asked of: conditions, subscripts, comparisons in a chain. */
  | { readonly kind: 'other'; readonly parts: readonly Expression[] }
);

/** A call. */
export type Call = Extract<Expression, { kind: 'call' }>;

/** `[value for names in iterable if condition]`, and the same of a dict, which has a key. */
export interface Comprehension {
  readonly kind: 'comprehension';
  readonly key: Expression | undefined;
  readonly value: Expression;
  readonly names: readonly string[];
  readonly iterable: Expression;
  readonly condition: Expression | undefined;
}

/** What a call is given: `x`, `name = x`, `*x` or `**x`. */
export interface Argument {
  readonly name?: string;
  readonly spread?: '*' | '**';
  readonly value: Expression;
}

/** A parameter of a function; `*` alone is none. */
export interface Parameter {
  readonly name: string;
  readonly spread: '' | '*' | '**';
  readonly fallback: Expression | undefined;
  readonly from: number;
}

/** A statement at the top of a file. */
export type Statement = { readonly source: Source; readonly from: number; readonly to: number } & (
  | { readonly kind: 'load'; readonly label: string; readonly names: readonly LoadedName[] }
  | { readonly kind: 'assign'; readonly name: string; readonly value: Expression }
  | {
      readonly kind: 'def';
      readonly name: string;
      readonly parameters: readonly Parameter[];
      readonly docstring: string | undefined;
      /** What it returns, if that is all that it does. */
      readonly returns: Expression | undefined;
      /** All calls in its body, also nested ones. */
      readonly calls: readonly Call[];
      /** All `name = value` in its body. */
      readonly assignments: readonly { readonly name: string; readonly value: Expression }[];
    }
  | { readonly kind: 'expression'; readonly value: Expression }
  | { readonly kind: 'other' }
);

/** `load(…, local = "exported")`. */
export interface LoadedName {
  readonly local: string;
  readonly exported: string;
}

/** `path:line` of an offset. */
export function position({ source, from }: { readonly source: Source; readonly from: number }): string {
  return `${source.path}:${source.text.slice(0, from).split('\n').length}`;
}

/** The text of an expression, as it is written. */
export const textOf = ({ source, from, to }: Expression): string => source.text.slice(from, to);

/** The expressions that an expression is made of. */
export function partsOf(at: Expression): readonly Expression[] {
  switch (at.kind) {
    case 'list':
      return at.items;
    case 'dict':
      return at.entries.flatMap(({ key, value }) => [key, value]);
    case 'call':
      return [at.callee, ...at.args.map(({ value }) => value)];
    case 'member':
      return [at.object];
    case 'binary':
      return [at.left, at.right];
    case 'not':
      return [at.operand];
    case 'comprehension':
      return [at.key, at.value, at.iterable, at.condition].filter((one) => one !== undefined);
    case 'other':
      return at.parts;
    default:
      return [];
  }
}

/** Whether an expression uses one of some names. */
export function mentions(at: Expression, names: ReadonlySet<string>): boolean {
  return (at.kind === 'name' && names.has(at.name)) || partsOf(at).some((part) => mentions(part, names));
}
