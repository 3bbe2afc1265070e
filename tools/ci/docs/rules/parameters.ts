// What rules and macros share: their attributes, and what is missing of them.
import { isKind } from '../starlark/operations.ts';
import type { Expression, Source } from '../starlark/syntax.ts';
import { type RuleValue, shown, type Value } from '../starlark/values.ts';
import { dedent } from './docstring.ts';
import type { Parameter } from './model.ts';
import { attributeType } from './types.ts';

/** Collects what is missing, so that one run tells all of it. */
export interface Problems {
  add(place: { readonly source: Source; readonly from: number }, what: string): void;
}

/** What identifies a rule or function, whatever it is called. */
export const identity = (value: Value): unknown =>
  isKind(value, 'function') ? value.definition : isKind(value, 'rule') ? value.at : value;

/** The public attributes of a rule or tag, those first that must be given. */
export function attributeParameters(
  rule: string,
  value: Pick<RuleValue, 'attributes'>,
  problems: Problems,
): readonly Parameter[] {
  const parameters = [...value.attributes].flatMap(([name, attribute]): readonly Parameter[] => {
    if (name.startsWith('_')) return [];
    const [type, fallback] = attributeType(attribute.type) ?? ['', ''];
    if (type === '')
      problems.add(attribute.at, `the type attr.${attribute.type} of ${rule}.${name} has no name in words`);
    if (!attribute.doc?.trim()) problems.add(attribute.at, `attribute ${rule}.${name} has no doc`);
    const values = attribute.values.length === 0 ? '' : `: ${attribute.values.map(shown).join(' or ')}`;
    const given = attribute.fallback === undefined ? fallback : shown(attribute.fallback);
    return [
      {
        name,
        type: type + values,
        fallback: attribute.isMandatory ? undefined : given,
        doc: dedent(attribute.doc ?? '').replaceAll(/\s*\n\s*/g, ' '),
      },
    ];
  });
  return parameters.toSorted((one, other) => Number(one.fallback !== undefined) - Number(other.fallback !== undefined));
}

/** The default of a parameter as a reader may write it: private names are replaced by their values. */
export function shownDefault(at: Expression, valueOf: (at: Expression) => Value): string {
  if (at.kind === 'name' && at.name.startsWith('_')) return shown(valueOf(at));
  return at.source.text.slice(at.from, at.to).replaceAll(/\s+/g, ' ');
}
