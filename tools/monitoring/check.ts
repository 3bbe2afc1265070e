// What is wrong with rules and dashboards before a Prometheus sees them: queries that are none, metrics and labels that
// nobody exposes, runbooks and panels that are not there.
import { parseLabelValues } from '../dashboards/expression.ts';
import { nearest } from '../lib/nearest.ts';
import type { KnownMetric, KnownMetrics } from './exposition.ts';
import { choiceOf, type Matcher } from './matchers.ts';
import type { SourceFile } from './objects.ts';
import { checkPanels } from './panels.ts';
import { type ParsedQuery, parseQuery, type QueryProblem, type Selector, withoutVariables } from './promql.ts';
import { checkRunbooks } from './runbooks.ts';
import type { Sources } from './sources.ts';

/** Something that is wrong. */
export interface Finding {
  readonly code: string;
  /** The place and what is wrong there, one line. */
  readonly text: string;
  /** What is wrong, where the same thing may be wrong at many places. */
  readonly problem?: string;
}

/** Options of {@link checkMonitoring}. */
export interface CheckOptions {
  readonly sources: Sources;
  /** What Prometheus itself refuses, by the query as it is asked. Default: nothing. */
  readonly refused?: ReadonlyMap<string, QueryProblem>;
  /** What the services expose, and what is scraped beside them. Default: that is not looked at. */
  readonly metrics?: KnownMetrics | undefined;
  /** The runbooks that are there, by their paths. Default: they are not looked at. */
  readonly runbooks?: readonly SourceFile[] | undefined;
}

/** Labels that Prometheus and its operator give to all that they scrape. */
const OF_TARGETS = ['container', 'endpoint', 'instance', 'job', 'namespace', 'node', 'pod', 'prometheus', 'service'];
const OF_ALERTS = ['alertname', 'alertstate', 'severity'];

/** A query of a rule, a panel or a variable. */
export interface Query {
  readonly where: string;
  readonly expr: string;
  /** With times for the variables that are times, each where it was. */
  readonly asked: string;
}

/** All findings, in the order of the sources. */
export function checkMonitoring({ sources, refused, metrics, runbooks }: CheckOptions): readonly Finding[] {
  const known: KnownMetrics | undefined = metrics && new Map([...metrics, ...recordedMetrics(sources)]);
  return [
    ...sources.problems.map((text) => ({ code: 'MONITORING_INVALID', text })),
    ...queriesOf(sources).flatMap((query) => {
      const parsed = parseQuery(query.asked);
      const problem = parsed.problems[0] ?? refused?.get(query.asked);
      if (problem !== undefined) return [findingIn(query, problem.position, 'PROMQL_SYNTAX', problem.text)];
      return known === undefined ? [] : checkQuery(query, parsed, known);
    }),
    ...(runbooks === undefined ? [] : checkRunbooks(sources, runbooks)),
    ...checkPanels(sources),
  ];
}

/** What is asked of Prometheus. */
export function queriesOf({ rules, dashboards }: Sources): readonly Query[] {
  const all = [
    ...rules.map(({ where, expr }) => ({ where, expr })),
    ...dashboards.flatMap(({ where, dashboard }) => [
      ...dashboard.variables.flatMap(({ name, query }) => {
        const selector = parseLabelValues(query)?.selector ?? '';
        // Of all series.
        return selector === '' ? [] : [{ where: `${where}: variable ${name}`, expr: selector }];
      }),
      ...dashboard.rows.flatMap((row) =>
        row.panels.flatMap((panel) =>
          panel.queries.map(({ expr }) => ({ where: `${where}: panel '${panel.title}' of row '${row.title}'`, expr })),
        ),
      ),
    ]),
  ];
  return all.map((query) => ({ ...query, asked: withoutVariables(query.expr) }));
}

/** What rules record, with the labels that they may have. */
function recordedMetrics({ rules }: Sources): KnownMetrics {
  const recorded = new Map<string, KnownMetric>();
  for (const { record, expr, labels } of rules) {
    if (record === undefined) continue;
    const { selectors, groupings, makesLabels } = parseQuery(expr);
    const isSimple = groupings.length === 0 && !makesLabels && selectors.length > 0;
    // Where labels come from what it is computed of, they may be any.
    const isConstant = Object.keys(labels).length > 0 && !isSimple;
    recorded.set(
      record,
      isConstant ? { labels: new Map(Object.keys(labels).map((label) => [label, undefined])) } : { labels: undefined },
    );
  }
  return recorded;
}

function findingIn({ where, expr }: Query, position: number, code: string, problem: string): Finding {
  return { code, text: `${where}: column ${position + 1} of \`${expr}\`: ${problem}`, problem };
}

function checkQuery(query: Query, parsed: ParsedQuery, known: KnownMetrics): readonly Finding[] {
  return [
    ...parsed.selectors.flatMap((selector) => checkSelector(query, selector, known)),
    ...checkGroupings(query, parsed, known),
  ];
}

/** The metrics that a selector chooses, by name. Of what can't be told it is none. */
function chosen({ names }: Selector, known: KnownMetrics): KnownMetrics {
  const choices = names.map(choiceOf);
  return new Map([...known].filter(([name]) => choices.every((choice) => choice?.(name) === true)));
}

function checkSelector(query: Query, selector: Selector, known: KnownMetrics): readonly Finding[] {
  const { names, matchers, position } = selector;
  const blind = names.find((matcher) => choiceOf(matcher) === undefined);
  if (blind !== undefined) return [findingIn(query, blind.position, 'METRIC_UNKNOWN', unclear(blind))];
  const metrics = chosen(selector, known);
  if (metrics.size > 0) return matchers.flatMap((matcher) => checkMatcher(query, matcher, metrics));
  const [only, ...others] = names;
  if (only === undefined) return [];
  const isName = others.length === 0 && only.operator === '=';
  const guess = isName ? nearest(only.value, [...known.keys()]) : undefined;
  const asked = isName ? only.value : `a metric that {${names.map(shown).join(',')}} chooses`;
  const meant = guess === undefined ? '' : `, the nearest is ${guess}`;
  return [findingIn(query, position, 'METRIC_UNKNOWN', `nobody exposes ${asked}${meant}`)];
}

function shown({ label, operator, value }: Matcher): string {
  return `${label}${operator}${JSON.stringify(value)}`;
}

function unclear(matcher: Matcher): string {
  return `what ${shown(matcher)} chooses can't be told: write a plainer regular expression`;
}

function checkMatcher(query: Query, matcher: Matcher, metrics: KnownMetrics): readonly Finding[] {
  const { label, operator, value, position } = matcher;
  const finding = (problem: string) => [findingIn(query, position, 'METRIC_LABEL_UNKNOWN', problem)];
  const all = [...metrics.values()].map(({ labels }) => labels);
  if (OF_TARGETS.includes(label) || all.includes(undefined)) return [];
  const having = all.filter((labels) => labels?.has(label) === true);
  if (having.length === 0) {
    const others = [...new Set(all.flatMap((labels) => [...(labels?.keys() ?? [])]))];
    const verb = metrics.size === 1 ? 'has no' : 'have no';
    const rest = metrics.size === 1 ? 'it has' : 'they have';
    return finding(`${listed(metrics)} ${verb} label ${label}, ${rest} ${others.join(', ') || 'none of its own'}`);
  }
  const values = having.map((labels) => labels?.get(label));
  if (values.includes(undefined) || (operator !== '=' && operator !== '=~')) return [];
  const choice = choiceOf(matcher);
  if (choice === undefined) return finding(unclear(matcher));
  const known = [...new Set(values.flatMap((some) => some ?? []))];
  const theyAre = `they are ${known.join(', ')}`;
  // Of words alone each is meant to be there: a method that is misspelt beside another would be left out silently.
  const words = operator === '=~' && /^\w+(?:\|\w+)+$/.test(value) ? value.split('|') : [];
  const unknown = words.filter((word) => !known.includes(word));
  if (unknown.length > 0) return finding(`no ${label} of ${listed(metrics)} is ${unknown.join(' or ')}, ${theyAre}`);
  // Prometheus writes 1 as 1.0.
  if (known.some((one) => choice(one) || choice(one.replace(/^\d+$/, '$&.0')))) return [];
  return finding(`no ${label} of ${listed(metrics)} is ${value}, ${theyAre}`);
}

function listed(metrics: KnownMetrics): string {
  const names = [...metrics.keys()];
  return names.length > 3 ? `${names.length} metrics from ${names[0]} to ${names.at(-1)}` : names.join(', ');
}

/** Labels by which something is grouped that nothing in the query has. */
function checkGroupings(query: Query, { selectors, groupings, makesLabels }: ParsedQuery, known: KnownMetrics) {
  if (makesLabels || selectors.some(({ names }) => names.length === 0)) return [];
  const all = selectors.flatMap((selector) => [...chosen(selector, known).values()].map(({ labels }) => labels));
  if (all.length === 0 || all.includes(undefined)) return [];
  const labels = new Set([...OF_TARGETS, ...OF_ALERTS, ...all.flatMap((one) => [...(one?.keys() ?? [])])]);
  return groupings
    .filter(({ label }) => !labels.has(label))
    .map(({ label, position }) =>
      findingIn(query, position, 'METRIC_LABEL_UNKNOWN', `nothing in it has a label ${label}`),
    );
}
