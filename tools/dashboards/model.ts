// A dashboard as jsonnet/dashboards.libsonnet writes it: read from JSON, with all that is wrong said at once.

/** How figures are shown. */
export const UNITS = ['requests_per_second', 'seconds', 'bytes', 'ratio', 'count', 'cores', 'per_second'] as const;
/** Lines over time, the last value, or the last values by label. */
export const KINDS = ['timeseries', 'stat', 'table'] as const;
export const SEVERITIES = ['warning', 'critical'] as const;

export type Unit = (typeof UNITS)[number];
export type PanelKind = (typeof KINDS)[number];
export type Severity = (typeof SEVERITIES)[number];

export interface Query {
  /** PromQL, with `$namespace`, `$__rate_interval`, `$__range` and the variables of the dashboard. */
  readonly expr: string;
  /** What a series is called, with `{{label}}`; empty: by its labels. */
  readonly legend: string;
}

/** From `value` on it is so bad. */
export interface Threshold {
  readonly value: number;
  readonly severity: Severity;
}

export interface Panel {
  readonly title: string;
  readonly description: string;
  readonly kind: PanelKind;
  readonly unit: Unit;
  readonly queries: readonly Query[];
  readonly thresholds: readonly Threshold[];
  readonly min?: number;
  readonly max?: number;
  /** Of twelve columns. */
  readonly width: number;
  readonly stack: boolean;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface Variable {
  readonly name: string;
  readonly label: string;
  /** `label_values(<series>, <label>)` */
  readonly query: string;
  readonly multi: boolean;
}

export interface Dashboard {
  readonly name: string;
  readonly title: string;
  readonly service: string;
  /** A path of the repository, or an https address. */
  readonly runbook?: string;
  readonly variables: readonly Variable[];
  readonly rows: readonly Row[];
}

/** A dashboard, and what of it could not be read: panels that are wrong are left out. */
export interface ReadDashboard {
  readonly dashboard: Dashboard;
  readonly problems: readonly string[];
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads a dashboard from JSON; undefined `dashboard`: nothing of it can be shown. */
export function readDashboard(
  json: string,
): ReadDashboard | { readonly dashboard?: never; readonly problems: readonly string[] } {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    return { problems: [`it is no JSON: ${(error as Error).message}`] };
  }
  if (!isObject(value)) return { problems: ['it must be an object'] };
  const problems: string[] = [];
  const at = reader('', problems);
  const dashboard: Dashboard = {
    name: at.text(value, 'name'),
    title: at.text(value, 'title'),
    service: at.text(value, 'service'),
    ...(typeof value['runbook'] === 'string' && { runbook: value['runbook'] }),
    variables: at.objects(value, 'variables', true).map((one) => variableOf(one, at)),
    rows: withoutTwins(
      at.objects(value, 'rows').map((one) => rowOf(one, problems)),
      problems,
    ),
  };
  return { dashboard, problems };
}

function rowOf(value: Fields, problems: string[]): Row {
  const title = reader('row: ', problems).text(value, 'title');
  const panels = reader(`row '${title}': `, problems).objects(value, 'panels');
  return {
    title,
    panels: panels.flatMap((one, index) => {
      const own: string[] = [];
      const called = typeof one['title'] === 'string' && one['title'] !== '' ? `'${one['title']}'` : `#${index + 1}`;
      const panel = panelOf(one, reader(`panel ${called} of row '${title}': `, own));
      problems.push(...own);
      return own.length === 0 ? [panel] : [];
    }),
  };
}

function panelOf(value: Fields, at: Reader): Panel {
  const min = at.optionalNumber(value, 'min');
  const max = at.optionalNumber(value, 'max');
  const queries = at.objects(value, 'queries').map((one) => ({
    expr: at.text(one, 'expr'),
    legend: typeof one['legend'] === 'string' ? one['legend'] : '',
  }));
  if (Array.isArray(value['queries']) && queries.length === 0) at.problem('queries must have a query');
  return {
    title: at.text(value, 'title'),
    description: typeof value['description'] === 'string' ? value['description'] : '',
    kind: at.oneOf(value, 'kind', KINDS, 'timeseries'),
    unit: at.oneOf(value, 'unit', UNITS, 'count'),
    queries,
    thresholds: at.objects(value, 'thresholds', true).map((one) => ({
      value: at.optionalNumber(one, 'value') ?? 0,
      severity: at.oneOf(one, 'severity', SEVERITIES, 'warning'),
    })),
    ...(min !== undefined && { min }),
    ...(max !== undefined && { max }),
    width: at.optionalNumber(value, 'width') ?? 6,
    stack: value['stack'] === true,
  };
}

function variableOf(value: Fields, at: Reader): Variable {
  const name = at.text(value, 'name');
  const label = typeof value['label'] === 'string' ? value['label'] : name;
  return { name, label, query: at.text(value, 'query'), multi: value['multi'] === true };
}

/** Only the first of panels that have one title. */
function withoutTwins(rows: readonly Row[], problems: string[]): readonly Row[] {
  const seen = new Map<string, string>();
  return rows.map((row) => ({
    ...row,
    panels: row.panels.filter(({ title }) => {
      const first = seen.get(title);
      if (first === undefined) seen.set(title, row.title);
      else
        problems.push(
          `panel '${title}' must have a title of its own, got it in row '${first}' and in row '${row.title}'`,
        );
      return first === undefined;
    }),
  }));
}

interface Reader {
  problem(text: string): void;
  text(of: Fields, field: string): string;
  optionalNumber(of: Fields, field: string): number | undefined;
  objects(of: Fields, field: string, isOptional?: boolean): readonly Fields[];
  oneOf<T extends string>(of: Fields, field: string, words: readonly T[], fallback: T): T;
}

/** Reads fields, and notes what is wrong with them after `where`. */
function reader(where: string, problems: string[]): Reader {
  const problem = (text: string) => void problems.push(where + text);
  return {
    problem,
    text(of, field) {
      const value = of[field];
      if (typeof value === 'string' && value.trim() !== '') return value;
      problem(`${field} must be a text that is not empty, got ${JSON.stringify(value)}`);
      return '';
    },
    optionalNumber(of, field) {
      const value = of[field];
      if (value === undefined || (typeof value === 'number' && Number.isFinite(value))) return value;
      problem(`${field} must be a number, got ${JSON.stringify(value)}`);
      return undefined;
    },
    objects(of, field, isOptional = false) {
      const value = of[field];
      if (value === undefined && isOptional) return [];
      if (Array.isArray(value) && value.every(isObject)) return value;
      problem(`${field} must be a list of objects, got ${JSON.stringify(value)}`);
      return [];
    },
    oneOf(of, field, words, fallback) {
      const value = of[field];
      if (value === undefined) return fallback;
      const found = words.find((word) => word === value);
      if (found === undefined) problem(`${field} must be one of ${words.join(', ')}, got ${JSON.stringify(value)}`);
      return found ?? fallback;
    },
  };
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
