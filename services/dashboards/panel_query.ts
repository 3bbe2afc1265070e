// Asks Prometheus what a panel shows: values of variables put in, times made even, series named.
import { fillExpression, parseExpression, parseLabelValues, type Values } from '../../tools/dashboards/expression.ts';
import type { Dashboard, Panel, Query } from '../../tools/dashboards/model.ts';
import { knownVariables } from '../../tools/dashboards/read_model.ts';
import type { PanelAnswer, QueryAnswer, Series, VariablesAnswer } from './shared/api.ts';
import { firstValues } from './shared/choices.ts';
import { type Prometheus, PrometheusError, type RawAnswer } from './prometheus.ts';

/** Which part of time, and how finely. */
export interface TimeRange {
  /** Seconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** How many points fit. */
  readonly points: number;
}

/** What is asked. */
export interface PanelQuestion {
  readonly dashboard: Dashboard;
  /** How often what it shows is scraped: rates need four of these to survive a look that failed. */
  readonly scrapeSeconds: number;
  readonly namespace: string;
  readonly panel: Panel;
  readonly range: TimeRange;
  readonly chosen: ReadonlyMap<string, readonly string[]>;
  readonly signal: AbortSignal;
}

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400];

/** The step at which `range` has at most as many points as it wants: a length that people use. */
export function stepOf({ from, to, points }: TimeRange): number {
  const least = (to - from) / Math.max(1, points - 1);
  return STEPS.find((step) => step >= least) ?? Math.ceil(least / 86_400) * 86_400;
}

/** Durations that expressions may name. */
export function timesOf(range: TimeRange, step: number, scrapeSeconds: number): Readonly<Record<string, string>> {
  return {
    __interval: `${step}s`,
    __rate_interval: `${Math.max(step + scrapeSeconds, 4 * scrapeSeconds)}s`,
    __range: `${Math.max(1, Math.round(range.to - range.from))}s`,
  };
}

/** The answers to all of a panel's queries. One that fails says why, and takes the others not with it. */
export async function askPanel(prometheus: Prometheus, question: PanelQuestion): Promise<PanelAnswer> {
  const { panel, range, signal } = question;
  const step = stepOf(range);
  const isInstant = panel.kind === 'table';
  // Even times, so that a page which asks again sees the same points again.
  const [start, end] = isInstant
    ? [range.to, range.to]
    : [Math.ceil(range.from / step) * step, Math.floor(range.to / step) * step];
  const times = isInstant ? [range.to] : timesBetween(start, end, step);
  const ask = async (query: Query): Promise<QueryAnswer> => {
    const expr = fill(query.expr, question, step);
    const answer = isInstant
      ? await prometheus.instant({ expr, time: range.to, signal })
      : await prometheus.range({ expr, start, end, step, signal });
    return toAnswer(answer, { times, step, query });
  };
  const queries = await Promise.all(
    panel.queries.map((query) =>
      ask(query).catch((error: unknown): QueryAnswer => ({ series: [], error: textOf(error, signal) })),
    ),
  );
  return { times, stepSeconds: step, queries };
}

/** The values that each variable of a dashboard may have, given what is chosen of the others. */
export async function askVariables(
  prometheus: Prometheus,
  { dashboard, ...question }: Omit<PanelQuestion, 'panel'>,
  maxValues: number,
): Promise<VariablesAnswer> {
  const { range, signal } = question;
  const entries = dashboard.variables.map(async ({ name, query }) => {
    const parsed = parseLabelValues(query);
    if (parsed === undefined)
      return [name, { values: [], error: 'Its query is not label_values(selector, label)' }] as const;
    try {
      const selector = fill(parsed.selector, { dashboard, ...question }, stepOf(range));
      const values = await prometheus.labelValues({
        label: parsed.label,
        selector,
        start: range.from,
        end: range.to,
        signal,
      });
      if (values.length <= maxValues) return [name, { values }] as const;
      const limited = `There are ${values.length.toLocaleString('en')} values, of which ${maxValues.toLocaleString('en')} are shown`;
      return [name, { values: values.slice(0, maxValues), limited }] as const;
    } catch (error) {
      return [name, { values: [], error: textOf(error, signal) }] as const;
    }
  });
  return Object.fromEntries(await Promise.all(entries));
}

/**
 * What the page asks for where its address chooses nothing: the first value of each variable that is always one. A variable
 * may be about another one, so those that are known are told to the next look.
 */
export async function firstChoices(
  prometheus: Prometheus,
  question: Omit<PanelQuestion, 'panel' | 'chosen'>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const chosen = new Map<string, readonly string[]>();
  for (;;) {
    const missing = question.dashboard.variables.filter(({ name, multi }) => !multi && !chosen.has(name));
    if (missing.length === 0) return chosen;
    const answer = await askVariables(prometheus, { ...question, chosen }, Number.POSITIVE_INFINITY);
    const found = Object.entries(firstValues(missing, answer));
    if (found.length === 0) return chosen;
    for (const [name, values] of found) chosen.set(name, values);
  }
}

function fill(
  expr: string,
  { dashboard, scrapeSeconds, namespace, chosen, range }: Omit<PanelQuestion, 'panel'>,
  step: number,
): string {
  // One of its own that is called so goes by its own choices.
  const hasOwn = dashboard.variables.some(({ name }) => name === 'namespace');
  const variables: Values['variables'] = hasOwn ? chosen : new Map([['namespace', [namespace]], ...chosen]);
  const { expression } = parseExpression(expr, knownVariables(dashboard.variables));
  return fillExpression(expression, { times: timesOf(range, step, scrapeSeconds), variables });
}

function timesBetween(start: number, end: number, step: number): readonly number[] {
  return Array.from({ length: Math.max(0, Math.floor((end - start) / step) + 1) }, (_, index) => start + index * step);
}

function toAnswer(
  { series, limited }: RawAnswer,
  { times, step, query }: { readonly times: readonly number[]; readonly step: number; readonly query: Query },
): QueryAnswer {
  const first = times[0] ?? 0;
  const aligned = series.map(({ metric, values }): Series => {
    const row = Array.from<number | null>({ length: times.length }).fill(null);
    for (const [time, text] of values) {
      const index = times.length === 1 ? 0 : Math.round((time - first) / step);
      const value = Number(text);
      // JSON has no infinity; a ratio of nothing to nothing is none.
      if (index >= 0 && index < row.length) row[index] = Number.isFinite(value) ? value : null;
    }
    return { name: nameOf(metric, query), labels: metric, values: row };
  });
  return { series: aligned, ...(limited === undefined ? {} : { limited }) };
}

function nameOf(metric: Readonly<Record<string, string>>, { legend, expr }: Query): string {
  if (legend !== undefined)
    return legend.replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (_, label: string) => metric[label] ?? '').trim() || legend;
  const labels = Object.entries(metric).filter(([name]) => name !== '__name__');
  if (labels.length === 0) return metric['__name__'] ?? expr.slice(0, 80);
  return labels.map(([name, value]) => `${name}=${value}`).join(' ');
}

function textOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) throw error;
  if (error instanceof PrometheusError || error instanceof RangeError) return error.message;
  throw error;
}
