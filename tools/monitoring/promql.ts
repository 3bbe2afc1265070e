// PromQL, as far as it can be told without a Prometheus: whether it parses, and which series and labels it is about. What
// functions and operators take is for promtool to say.
import type { SyntaxNode, TreeCursor } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import type { Matcher } from './matchers.ts';

/** `grpc_server_handled_total{grpc_code="OK"}` */
export interface Selector {
  /** What its metrics are called, as matchers of `__name__`; empty: anything. */
  readonly names: readonly Matcher[];
  readonly matchers: readonly Matcher[];
  /** Where it begins, from 0. */
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

const MAKE_LABELS = /^(label_replace|label_join|count_values|info)$/;
const NAME = '__name__';

const EMPTY: ParsedQuery = {
  problems: [{ position: 0, text: 'it is empty' }],
  selectors: [],
  groupings: [],
  makesLabels: false,
};

/** Reads a query; `problems` are empty where its form is that of one. */
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
      else if (isLabel(ref.name) && node.parent?.name === 'GroupingLabels')
        groupings.push({ label: nameOf(node, source), position: ref.from });
      else if (ref.name === 'FunctionIdentifier' || ref.name === 'AggregateOp') {
        if (MAKE_LABELS.test(source(node))) makesLabels = true;
      }
    },
  });
  return { problems, selectors, groupings, makesLabels };
}

function unexpected(text: string, node: SyntaxNode): string {
  const found = text.slice(node.from, node.to > node.from ? node.to : node.from + 12).trim();
  return found === '' ? 'it ends too early' : `unexpected '${found}'`;
}

function isLabel(name: string): boolean {
  return name === 'LabelName' || name === 'QuotedLabelName';
}

/** What a label is called, be it in quotes, as names beyond letters, digits and `_` are. */
function nameOf(node: SyntaxNode, source: (node: SyntaxNode) => string): string {
  return node.name === 'QuotedLabelName' ? unquoted(source(node)) : source(node);
}

/** The two forms are one: `up{job="a"}` and `{"up","job"="a"}`. */
function selectorOf(node: SyntaxNode, source: (node: SyntaxNode) => string): Selector {
  const inner = node.getChild('LabelMatchers');
  const called = [node.getChild('Identifier'), ...(inner?.getChildren('QuotedLabelName') ?? [])].flatMap((one) =>
    one === null ? [] : [{ label: NAME, operator: '=', value: nameOf(one, source), position: one.from }],
  );
  const all = ['UnquotedLabelMatcher', 'QuotedLabelMatcher']
    .flatMap((form) => inner?.getChildren(form) ?? [])
    .map((matcher): Matcher => {
      const label = matcher.getChild('LabelName') ?? matcher.getChild('QuotedLabelName');
      const [operator, value] = [matcher.getChild('MatchOp'), matcher.getChild('StringLiteral')].map((part) =>
        part === null ? '' : source(part),
      );
      return {
        label: label === null ? '' : nameOf(label, source),
        operator: operator ?? '',
        value: unquoted(value ?? ''),
        position: matcher.from,
      };
    });
  return {
    names: [...called, ...all.filter(({ label }) => label === NAME)],
    matchers: all.filter(({ label }) => label !== NAME).toSorted((a, b) => a.position - b.position),
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
