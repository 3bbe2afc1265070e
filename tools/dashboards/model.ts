// A dashboard as data, as docs/dashboards.md tells it and jsonnet/dashboards.libsonnet writes it. No I/O, and nothing of
// node: the page in the browser knows it, too.

/** What a panel's numbers are. */
export const UNITS = [
  'requests_per_second',
  'seconds',
  'bytes',
  'ratio',
  'count',
  'cores',
  'per_second',
] as const satisfies readonly string[];
export type Unit = (typeof UNITS)[number];

/** How a panel shows them. */
export const PANEL_KINDS = ['timeseries', 'stat', 'table'] as const satisfies readonly string[];
export type PanelKind = (typeof PANEL_KINDS)[number];

export const SEVERITIES = ['warning', 'critical'] as const satisfies readonly string[];
export type Severity = (typeof SEVERITIES)[number];

/** One expression of PromQL, and what its series are called: `{{grpc_method}}` is that label's value. */
export interface Query {
  readonly expr: string;
  /** Default: the labels of the series. */
  readonly legend?: string;
}

/** From where on a value is worth a look. */
export interface Threshold {
  readonly value: number;
  readonly severity: Severity;
}

export interface Panel {
  /** Unique within its dashboard. */
  readonly title: string;
  readonly description?: string;
  readonly kind: PanelKind;
  readonly unit: Unit;
  readonly queries: readonly Query[];
  readonly thresholds: readonly Threshold[];
  /** The ends of the scale. Default: those of the values. */
  readonly min?: number;
  readonly max?: number;
  /** Of twelve columns. */
  readonly width: number;
  /** Whether series lie on one another. */
  readonly stack: boolean;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** What a reader of the dashboard may choose. */
export interface Variable {
  readonly name: string;
  readonly label: string;
  /** `label_values(selector, label)`. */
  readonly query: string;
  /** Whether several values may be chosen. */
  readonly multi: boolean;
}

export interface Dashboard {
  /** Unique within its namespace. */
  readonly name: string;
  readonly title: string;
  /** What it is about. */
  readonly service: string;
  /** A path in the repository, or an address. */
  readonly runbook?: string;
  readonly variables: readonly Variable[];
  readonly rows: readonly Row[];
}

/** The panels of a dashboard, in their order. */
export function panelsOf(dashboard: Dashboard): readonly Panel[] {
  return dashboard.rows.flatMap(({ panels }) => panels);
}
