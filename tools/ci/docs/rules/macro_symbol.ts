// A macro with its parameters: their types from the docstring, else from what the macro does with them.
import { evaluate } from '../starlark/evaluate.ts';
import type { FunctionValue } from '../starlark/values.ts';
import { parseDocstring } from './docstring.ts';
import { attributeTable, tableParameters } from './attribute_table.ts';
import { acceptedNames, handings, takenKeys, typeByUse } from './macros.ts';
import type { MacroSymbol, Parameter } from './model.ts';
import { attributeParameters, identity, type Problems, shownDefault } from './parameters.ts';
import { COMMON_TYPES, splitType, typeOfValue } from './types.ts';

/** Describes a macro. `names` has what rules and functions are publicly called, by their {@link identity}. */
export function macroSymbol(
  name: string,
  value: FunctionValue,
  names: ReadonlyMap<unknown, string>,
  problems: Problems,
): MacroSymbol {
  const { definition } = value;
  if (!definition.docstring?.trim()) problems.add(definition, `${name} has no docstring`);
  const { text, args, returns } = parseDocstring(definition.docstring ?? '');
  for (const documented of args.keys()) {
    if (!definition.parameters.some((parameter) => parameter.name === documented))
      problems.add(definition, `the docstring of ${name} tells of ${documented}, which is no parameter`);
  }
  const own = ownParameters(name, value, args, problems);
  const ownNames = new Set(own.map((one) => one.name));
  const table = attributeTable(value, names);
  // A table has all that a macro takes, so all that is handed on is told of here, and nothing else is.
  const { inlined, handsOnTo } = handedOn(value, ownNames, table === undefined ? names : new Map(), problems);
  const more = definition.parameters.find(({ spread }) => spread !== '');
  if (more !== undefined && !args.has(more.name))
    problems.add(definition, `${name}: **${more.name} has no line in Args`);
  const known = acceptedNames(value);
  for (const { key, at } of takenKeys(value)) {
    if (!known.has(key) && !COMMON_TYPES.has(key))
      problems.add(at, `${name} takes ${key} out of its **kwargs: make it a parameter`);
  }
  return {
    kind: 'macro',
    name,
    doc: text,
    parameters: [
      ...own,
      ...(table === undefined ? inlined : tableParameters(name, table, { own: ownNames, offered: inlined, problems })),
    ],
    more: more === undefined ? undefined : args.get(more.name),
    handsOnTo,
    ignored: table?.ignored ?? [],
    refused: table?.refused ?? new Map(),
    returns,
  };
}

function ownParameters(
  macro: string,
  value: FunctionValue,
  args: ReadonlyMap<string, string>,
  problems: Problems,
  set: ReadonlySet<string> = new Set(),
): readonly Parameter[] {
  const { definition, module } = value;
  const scope = { module, locals: new Map() };
  return definition.parameters.flatMap(({ name, spread, fallback, from }) => {
    if (spread !== '' || set.has(name)) return [];
    const place = { source: definition.source, from };
    const text = args.get(name);
    if (text === undefined) problems.add(place, `parameter ${macro}.${name} has no line in Args`);
    const { type: told, doc } = splitType(text ?? '');
    const isLiteral = fallback !== undefined && ['string', 'number', 'name'].includes(fallback.kind);
    const literal = () => (isLiteral ? typeOfValue(evaluate(fallback, scope)) : undefined);
    const type = told ?? COMMON_TYPES.get(name) ?? typeByUse(value, name) ?? literal();
    if (type === undefined)
      problems.add(place, `parameter ${macro}.${name} needs its type in Args, as in \`${name}: list of labels: …\``);
    return [
      {
        name,
        type: type ?? '',
        fallback: fallback === undefined ? undefined : shownDefault(fallback, (at) => evaluate(at, scope)),
        doc,
      },
    ];
  });
}

/** Parameters that a macro has by handing its `**kwargs` to what has no public name; and the names of the others. */
function handedOn(
  value: FunctionValue,
  known: ReadonlySet<string>,
  names: ReadonlyMap<unknown, string>,
  problems: Problems,
): { readonly inlined: readonly Parameter[]; readonly handsOnTo: readonly string[] } {
  const inlined = new Map<string, Parameter>();
  const handsOnTo = new Set<string>();
  for (const { callee, set, only } of handings(value)) {
    const public_ = names.get(identity(callee));
    if (public_ !== undefined) {
      handsOnTo.add(public_);
      continue;
    }
    const told =
      callee.kind === 'rule'
        ? attributeParameters('a rule', callee, problems)
        : functionParameters(callee, set, names, problems);
    for (const parameter of told)
      if (!set.has(parameter.name) && !known.has(parameter.name) && (only?.has(parameter.name) ?? true))
        inlined.set(parameter.name, parameter);
  }
  return { inlined: [...inlined.values()], handsOnTo: [...handsOnTo] };
}

function functionParameters(
  callee: FunctionValue,
  set: ReadonlySet<string>,
  names: ReadonlyMap<unknown, string>,
  problems: Problems,
): readonly Parameter[] {
  const { args } = parseDocstring(callee.definition.docstring ?? '');
  const own = ownParameters(callee.definition.name, callee, args, problems, set);
  return [...own, ...handedOn(callee, new Set(own.map(({ name }) => name)), names, problems).inlined];
}
