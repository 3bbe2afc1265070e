// Variables in PromQL: where they may stand, and what is put there. A value is chosen by whoever looks at a dashboard, so
// it never becomes more than part of one quoted text.

/** What every dashboard knows beside its own variables: durations, which stand outside of quotes. */
export const TIMES = ['__rate_interval', '__interval', '__range'] as const;

/** A piece of an expression. */
type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'time'; readonly name: string }
  | {
      readonly kind: 'variable';
      readonly name: string;
      readonly quote: string;
      /** What the matcher takes: one value, or a regular expression. */
      readonly isRegex: boolean;
      /** Whether it may be several values, and all. */
      readonly isMulti: boolean;
    };

/** An expression with places for values. */
export interface Expression {
  readonly parts: readonly Part[];
}

/** What is put into an expression. */
export interface Values {
  /** Durations, such as `5m`, by the names of {@link TIMES}. */
  readonly times: Readonly<Record<string, string>>;
  /** Chosen values by variable; none is all of one that may be several. */
  readonly variables: ReadonlyMap<string, readonly string[]>;
}

/** What a variable of the dashboard allows. */
export interface KnownVariable {
  readonly isMulti: boolean;
}

const NAME = /^(?:\$([A-Za-z_]\w*)|\$\{([A-Za-z_]\w*)\})/;
const MATCHER = /(=~|!~|!=|=)\s*$/;

/** Reads an expression; `problems` are the ends of sentences that begin with the expression's place. */
export function parseExpression(
  text: string,
  known: ReadonlyMap<string, KnownVariable>,
): { readonly expression: Expression; readonly problems: readonly string[] } {
  const parts: Part[] = [];
  const problems: string[] = [];
  let literal = '';
  let quote = '';
  let operator = '';
  const flush = () => {
    if (literal !== '') parts.push({ kind: 'text', text: literal });
    literal = '';
  };
  for (let index = 0; index < text.length;) {
    const char = text.charAt(index);
    if (quote === '' && char === '#') {
      // What looks like a quote in a comment is none: by it, a value would stand in other quotes than it is written for.
      const [comment] = text.slice(index).split(/[\r\n]/, 1);
      literal += comment ?? '';
      index += comment?.length ?? 1;
      continue;
    }
    const match = char === '$' ? NAME.exec(text.slice(index)) : null;
    const name = match?.[1] ?? match?.[2];
    if (match !== null && name !== undefined) {
      const isTime = (TIMES as readonly string[]).includes(name);
      const problem = isTime ? undefined : problemOf(name, known, { quote, operator });
      if (problem !== undefined) problems.push(problem);
      flush();
      if (isTime) parts.push({ kind: 'time', name });
      else {
        const isMulti = known.get(name)?.isMulti ?? false;
        parts.push({ kind: 'variable', name, quote, isRegex: operator.endsWith('~'), isMulti });
      }
      index += match[0].length;
      continue;
    }
    if (quote === '' && (char === '"' || char === "'" || char === '`')) {
      operator = MATCHER.exec(text.slice(Math.max(0, index - 20), index))?.[1] ?? '';
      quote = char;
    } else if (char === quote) quote = '';
    else if (char === '\\' && quote !== '' && quote !== '`') {
      literal += char + text.charAt(index + 1);
      index += 2;
      continue;
    }
    literal += char;
    index += 1;
  }
  flush();
  if (quote !== '') problems.push(`has a text that begins with ${quote} and does not end`);
  return { expression: { parts }, problems };
}

function problemOf(
  name: string,
  known: ReadonlyMap<string, KnownVariable>,
  place: { readonly quote: string; readonly operator: string },
): string | undefined {
  const variable = known.get(name);
  if (variable === undefined) return `has $${name}, and there is no such variable`;
  if (place.quote === '')
    return `has $${name} outside of quotes: write it as the value of a label, {label=~"$${name}"}`;
  if (variable.isMulti && !place.operator.endsWith('~'))
    return `has $${name}, which may be several values, where one is compared: write {label=~"$${name}"}`;
  return undefined;
}

/**
 * The text of an expression with its values. Throws RangeError where a value can't stand where it is wanted, and where there
 * is none of a variable that is always one: '' would ask for series without the label.
 */
export function fillExpression(expression: Expression, values: Values): string {
  return expression.parts
    .map((part) => {
      if (part.kind === 'text') return part.text;
      if (part.kind === 'time') return values.times[part.name] ?? '5m';
      const given = values.variables.get(part.name) ?? [];
      const chosen = part.isMulti ? given : given.slice(0, 1);
      if (chosen.length === 0 && !part.isMulti) throw new RangeError(`There is no value of $${part.name} to ask for`);
      if (!part.isRegex) return quoted(chosen[0] ?? '', part.quote);
      return quoted(chosen.length === 0 ? '.*' : `(${chosen.map(escapeRegex).join('|')})`, part.quote);
    })
    .join('');
}

/** As a regular expression of RE2 that matches just `text`. */
function escapeRegex(text: string): string {
  return text.replaceAll(/[\\^$.|?*+()[\]{}]/g, '\\$&');
}

function quoted(value: string, quote: string): string {
  if (quote === '`') {
    if (value.includes('`')) throw new RangeError(`The value ${value} can't stand between backticks`);
    return value;
  }
  return value.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`).replaceAll('\n', '\\n');
}

/** The parts of `label_values(selector, label)`; undefined for anything else. */
export function parseLabelValues(query: string): { readonly selector: string; readonly label: string } | undefined {
  const match = /^\s*label_values\(\s*(?:(.*\S)\s*,\s*)?([A-Za-z_]\w*)\s*\)\s*$/s.exec(query);
  return match === null ? undefined : { selector: match[1] ?? '', label: match[2] ?? '' };
}
