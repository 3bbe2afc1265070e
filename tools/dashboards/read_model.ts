// Reads a dashboard that anybody may have written: what is wrong is told, and the rest is shown. The build's checks and the
// page read it by this: what one of them shows, the other has not refused.
import { parseExpression, parseLabelValues, type KnownVariable } from './expression.ts';
import {
  type Dashboard,
  PANEL_KINDS,
  type Panel,
  type Query,
  type Row,
  SEVERITIES,
  type Threshold,
  UNITS,
  type Variable,
} from './model.ts';
import {
  isRecord,
  listOf,
  oneOf,
  optionalNumber,
  optionalText,
  refuse,
  requiredText,
  shown,
  type Tell,
  tellUnknown,
  typeOf,
} from './values.ts';

/** What was read. */
export interface ReadDashboard {
  /** Missing where what it is called, or all of it, can't be read. */
  readonly dashboard?: Dashboard;
  /** Sentences that name the place: `rows[0].panels[1].kind must be …`. */
  readonly problems: readonly string[];
}

/** What one dashboard may have at most: beyond it, a browser has more to draw than anybody sees. */
export const LIMITS = { rows: 50, panels: 200, queries: 20, variables: 20, textLength: 20_000 } as const;

const NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const VARIABLE = /^[A-Za-z][A-Za-z0-9_]{0,62}$/;

/** The fields of each: what else there is would be left out without a word. */
type Fields<T> = Readonly<Record<keyof T, true>>;
const DASHBOARD: Fields<Dashboard> = {
  name: true,
  title: true,
  service: true,
  runbook: true,
  variables: true,
  rows: true,
};
const ROW: Fields<Row> = { title: true, panels: true };
const PANEL: Fields<Panel> = {
  title: true,
  description: true,
  kind: true,
  unit: true,
  queries: true,
  thresholds: true,
  min: true,
  max: true,
  width: true,
  stack: true,
};
const QUERY: Fields<Query> = { expr: true, legend: true };
const THRESHOLD: Fields<Threshold> = { value: true, severity: true };
const FIELDS_OF_VARIABLE: Fields<Variable> = { name: true, label: true, query: true, multi: true };

/** Reads the JSON text of a dashboard. Never throws. */
export function readDashboard(text: string): ReadDashboard {
  const problems: string[] = [];
  const tell: Tell = (place, problem) => problems.push(`${place} ${problem}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problems: [`The text is no JSON: ${error instanceof Error ? error.message : String(error)}`] };
  }
  if (!isRecord(value)) return { problems: [`A dashboard must be an object, got ${typeOf(value)}`] };
  tellUnknown(value, DASHBOARD, '', tell);
  const name = value['name'];
  if (typeof name !== 'string' || !NAME.test(name)) {
    tell('name', `must be a DNS label (a-z, 0-9, -), got ${shown(name)}`);
    return { problems };
  }
  const variables = listOf(value['variables'] ?? [], 'variables', LIMITS.variables, tell).flatMap((one, index) =>
    readVariable(one, `variables[${index}]`, tell),
  );
  const known = knownVariables(variables);
  for (const [index, { query }] of variables.entries()) {
    for (const problem of parseExpression(query, known).problems) tell(`variables[${index}].query`, problem);
  }
  const context: Context = { tell, known, titles: new Set(), panels: 0 };
  const rows = listOf(value['rows'], 'rows', LIMITS.rows, tell).flatMap((one, index) => readRow(one, index, context));
  const title = requiredText(value['title'], 'title', tell);
  const service = requiredText(value['service'], 'service', tell);
  const runbook = optionalText(value['runbook'], 'runbook', tell);
  return {
    dashboard: {
      name,
      title: title ?? name,
      service: service ?? name,
      ...(runbook === undefined ? {} : { runbook }),
      variables,
      rows,
    },
    problems,
  };
}

/** The variables that expressions of a dashboard may name. */
export function knownVariables(variables: readonly Variable[]): ReadonlyMap<string, KnownVariable> {
  return new Map<string, KnownVariable>([
    ['namespace', { isMulti: false }],
    ...variables.map(({ name, multi }) => [name, { isMulti: multi }] as const),
  ]);
}

interface Context {
  readonly tell: Tell;
  readonly known: ReadonlyMap<string, KnownVariable>;
  readonly titles: Set<string>;
  panels: number;
}

function readVariable(value: unknown, place: string, tell: Tell): readonly Variable[] {
  if (!isRecord(value)) return refuse(place, `must be an object, got ${typeOf(value)}`, tell);
  tellUnknown(value, FIELDS_OF_VARIABLE, place, tell);
  const { name, label, query, multi } = value;
  if (typeof name !== 'string' || !VARIABLE.test(name) || name.startsWith('__'))
    return refuse(`${place}.name`, `must be a name such as pod, got ${shown(name)}`, tell);
  if (typeof query !== 'string' || query.length > LIMITS.textLength || parseLabelValues(query) === undefined)
    return refuse(`${place}.query`, `must be label_values(selector, label), got ${shown(query)}`, tell);
  return [{ name, label: typeof label === 'string' && label !== '' ? label : name, query, multi: multi === true }];
}

function readRow(value: unknown, index: number, context: Context): readonly Row[] {
  const place = `rows[${index}]`;
  if (!isRecord(value)) return refuse(place, `must be an object, got ${typeOf(value)}`, context.tell);
  tellUnknown(value, ROW, place, context.tell);
  const panels = listOf(value['panels'], `${place}.panels`, LIMITS.panels, context.tell).flatMap((one, at) =>
    readPanel(one, `${place}.panels[${at}]`, context),
  );
  return [{ title: requiredText(value['title'], `${place}.title`, context.tell) ?? '', panels }];
}

function readPanel(value: unknown, place: string, context: Context): readonly Panel[] {
  const { tell, titles } = context;
  if (!isRecord(value)) return refuse(place, `must be an object, got ${typeOf(value)}`, tell);
  tellUnknown(value, PANEL, place, tell);
  const title = value['title'];
  if (typeof title !== 'string' || title.trim() === '')
    return refuse(`${place}.title`, `must be a text, got ${shown(title)}`, tell);
  if (titles.has(title)) return refuse(place, `is a second panel named '${title}': give it another title`, tell);
  const kind = oneOf(PANEL_KINDS, value['kind']);
  const unit = oneOf(UNITS, value['unit'] ?? 'count');
  if (kind === undefined)
    return refuse(`${place}.kind`, `must be one of ${PANEL_KINDS.join(', ')}, got ${shown(value['kind'])}`, tell);
  if (unit === undefined)
    return refuse(`${place}.unit`, `must be one of ${UNITS.join(', ')}, got ${shown(value['unit'])}`, tell);
  const queries = listOf(value['queries'], `${place}.queries`, LIMITS.queries, tell).flatMap((one, index) =>
    readQuery(one, `${place}.queries[${index}]`, context),
  );
  if (queries.length === 0) return refuse(`${place}.queries`, 'must have one that can be asked', tell);
  context.panels += 1;
  if (context.panels > LIMITS.panels)
    return refuse(place, `is one too many: at most ${LIMITS.panels} panels are shown`, tell);
  titles.add(title);
  const width = value['width'] ?? 6;
  const isWidth = typeof width === 'number' && Number.isInteger(width) && width >= 1 && width <= 12;
  if (!isWidth) tell(`${place}.width`, `must be a whole number from 1 to 12, got ${shown(width)}`);
  const description = optionalText(value['description'], `${place}.description`, tell);
  const min = optionalNumber(value['min'], `${place}.min`, tell);
  const max = optionalNumber(value['max'], `${place}.max`, tell);
  return [
    {
      title,
      ...(description === undefined ? {} : { description }),
      kind,
      unit,
      queries,
      thresholds: listOf(value['thresholds'] ?? [], `${place}.thresholds`, 10, tell).flatMap((one, index) =>
        readThreshold(one, `${place}.thresholds[${index}]`, tell),
      ),
      ...(min === undefined ? {} : { min }),
      ...(max === undefined ? {} : { max }),
      width: isWidth ? width : 6,
      stack: value['stack'] === true,
    },
  ];
}

function readQuery(value: unknown, place: string, { tell, known }: Context): readonly Query[] {
  if (isRecord(value)) tellUnknown(value, QUERY, place, tell);
  const expr = isRecord(value) ? value['expr'] : undefined;
  const legend = isRecord(value) ? value['legend'] : undefined;
  if (typeof expr !== 'string' || expr.trim() === '' || expr.length > LIMITS.textLength)
    return refuse(`${place}.expr`, `must be PromQL, got ${shown(expr)}`, tell);
  const { problems } = parseExpression(expr, known);
  if (problems.length > 0) return problems.flatMap((problem) => refuse(`${place}.expr`, problem, tell));
  return [{ expr, ...(typeof legend === 'string' && legend !== '' ? { legend } : {}) }];
}

function readThreshold(value: unknown, place: string, tell: Tell): readonly Threshold[] {
  if (isRecord(value)) tellUnknown(value, THRESHOLD, place, tell);
  const number = isRecord(value) ? value['value'] : undefined;
  const severity = oneOf(SEVERITIES, isRecord(value) ? value['severity'] : undefined);
  if (typeof number !== 'number' || !Number.isFinite(number))
    return refuse(`${place}.value`, `must be a number, got ${shown(number)}`, tell);
  if (severity === undefined) return refuse(`${place}.severity`, `must be one of ${SEVERITIES.join(', ')}`, tell);
  return [{ value: number, severity }];
}
