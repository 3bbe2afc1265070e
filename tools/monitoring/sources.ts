// What of rendered manifests is about monitoring: rules, dashboards, and what is scraped.
import type { Dashboard } from '../dashboards/model.ts';
import { readDashboard } from '../dashboards/read_model.ts';
import { isRecord, typeOf } from '../dashboards/values.ts';
import { unselected } from './monitors.ts';
import { pagePath } from './runbooks.ts';
import { type Entry, readObjects, recordAt, recordOf, type SourceFile, type SourceObject } from './objects.ts';

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
export type RuleGroup = Readonly<Record<string, unknown>> & { readonly rules: readonly Entry[] };

/** A file of rules, or an object that becomes one. */
export interface RuleFile {
  readonly where: string;
  readonly groups: readonly RuleGroup[];
}

/** All of some manifests. */
export interface Sources {
  readonly ruleFiles: readonly RuleFile[];
  readonly rules: readonly Rule[];
  readonly dashboards: readonly { readonly where: string; readonly dashboard: Dashboard }[];
  /** What is wrong before any query is read. */
  readonly problems: readonly string[];
}

/**
 * Reads manifests, lists of them, and files of rules, in YAML or JSON. Runbooks below one of `runbookBases`, where the pages
 * of the repository are, have their paths there, whatever an environment calls them by. Throws MONITORING_UNREADABLE.
 */
export function readSources(files: readonly SourceFile[], runbookBases: readonly string[] = []): Sources {
  const objects = files.flatMap(readObjects);
  const problems: string[] = [];
  const ruleFiles = objects.flatMap((object) => readRuleFile(object, { problems, runbookBases }));
  const dashboards = objects.flatMap(({ where: object, value }) => {
    if (value['kind'] !== 'ConfigMap' || recordAt(value, 'metadata', 'labels')['fathom.internal/dashboard'] !== 'true')
      return [];
    return Object.entries(recordOf(value['data'])).flatMap(([key, json]) => {
      const where = `${object}: ${key}`;
      const { dashboard, problems: found } = readDashboard(String(json));
      problems.push(...found.map((problem) => `${where}: ${problem}`));
      if (dashboard === undefined) return [];
      const { runbook } = dashboard;
      const named = runbook === undefined ? {} : { runbook: pagePath(runbook, runbookBases) };
      return [{ where, dashboard: { ...dashboard, ...named } }];
    });
  });
  problems.push(...unselected(objects));
  return { ruleFiles, rules: ruleFiles.flatMap(rulesOf), dashboards, problems };
}

interface RuleContext {
  readonly problems: string[];
  readonly runbookBases: readonly string[];
}

/** What is not of the form of rules is told of, and left out. */
function readRuleFile({ where, value }: SourceObject, context: RuleContext): readonly RuleFile[] {
  const { problems, runbookBases } = context;
  const isObject = value['kind'] === 'PrometheusRule';
  if (!isObject && value['kind'] !== undefined) return [];
  const entries = (given: unknown, place: string): readonly Entry[] => {
    if (given === undefined || given === null) return [];
    if (!Array.isArray(given)) {
      problems.push(`${where}: ${place} must be a list, got ${typeOf(given)}`);
      return [];
    }
    return given.flatMap((one: unknown, index) => {
      if (isRecord(one)) return [one];
      problems.push(`${where}: ${place}[${index}] must be an object, got ${typeOf(one)}`);
      return [];
    });
  };
  const groups = entries(isObject ? recordOf(value['spec'])['groups'] : value['groups'], 'groups');
  return [
    {
      where,
      groups: groups.map(({ partial_response_strategy: ofThanos, ...group }, index) => ({
        ...group,
        // The operator keeps it from Prometheus.
        ...(isObject || ofThanos === undefined ? {} : { partial_response_strategy: ofThanos }),
        rules: entries(group['rules'], `groups[${index}].rules`).map((rule) => withPagePath(rule, runbookBases)),
      })),
    },
  ];
}

/** A rule whose runbook is a path, where it is a page of the repository. */
function withPagePath(rule: Entry, bases: readonly string[]): Entry {
  const { annotations } = rule;
  const runbook = recordOf(annotations)['runbook_url'];
  if (typeof runbook !== 'string') return rule;
  return { ...rule, annotations: { ...recordOf(annotations), runbook_url: pagePath(runbook, bases) } };
}

function rulesOf({ where, groups }: RuleFile): readonly Rule[] {
  return groups.flatMap((group, index) =>
    group.rules.map((rule): Rule => {
      const [record, alert] = [rule['record'], rule['alert']].map((name) =>
        name === undefined || name === null ? undefined : String(name),
      );
      const name = typeof group['name'] === 'string' ? group['name'] : `groups[${index}]`;
      return {
        where: `${where}: ${name}: ${record ?? alert ?? 'a rule without a name'}`,
        record,
        alert,
        expr: String(rule['expr'] ?? ''),
        labels: textsOf(rule['labels']),
        annotations: textsOf(rule['annotations']),
      };
    }),
  );
}

function textsOf(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(recordOf(value)).map(([name, text]) => [name, String(text)]));
}
