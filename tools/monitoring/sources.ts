// What of rendered manifests is about monitoring: rules, dashboards, and what is scraped.
import { isDeepStrictEqual } from 'node:util';
import { parseAllDocuments } from 'yaml';
import type { Dashboard } from '../dashboards/model.ts';
import { readDashboard } from '../dashboards/read_model.ts';
import { ToolError } from '../lib/errors.ts';

/** A recording or alerting rule, and where it is. */
export interface Rule {
  readonly where: string;
  readonly record: string | undefined;
  readonly alert: string | undefined;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A group of rules, as Prometheus reads it. */
export type RuleGroup = Readonly<Record<string, unknown>> & { readonly name: string };

/** All of some manifests. */
export interface Sources {
  readonly groups: readonly RuleGroup[];
  readonly rules: readonly Rule[];
  readonly dashboards: readonly { readonly where: string; readonly dashboard: Dashboard }[];
  /** What is wrong before any query is read. */
  readonly problems: readonly string[];
}

interface KubernetesObject {
  readonly kind?: string;
  readonly metadata?: { readonly name?: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly data?: Readonly<Record<string, string>>;
  readonly items?: readonly KubernetesObject[];
  /** A file of rules as Prometheus itself reads it. */
  readonly groups?: readonly RuleGroup[];
}

/** A file, by the name that messages have for it. */
export interface SourceFile {
  readonly file: string;
  readonly text: string;
}

/** Reads manifests, lists of them, and files of rules, in YAML or JSON. Throws MONITORING_UNREADABLE. */
export function readSources(files: readonly SourceFile[]): Sources {
  const objects = files.flatMap(({ file, text }) => objectsOf(file, text).map((object) => ({ file, object })));
  const groups = objects.flatMap(({ object }) => groupsOf(object));
  const rules = objects.flatMap(({ file, object }) => rulesOf(whereOf(object, file), groupsOf(object)));
  const problems: string[] = [];
  const dashboards = objects.flatMap(({ file, object }) => {
    if (object.kind !== 'ConfigMap' || object.metadata?.labels?.['fathom.internal/dashboard'] !== 'true') return [];
    return Object.entries(object.data ?? {}).flatMap(([key, json]) => {
      const where = `${whereOf(object, file)}: ${key}`;
      const { dashboard, problems: found } = readDashboard(json);
      problems.push(...found.map((problem) => `${where}: ${problem}`));
      return dashboard === undefined ? [] : [{ where, dashboard }];
    });
  });
  problems.push(...unselected(objects));
  return { groups, rules, dashboards, problems };
}

function objectsOf(file: string, text: string): readonly KubernetesObject[] {
  return parseAllDocuments(text).flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) {
      throw new ToolError('MONITORING_UNREADABLE', `Reading ${file}: ${error.message}`, {
        hint: 'Name rendered manifests, or files of rules.',
        cause: error,
      });
    }
    // What is in them was checked against the schemas of their kinds.
    const object = document.toJS() as KubernetesObject | null;
    return object === null ? [] : (object.items ?? [object]);
  });
}

function whereOf({ kind, metadata }: KubernetesObject, file: string): string {
  return kind === undefined ? file : `${file}: ${kind} ${metadata?.name ?? ''}`;
}

function groupsOf(object: KubernetesObject): readonly RuleGroup[] {
  if (object.kind === 'PrometheusRule') return (object.spec?.['groups'] ?? []) as readonly RuleGroup[];
  return object.kind === undefined ? (object.groups ?? []) : [];
}

function rulesOf(where: string, groups: readonly RuleGroup[]): readonly Rule[] {
  return groups.flatMap((group) =>
    ((group['rules'] ?? []) as readonly Readonly<Record<string, unknown>>[]).map((rule): Rule => {
      const record = rule['record'] as string | undefined;
      const alert = rule['alert'] as string | undefined;
      return {
        where: `${where}: ${group.name}: ${record ?? alert ?? 'a rule without a name'}`,
        record,
        alert,
        expr: String(rule['expr'] ?? ''),
        labels: (rule['labels'] ?? {}) as Readonly<Record<string, string>>,
        annotations: (rule['annotations'] ?? {}) as Readonly<Record<string, string>>,
      };
    }),
  );
}

/** Monitors that select none of the Services beside them, or name a port that those do not have. */
function unselected(
  objects: readonly { readonly file: string; readonly object: KubernetesObject }[],
): readonly string[] {
  const services = objects.filter(({ object }) => object.kind === 'Service');
  return objects.flatMap(({ file, object }) => {
    if (object.kind !== 'ServiceMonitor') return [];
    const selector = object.spec?.['selector'] as { matchLabels?: Readonly<Record<string, string>> } | undefined;
    const wanted = selector?.matchLabels ?? {};
    const chosen = services.filter((service) =>
      isDeepStrictEqual({ ...service.object.metadata?.labels, ...wanted }, service.object.metadata?.labels ?? {}),
    );
    const where = whereOf(object, file);
    if (chosen.length === 0) return [`${where}: no Service beside it has the labels ${JSON.stringify(wanted)}`];
    const ports = chosen.flatMap(({ object: { spec } }) => (spec?.['ports'] ?? []) as { readonly name?: string }[]);
    const endpoints = (object.spec?.['endpoints'] ?? []) as readonly { readonly port?: string }[];
    return endpoints
      .filter(({ port }) => port !== undefined && !ports.some(({ name }) => name === port))
      .map(({ port }) => `${where}: no Service that it selects has a port ${port}`);
  });
}
