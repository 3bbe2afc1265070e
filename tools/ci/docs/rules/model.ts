// What the page about rules tells: the public names of each folder of tools/.

/** A parameter of a macro, an attribute of a rule, a field of a provider. */
export interface Parameter {
  readonly name: string;
  /** In words: `list of labels`. */
  readonly type: string;
  /** As it is written in Starlark; undefined: it must be given. */
  readonly fallback: string | undefined;
  readonly doc: string;
}

interface Documented {
  readonly name: string;
  /** Markdown. */
  readonly doc: string;
}

/** A rule or a repository rule. */
export interface RuleSymbol extends Documented {
  readonly kind: 'rule' | 'executable rule' | 'test rule' | 'repository rule';
  readonly parameters: readonly Parameter[];
  readonly environ: readonly string[];
}

/** A function of BUILD files or WORKSPACE. */
export interface MacroSymbol extends Documented {
  readonly kind: 'macro';
  /** Its own ones, and those of rules that it hands its `**kwargs` to and that have no other name. */
  readonly parameters: readonly Parameter[];
  /** What is said of `**kwargs`; undefined: it takes none. */
  readonly more: string | undefined;
  /** The public names that get `**kwargs`. */
  readonly handsOnTo: readonly string[];
  /** What is accepted, and has no effect. */
  readonly ignored: readonly string[];
  /** What is not accepted, though other rule sets have it → what to do instead, sentences. */
  readonly refused: ReadonlyMap<string, string>;
  readonly returns: string | undefined;
}

/** What a module extension is asked for by: `npm.lock(…)`. */
export interface Tag extends Documented {
  readonly parameters: readonly Parameter[];
}

/** A module extension: its name is no rule's, and may be the same as one. */
export interface ExtensionSymbol extends Documented {
  readonly kind: 'module extension';
  readonly tags: readonly Tag[];
}

export interface ProviderSymbol extends Documented {
  readonly kind: 'provider';
  readonly parameters: readonly Parameter[];
}

export interface ConstantSymbol extends Documented {
  readonly kind: 'constant';
  /** As it is written in Starlark. */
  readonly value: string;
}

export type PublicSymbol = RuleSymbol | MacroSymbol | ExtensionSymbol | ProviderSymbol | ConstantSymbol;

/** One file that is loaded: `@fathom//tools/k8s:defs.bzl`. */
export interface PublicFile {
  readonly label: string;
  readonly doc: string;
  readonly symbols: readonly PublicSymbol[];
}

/** Sub-targets of a macro that come from a table: `<name>.<verb>`. */
export interface Subtargets {
  /** The macros that make them. */
  readonly of: readonly string[];
  readonly entries: readonly { readonly name: string; readonly doc: string }[];
}

export interface RulesModel {
  readonly files: readonly PublicFile[];
  readonly subtargets: readonly Subtargets[];
}
