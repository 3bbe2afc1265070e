// What is wrong just now, and how much of what may go wrong is left.
import { SEVERITIES } from '../../tools/dashboards/model.ts';
import { asList, asRecord, at, textAt } from '../../tools/k8s/model/object.ts';
import type { Alert, AlertsAnswer, Budget, DashboardEntry } from './shared/api.ts';
import { type Prometheus, PrometheusError } from './prometheus.ts';

/** Budgets that are told of at a time, unless somebody says otherwise. */
const MAX_BUDGETS = 1000;

/** Objectives that are looked at. Each takes some 200 bytes of an answer of Prometheus. */
const MAX_OBJECTIVES = 10_000;

/** Options of {@link readBudgets}. */
export interface BudgetOptions {
  readonly signal: AbortSignal;
  /** Default: {@link MAX_BUDGETS}. */
  readonly maxBudgets?: number | undefined;
}

/** Options of {@link readAlerts}. */
export interface AlertOptions extends BudgetOptions {
  readonly dashboards: readonly DashboardEntry[];
}

/** Alerts that fire or are about to, the worst first, and budgets, the emptiest first. */
export async function readAlerts(
  prometheus: Prometheus,
  { dashboards, ...options }: AlertOptions,
): Promise<AlertsAnswer> {
  try {
    const [rules, budgets] = await Promise.all([
      prometheus.get('rules', { type: 'alert' }, options.signal),
      readBudgets(prometheus, options),
    ]);
    return { alerts: alertsOf(rules, dashboards), ...budgets };
  } catch (error) {
    if (!(error instanceof PrometheusError)) throw error;
    return { alerts: [], budgets: [], problem: error.message };
  }
}

/** The alerts in what Prometheus says of its rules. */
export function alertsOf(rules: unknown, dashboards: readonly DashboardEntry[]): readonly Alert[] {
  const alerts = asList(at(rules, 'groups')).flatMap((group) =>
    asList(at(group, 'rules')).flatMap((rule) =>
      asList(at(rule, 'alerts')).flatMap((one) => alertOf(rule, one, dashboards)),
    ),
  );
  return alerts.toSorted((a, b) => rank(a) - rank(b) || a.since - b.since || (a.name < b.name ? -1 : 1));
}

function alertOf(rule: unknown, one: unknown, dashboards: readonly DashboardEntry[]): readonly Alert[] {
  const state = textAt(one, 'state');
  if (state !== 'firing' && state !== 'pending') return [];
  const labels = texts(at(one, 'labels'));
  const annotations = texts(at(one, 'annotations'));
  const namespace = labels['namespace'] ?? '';
  const service = labels['service'] ?? '';
  const named = annotations['dashboard'] ?? service;
  // `namespace/name` where it is another's: rules of the whole cluster are about things of many namespaces.
  const [place, title] = named.includes('/') ? named.split('/', 2) : [namespace, named];
  const own = dashboards.filter((entry) => entry.namespace === place);
  const dashboard = own.find((entry) => entry.name === title) ?? own.find((entry) => entry.service === service);
  const { runbook_url: runbook, panel } = annotations;
  return [
    {
      name: textAt(rule, 'name') ?? labels['alertname'] ?? '',
      state,
      severity: SEVERITIES.find((severity) => severity === labels['severity']) ?? 'none',
      namespace,
      service,
      summary: annotations['summary'] ?? '',
      description: annotations['description'] ?? '',
      ...(runbook === undefined ? {} : { runbook }),
      since: Date.parse(textAt(one, 'activeAt') ?? '') / 1000 || 0,
      labels,
      ...(dashboard === undefined
        ? {}
        : {
            dashboard: {
              namespace: dashboard.namespace,
              name: dashboard.name,
              ...(panel === undefined ? {} : { panel }),
            },
          }),
    },
  ];
}

function rank({ state, severity }: Alert): number {
  return (state === 'firing' ? 0 : 10) + (severity === 'critical' ? 0 : severity === 'warning' ? 1 : 2);
}

const ERROR_RATIO = /^slo:error_ratio:rate(\d+)d$/;

/**
 * Budgets by the recorded series `slo:objective:ratio` and `slo:error_ratio:rate<window>`, of the longest window there is:
 * 28 to 92 days. The shorter ones, seven or more of each objective, are not asked for: they would be more than are taken.
 */
export async function readBudgets(
  prometheus: Pick<Prometheus, 'instant'>,
  { signal, maxBudgets = MAX_BUDGETS }: BudgetOptions,
): Promise<Pick<AlertsAnswer, 'budgets' | 'limited'>> {
  // More than a panel has lines: of those that are left out nobody knew how much is left of them.
  const question = { time: Date.now() / 1000, signal, maxSeries: MAX_OBJECTIVES };
  const [objectives, ratios] = await Promise.all([
    prometheus.instant({ ...question, expr: 'slo:objective:ratio' }),
    prometheus.instant({ ...question, expr: '{__name__=~"slo:error_ratio:rate[0-9]{2}d"}' }),
  ]);
  const longest = new Map<string, { readonly days: number; readonly ratio: number }>();
  for (const { metric, values } of ratios.series) {
    const days = Number(ERROR_RATIO.exec(metric['__name__'] ?? '')?.[1]);
    const ratio = Number(values[0]?.[1]);
    if (Number.isNaN(days) || Number.isNaN(ratio)) continue;
    if ((longest.get(sloOf(metric))?.days ?? 0) < days) longest.set(sloOf(metric), { days, ratio });
  }
  const budgets = objectives.series.flatMap(({ metric, values }): readonly Budget[] => {
    const objective = Number(values[0]?.[1]);
    const found = longest.get(sloOf(metric));
    if (found === undefined || !(objective > 0 && objective < 1)) return [];
    const { namespace = '', service = '', slo = '' } = metric;
    const { ratio: errorRatio, days } = found;
    return [
      { namespace, service, slo, objective, errorRatio, window: `${days}d`, left: 1 - errorRatio / (1 - objective) },
    ];
  });
  const shown = budgets.toSorted((a, b) => a.left - b.left).slice(0, maxBudgets);
  const isUnread = [objectives, ratios].some(({ limited }) => limited !== undefined);
  if (!isUnread && shown.length === budgets.length) return { budgets: shown };
  const [count, most] = [isUnread ? MAX_OBJECTIVES : budgets.length, shown.length].map((n) => n.toLocaleString('en'));
  const limited = isUnread
    ? `There are more than ${count} objectives, of which ${most} error budgets are shown: of the others nothing is known`
    : `There are ${count} error budgets, of which the ${most} with the least left are shown`;
  return { budgets: shown, limited };
}

function sloOf({ namespace = '', service = '', slo = '' }: Readonly<Record<string, string>>): string {
  return `${namespace}/${service}/${slo}`;
}

function texts(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(asRecord(value) ?? {}).map(([key, text]) => [key, String(text)]));
}
