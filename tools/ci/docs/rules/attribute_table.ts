// The table that a macro checks its `**kwargs` by, with checked_attributes of //tools/lib/bzl:attributes.bzl.
import { evaluate } from '../starlark/evaluate.ts';
import { isKind } from '../starlark/operations.ts';
import { type Expression, mentions, type Source } from '../starlark/syntax.ts';
import type { FunctionValue, Value } from '../starlark/values.ts';
import { targetOf, uses } from './macros.ts';
import type { Parameter } from './model.ts';
import { identity, type Problems } from './parameters.ts';
import { splitType } from './types.ts';

const CHECK = 'checked_attributes';

/** An attribute that a macro has by its table. */
interface Entry {
  readonly form: string;
  /** Undefined: that of the rule it is handed on to holds. */
  readonly doc: string | undefined;
}

/** What checked_attributes was given. */
export interface AttributeTable {
  readonly place: { readonly source: Source; readonly from: number };
  /** What has an effect. */
  readonly entries: ReadonlyMap<string, Entry>;
  /** What is accepted, and has none. */
  readonly ignored: readonly string[];
  /** What is not accepted → what to do instead, sentences. */
  readonly refused: ReadonlyMap<string, string>;
}

/** What parameters of a function were given, where a table may be made of them. */
type Given = ReadonlyMap<string, () => Value>;

/** The table of a macro, or of a function without a public name that it hands its `**kwargs` to. */
export function attributeTable(
  value: FunctionValue,
  names: ReadonlyMap<unknown, string>,
  given: Given = new Map(),
): AttributeTable | undefined {
  const { definition, module } = value;
  const inFunction = (at: Expression): Value => {
    const locals = definition.parameters.flatMap(({ name }) => {
      const of = given.get(name);
      return of !== undefined && mentions(at, new Set([name])) ? [[name, of()] as const] : [];
    });
    return evaluate(at, { module, locals: new Map(locals) });
  };
  const more = definition.parameters.find(({ spread }) => spread === '**')?.name;
  for (const use of uses(value)) {
    const { call, callee } = use;
    if (callee.kind !== 'function') continue;
    const args = new Map(call.args.map((argument) => [targetOf(use, argument) ?? '', argument.value]));
    if (callee.definition.name === CHECK) {
      const entry = (name: string) => {
        const at = args.get(name);
        return at === undefined ? undefined : inFunction(at);
      };
      return tableOf({ source: call.source, from: call.from }, entry);
    }
    const isHanded = more !== undefined && call.args.some((argument) => mentions(argument.value, new Set([more])));
    if (!isHanded || names.has(identity(callee))) continue;
    const defaults = callee.definition.parameters.flatMap(({ name, fallback }) =>
      fallback === undefined
        ? []
        : [[name, () => evaluate(fallback, { module: callee.module, locals: new Map() })] as const],
    );
    const values = [...args].map(([name, at]) => [name, () => inFunction(at)] as const);
    const found = attributeTable(callee, names, new Map([...defaults, ...values]));
    if (found !== undefined) return found;
  }
  return undefined;
}

function tableOf(place: AttributeTable['place'], argument: (name: string) => Value | undefined): AttributeTable {
  const entriesOf = (value: Value | undefined) => (isKind(value, 'dict') ? [...value.entries] : []);
  const parts = (value: Value) => (isKind(value, 'list') ? value.items : [value]).map(String);
  const ignoring = argument('ignored');
  const refused = entriesOf(argument('refused')).map(([name, value]) => {
    const [why = '', remedy = ''] = parts(value);
    return [name, `${why}. ${remedy}.`] as const;
  });
  const without = new Set(refused.map(([name]) => name));
  const ignored = (isKind(ignoring, 'list') ? ignoring.items : []).map(String).filter((name) => !without.has(name));
  const hidden = new Set([...without, ...ignored]);
  const entries = entriesOf(argument('known')).flatMap(([name, value]) => {
    const [written = '', doc] = parts(value);
    // That a value must be without `select` says nothing of its type.
    const form = written.replace(/^plain /, '');
    return hidden.has(name) ? [] : [[name, { form, doc }] as const];
  });
  return { place, entries: new Map(entries), ignored, refused: new Map(refused) };
}

/** What forms of a table that a rule has no type for are called. */
const FORMS: ReadonlyMap<string, string> = new Map([
  ['any', 'any value'],
  ['command', 'list of strings or string'],
  ['environment', 'string or dict'],
  ['extends', 'label or list of labels'],
  ['label or dict', 'label or dict'],
  ['stamp', 'bool or label'],
]);

/** The attributes of a table but those in `own`; `offered` are those of what the macro hands them on to. */
export function tableParameters(
  macro: string,
  table: AttributeTable,
  { own, offered, problems }: { own: ReadonlySet<string>; offered: readonly Parameter[]; problems: Problems },
): readonly Parameter[] {
  const known = new Map(offered.toReversed().map((parameter) => [parameter.name, parameter]));
  // What is the macro's own comes first.
  const entries = [...table.entries].toSorted(
    ([, one], [, other]) => Number(one.doc === undefined) - Number(other.doc === undefined),
  );
  return entries.flatMap(([name, { form, doc: written }]): readonly Parameter[] => {
    if (own.has(name)) return [];
    const behind = known.get(name);
    const told = splitType(written ?? '');
    const doc = written === undefined ? (behind?.doc ?? '') : told.doc;
    if (doc === '')
      problems.add(table.place, `attribute ${macro}.${name} has no doc, in its table or a rule behind it`);
    const plain = /^(list|dict)/.test(form) ? undefined : form;
    const type = told.type ?? FORMS.get(form) ?? behind?.type ?? plain;
    if (type === undefined)
      problems.add(
        table.place,
        `attribute ${macro}.${name} needs its type in its table: ("${form}", "${form} of …: …")`,
      );
    // What the macro says itself of an attribute holds also of one that is not given.
    const fallback = written === undefined && behind !== undefined ? behind.fallback : 'None';
    return [{ name, type: type ?? '', fallback, doc }];
  });
}
