// What a process exposes, as a list that is checked in: a line for each series' name with its labels.
//
//     grpc_server_handled_total{grpc_code,grpc_method=GetFeature|ListFeatures,grpc_service,grpc_type}
//     grpc_server_handling_seconds_bucket{grpc_code,le=0.1|0.25|+Inf}
//     up
//
// `{*}` stands for any labels. Of `grpc_method`, `le` and `quantile`, which rules name by value, the values are there
// as well.
import { ToolError } from '../lib/errors.ts';

/** Label → its values, where those are known. */
export type Labels = ReadonlyMap<string, readonly string[] | undefined>;

/** The labels of a metric; undefined: any. */
export interface KnownMetric {
  readonly labels: Labels | undefined;
}

/** Metrics by name. */
export type KnownMetrics = ReadonlyMap<string, KnownMetric>;

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})?$/;
const BY_VALUE = ['grpc_method', 'le', 'quantile'];

/** Reads a list. Throws METRICS_LIST_INVALID with file and line. */
export function parseMetricsList(text: string, file: string): KnownMetrics {
  const known = new Map<string, KnownMetric>();
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, name, inner] = LINE.exec(line.trim()) ?? [];
    if (name === undefined) {
      throw new ToolError(
        'METRICS_LIST_INVALID',
        `Reading ${file}:${index + 1}: '${line}' is no metric with its labels`,
        {
          hint: 'Write lines such as `calls_total{code,method}`, or have the test that compares the list write it.',
        },
      );
    }
    known.set(name, { labels: inner === '*' ? undefined : labelsOf(inner ?? '') });
  }
  return known;
}

function labelsOf(inner: string): Labels {
  const parts = inner === '' ? [] : inner.split(',');
  return new Map(
    parts.map((part) => {
      const [label = '', values] = part.trim().split('=');
      return [label, values?.split('|')];
    }),
  );
}

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? \S+/;
const PAIR = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;
const TYPE = /^# TYPE (\S+) (\S+)$/;

/**
 * The list of what was scraped, sorted. A metric without series, such as a counter of something that has not happened
 * yet, is in it with any labels.
 */
export function metricsList(exposition: string): string {
  const found = new Map<string, Map<string, Set<string>>>();
  const empty = new Set<string>();
  for (const line of exposition.split('\n')) {
    const [, declared, type = ''] = TYPE.exec(line) ?? [];
    if (declared !== undefined) for (const ending of endingsOf(type)) empty.add(declared + ending);
    const [, name, inner = ''] = line.startsWith('#') ? [] : (SAMPLE.exec(line) ?? []);
    if (name === undefined) continue;
    const labels = found.get(name) ?? new Map<string, Set<string>>();
    found.set(name, labels);
    for (const [, label = '', value = ''] of inner.matchAll(PAIR))
      labels.set(label, (labels.get(label) ?? new Set()).add(value));
  }
  const lines = [...found].map(([name, labels]) => `${name}${shownLabels(labels)}`);
  const rest = [...empty].filter((name) => !found.has(name)).map((name) => `${name}{*}`);
  return [...lines, ...rest]
    .toSorted()
    .map((line) => `${line}\n`)
    .join('');
}

function endingsOf(type: string): readonly string[] {
  if (type === 'histogram') return ['_bucket', '_count', '_sum'];
  return type === 'summary' ? ['', '_count', '_sum'] : [''];
}

function shownLabels(labels: ReadonlyMap<string, ReadonlySet<string>>): string {
  if (labels.size === 0) return '';
  const shown = [...labels]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, values]) => {
      if (!BY_VALUE.includes(label)) return label;
      return `${label}=${[...values].toSorted(label === 'grpc_method' ? undefined : byBound).join('|')}`;
    });
  return `{${shown.join(',')}}`;
}

function byBound(a: string, b: string): number {
  const [one, other] = [a, b].map((value) => (value === '+Inf' ? Infinity : Number(value)));
  return (one ?? 0) - (other ?? 0);
}
