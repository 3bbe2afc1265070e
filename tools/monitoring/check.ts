// What is wrong with rules and dashboards before a Prometheus sees them: queries that do not parse, metrics and labels
// that nobody exposes, runbooks and panels that are not there.
import { parseLabelValues } from '../dashboards/expression.ts';
import { nearest } from '../lib/nearest.ts';
import type { KnownMetric, KnownMetrics } from './exposition.ts';
import { checkPanels } from './panels.ts';
import { type Matcher, type ParsedQuery, parseQuery, withoutVariables } from './promql.ts';
import type { SourceFile, Sources } from './sources.ts';

/** Something that is wrong. */
export interface Finding {
  readonly code: string;
  /** The place and what is wrong there, one line. */
  readonly text: string;
}

/** Options of {@link checkMonitoring}. */
export interface CheckOptions {
  readonly sources: Sources;
  /** What the services expose, and what is scraped beside them. */
  readonly metrics: KnownMetrics;
  /** The runbooks that are there, by their paths. */
  readonly runbooks: readonly SourceFile[];
}

/** Labels that Prometheus and its operator give to all that they scrape. */
const OF_TARGETS = ['container', 'endpoint', 'instance', 'job', 'namespace', 'node', 'pod', 'prometheus', 'service'];
const OF_ALERTS = ['alertname', 'alertstate', 'severity'];

interface Query {
  readonly where: string;
  readonly expr: string;
}

/** All findings, in the order of the sources. */
export function checkMonitoring({ sources, metrics, runbooks }: CheckOptions): readonly Finding[] {
  const recorded = recordedMetrics(sources);
  const known: KnownMetrics = new Map([...metrics, ...recorded]);
  return [
    ...sources.problems.map((text) => ({ code: 'MONITORING_INVALID', text })),
    ...queriesOf(sources).flatMap((query) => checkQuery(query, known)),
    ...checkRunbooks(sources, runbooks),
    ...checkPanels(sources),
  ];
}

function queriesOf({ rules, dashboards }: Sources): readonly Query[] {
  return [
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

function checkQuery({ where, expr }: Query, known: KnownMetrics): readonly Finding[] {
  const query = parseQuery(withoutVariables(expr));
  const [first] = query.problems;
  if (first !== undefined) {
    return [{ code: 'PROMQL_SYNTAX', text: `${where}: column ${first.position + 1} of \`${expr}\`: ${first.text}` }];
  }
  const unknown = query.selectors.flatMap(({ metric, matchers, position }) => {
    if (metric === undefined) return [];
    const found = known.get(metric);
    const at = (column: number) => `${where}: column ${column + 1} of \`${expr}\``;
    if (found === undefined) {
      const guess = nearest(metric, [...known.keys()]);
      const meant = guess === undefined ? '' : `, the nearest is ${guess}`;
      return [{ code: 'METRIC_UNKNOWN', text: `${at(position)}: nobody exposes ${metric}${meant}` }];
    }
    return matchers.flatMap((matcher) => checkMatcher(matcher, metric, found, at(matcher.position)));
  });
  return [...unknown, ...checkGroupings(query, known, { where, expr })];
}

function checkMatcher(
  { label, operator, value }: Matcher,
  metric: string,
  { labels }: KnownMetric,
  at: string,
): readonly Finding[] {
  if (labels === undefined || OF_TARGETS.includes(label)) return [];
  if (!labels.has(label)) {
    const all = [...labels.keys()].join(', ') || 'none of its own';
    return [{ code: 'METRIC_LABEL_UNKNOWN', text: `${at}: ${metric} has no label ${label}, it has ${all}` }];
  }
  const values = labels.get(label);
  if (values === undefined || (operator !== '=' && operator !== '=~') || /\$/.test(value)) return [];
  // Prometheus writes 1 as 1.0.
  const isMeant = (one: string) =>
    [one, one.replace(/^\d+$/, '$&.0')].some((text) =>
      operator === '=' ? text === value : new RegExp(`^(?:${value})$`).test(text),
    );
  if (values.some(isMeant)) return [];
  return [
    {
      code: 'METRIC_LABEL_UNKNOWN',
      text: `${at}: no ${label} of ${metric} is ${value}, they are ${values.join(', ')}`,
    },
  ];
}

/** Labels by which something is grouped that nothing in the query has. */
function checkGroupings(query: ParsedQuery, known: KnownMetrics, { where, expr }: Query): readonly Finding[] {
  if (query.makesLabels) return [];
  const all = query.selectors.map(({ metric }) => (metric === undefined ? undefined : known.get(metric)?.labels));
  if (all.includes(undefined)) return [];
  const labels = new Set([...OF_TARGETS, ...OF_ALERTS, ...all.flatMap((one) => [...(one?.keys() ?? [])])]);
  return query.groupings
    .filter(({ label }) => !labels.has(label))
    .map(({ label, position }) => ({
      code: 'METRIC_LABEL_UNKNOWN',
      text: `${where}: column ${position + 1} of \`${expr}\`: nothing in it has a label ${label}`,
    }));
}

/** Pages of the repository that alerts and dashboards name and that are not there, or say nothing of an alert. */
function checkRunbooks({ rules, dashboards }: Sources, runbooks: readonly SourceFile[]): readonly Finding[] {
  const alerts = rules.map(({ where, alert, annotations }) => ({ where, alert, runbook: annotations['runbook_url'] }));
  const boards = dashboards.map(({ where, dashboard: { runbook } }) => ({ where, alert: undefined, runbook }));
  const findings = [...alerts, ...boards].flatMap(({ where, alert, runbook }) => {
    if (runbook === undefined || /^https?:\/\//.test(runbook)) return [];
    const path = runbook.replace(/#.*$/, '');
    const page = runbooks.find(({ file }) => file === path);
    if (page === undefined) {
      const others = runbooks.length === 0 ? '' : `, only ${runbooks.map(({ file }) => file).join(', ')}`;
      return [{ key: path, code: 'RUNBOOK_MISSING', text: `${where}: there is no ${path}${others}` }];
    }
    if (alert === undefined || page.text.split('\n').some((line) => line.replace(/^#+ /, '') === alert)) return [];
    return [{ key: alert, code: 'RUNBOOK_MISSING', text: `${where}: ${path} has no heading '## ${alert}'` }];
  });
  // Each is said once: every environment has the same alerts.
  return [...new Map(findings.map(({ key, code, text }) => [key, { code, text }])).values()];
}
