// PromQL, as far as it can be told without a Prometheus: whether it parses, and which series and labels it is about.
import type { SyntaxNode, TreeCursor } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

/** `grpc_server_handled_total{grpc_code="OK"}` */
export interface Selector {
  /** Undefined where a selector has none, or where it is a regular expression. */
  readonly metric: string | undefined;
  readonly matchers: readonly Matcher[];
  /** Where it begins, from 0. */
  readonly position: number;
}

/** `grpc_code="OK"` */
export interface Matcher {
  readonly label: string;
  readonly operator: string;
  readonly value: string;
  readonly position: number;
}

/** What is wrong with a query, and where. */
export interface QueryProblem {
  readonly position: number;
  readonly text: string;
}

/** What a query is made of. */
export interface ParsedQuery {
  readonly problems: readonly QueryProblem[];
  readonly selectors: readonly Selector[];
  /** Labels of `by`, `without`, `on`, `ignoring` and `group_left`. */
  readonly groupings: readonly { readonly label: string; readonly position: number }[];
  /** Whether labels are made in it, by label_replace and the like. */
  readonly makesLabels: boolean;
}

/** Functions of what was so over a time. */
const OF_RANGES =
  /^(absent_over_time|avg_over_time|changes|count_over_time|delta|deriv|double_exponential_smoothing|first_over_time|idelta|increase|irate|last_over_time|mad_over_time|max_over_time|min_over_time|predict_linear|present_over_time|quantile_over_time|rate|resets|stddev_over_time|stdvar_over_time|sum_over_time|ts_of_(first|last|max|min)_over_time)$/;
const MAKE_LABELS = /^(label_replace|label_join|count_values|info)$/;

const EMPTY: ParsedQuery = {
  problems: [{ position: 0, text: 'it is empty' }],
  selectors: [],
  groupings: [],
  makesLabels: false,
};

/** Reads a query; `problems` are empty where it is one. */
export function parseQuery(text: string): ParsedQuery {
  if (text.trim() === '') return EMPTY;
  const problems: QueryProblem[] = [];
  const selectors: Selector[] = [];
  const groupings: { label: string; position: number }[] = [];
  let makesLabels = false;
  const source = (node: SyntaxNode | TreeCursor) => text.slice(node.from, node.to);
  parser.parse(text).iterate({
    enter: (ref) => {
      const node = ref.node;
      if (ref.type.isError) problems.push({ position: ref.from, text: unexpected(text, node) });
      else if (ref.name === 'VectorSelector') selectors.push(selectorOf(node, source));
      else if (ref.name === 'LabelName' && node.parent?.name === 'GroupingLabels')
        groupings.push({ label: source(node), position: ref.from });
      else if (ref.name === 'FunctionIdentifier' || ref.name === 'AggregateOp') {
        if (MAKE_LABELS.test(source(node))) makesLabels = true;
      }
      if (ref.name === 'FunctionCall') problems.push(...rangeProblems(node, source));
      if ((ref.name === 'MatrixSelector' || ref.name === 'SubqueryExpr') && !isArgument(node))
        problems.push({ position: ref.from, text: `a range of time, ${source(node)}, where one value is wanted` });
    },
  });
  return { problems, selectors, groupings, makesLabels };
}

function unexpected(text: string, node: SyntaxNode): string {
  const found = text.slice(node.from, node.to > node.from ? node.to : node.from + 12).trim();
  return found === '' ? 'it ends too early' : `unexpected '${found}'`;
}

function isArgument(node: SyntaxNode): boolean {
  for (let at = node.parent; at !== null; at = at.parent) {
    if (at.name === 'FunctionCallBody') return true;
    if (!['OffsetExpr', 'StepInvariantExpr', 'ParenExpr'].includes(at.name)) return false;
  }
  return false;
}

/** What is wrong with the arguments of a function of ranges. */
function rangeProblems(call: SyntaxNode, source: (node: SyntaxNode) => string): readonly QueryProblem[] {
  const name = call.getChild('FunctionIdentifier');
  const body = call.getChild('FunctionCallBody');
  if (name === null || body === null) return [];
  const takesRange = OF_RANGES.test(source(name));
  let hasRange = false;
  for (let one = body.firstChild; one !== null; one = one.nextSibling) if (isRange(one)) hasRange = true;
  if (takesRange === hasRange) return [];
  const text = takesRange
    ? `${source(name)} wants a range of time, such as [5m]`
    : `${source(name)} wants no range of time`;
  return [{ position: call.from, text }];
}

function isRange(node: SyntaxNode): boolean {
  if (node.name === 'MatrixSelector' || node.name === 'SubqueryExpr') return true;
  const inner = node.firstChild;
  return ['OffsetExpr', 'StepInvariantExpr', 'ParenExpr'].includes(node.name) && inner !== null && isRange(inner);
}

function selectorOf(node: SyntaxNode, source: (node: SyntaxNode) => string): Selector {
  const name = node.getChild('Identifier');
  const all = (node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []).map((matcher): Matcher => {
    const [label, operator, value] = [
      matcher.getChild('LabelName'),
      matcher.getChild('MatchOp'),
      matcher.getChild('StringLiteral'),
    ].map((part) => (part === null ? '' : source(part)));
    return { label: label ?? '', operator: operator ?? '', value: unquoted(value ?? ''), position: matcher.from };
  });
  const named = all.find(({ label }) => label === '__name__');
  const quoted = node.getChild('LabelMatchers')?.getChild('QuotedLabelName') ?? null;
  return {
    metric:
      name !== null
        ? source(name)
        : named?.operator === '='
          ? named.value
          : quoted !== null
            ? unquoted(source(quoted))
            : undefined,
    matchers: all.filter((matcher) => matcher !== named),
    position: node.from,
  };
}

function unquoted(literal: string): string {
  const inner = literal.slice(1, -1);
  return literal.startsWith('`') ? inner : inner.replaceAll(/\\(.)/g, '$1');
}

/** Grafana's variables, by what they might be; as long as before, so that positions stay. */
export function withoutVariables(query: string): string {
  const times = { __rate_interval: '5m', __interval: '1m', __range: '1h' };
  return query.replaceAll(/\$\{?(__rate_interval|__interval|__range)\b\}?/g, (variable, name: keyof typeof times) =>
    times[name].padEnd(variable.length),
  );
}
