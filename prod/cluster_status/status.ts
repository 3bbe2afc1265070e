// What the cluster's own monitoring says of it: what is not watched, what is wrong, and what is left of what may go wrong.
import { readAlerts } from '../../services/dashboards/alerts.ts';
import { createCatalog, DASHBOARD_LABEL } from '../../services/dashboards/catalog.ts';
import { type Prometheus, PrometheusError } from '../../services/dashboards/prometheus.ts';
import type { Alert, Budget } from '../../services/dashboards/shared/api.ts';
import { ToolError } from '../../tools/lib/errors.ts';
import type { KubeClient } from '../../tools/k8s/kube/client.ts';
import type { Resource } from '../../tools/k8s/kube/discovery.ts';
import { listObjects } from '../../tools/k8s/kube/objects.ts';
import { asList, at, textAt } from '../../tools/k8s/model/object.ts';
import { panelFaults } from './panels.ts';
import { unloadedRules } from './rules.ts';

/** A place that does not answer Prometheus. */
export interface DownTarget {
  /** `serviceMonitor/shop/web/0` */
  readonly pool: string;
  readonly address: string;
  readonly why: string;
}

/** Something that can't be used, and why. */
export interface Fault {
  readonly what: string;
  readonly problems: readonly string[];
}

export interface Status {
  readonly targetsUp: number;
  /** Those that Prometheus has only just found: it asks them within their interval. */
  readonly targetsNew: number;
  readonly targetsDown: readonly DownTarget[];
  /** Monitors that find nothing to scrape: `ServiceMonitor shop/web`. */
  readonly emptyMonitors: readonly string[];
  readonly alerts: readonly Alert[];
  readonly budgets: readonly Budget[];
  /** Why there are fewer budgets than objectives have: the page shows no more either. */
  readonly budgetsLimited?: string;
  readonly rules: number;
  readonly failedRules: readonly Fault[];
  /** Those that Prometheus does not have, because the operator refuses them: `PrometheusRule shop/web`. */
  readonly unloadedRules: readonly string[];
  readonly dashboards: number;
  readonly dashboardFaults: readonly Fault[];
  /** Panels whose queries fail, or have more series than the page draws. */
  readonly panelFaults: readonly Fault[];
}

/** Options of {@link readStatus}. */
export interface StatusOptions {
  readonly prometheus: Prometheus;
  /** The same one, with the limits of the page. */
  readonly page: Prometheus;
  readonly signal: AbortSignal;
  /** Error budgets that the page tells of. Default: 1000. */
  readonly maxBudgets?: number;
  /** How old a PrometheusRule is before it must be loaded. Default: that of {@link unloadedRules}. */
  readonly youngMs?: number;
}

const COREOS = 'monitoring.coreos.com/v1';

/** Kinds whose objects say what is scraped, with the beginning of the names of their pools. */
const MONITORS: readonly { readonly resource: Resource; readonly pool: string }[] = [
  {
    resource: { apiVersion: COREOS, kind: 'ServiceMonitor', plural: 'servicemonitors', isNamespaced: true },
    pool: 'serviceMonitor',
  },
  {
    resource: { apiVersion: COREOS, kind: 'PodMonitor', plural: 'podmonitors', isNamespaced: true },
    pool: 'podMonitor',
  },
];
const CONFIG_MAPS: Resource = { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', isNamespaced: true };

/** Asks Prometheus and the API server. Throws STATUS_PROMETHEUS where Prometheus does not answer. */
export async function readStatus(client: KubeClient, options: StatusOptions): Promise<Status> {
  const { prometheus, page, signal, maxBudgets, youngMs } = options;
  try {
    const [targets, rules, dashboards, monitors] = await Promise.all([
      prometheus.get('targets', { state: 'active' }, signal),
      prometheus.get('rules', {}, signal),
      readDashboards(client),
      readMonitors(client),
    ]);
    const active = asList(at(targets, 'activeTargets'));
    const pools = active.map((target) => textAt(target, 'scrapePool') ?? '');
    const ofHealth = (health: string) => active.filter((target) => textAt(target, 'health') === health);
    const { entries } = dashboards;
    const { alerts, budgets, limited, problem } = await readAlerts(prometheus, {
      dashboards: entries,
      signal,
      maxBudgets,
    });
    if (problem !== undefined) throw unanswered(problem);
    const groups = asList(at(rules, 'groups'));
    const all = groups.flatMap((group) => asList(at(group, 'rules')).map((rule) => ({ group, rule })));
    return {
      targetsUp: ofHealth('up').length,
      targetsNew: ofHealth('unknown').length,
      targetsDown: ofHealth('down').map((target) => ({
        pool: textAt(target, 'scrapePool') ?? '',
        address: textAt(target, 'scrapeUrl') ?? '',
        why: textAt(target, 'lastError') ?? '',
      })),
      emptyMonitors: monitors
        .filter(({ pool }) => !pools.some((name) => name.startsWith(`${pool}/`)))
        .map(({ name }) => name),
      alerts: alerts.filter(({ state }) => state === 'firing'),
      budgets,
      ...(limited === undefined ? {} : { budgetsLimited: limited }),
      rules: all.length,
      failedRules: all.flatMap(({ group, rule }): readonly Fault[] => {
        const why = textAt(rule, 'lastError') ?? '';
        if (why === '') return [];
        return [{ what: `${textAt(group, 'name')}: ${textAt(rule, 'name')}`, problems: [why] }];
      }),
      unloadedRules: await unloadedRules(client, groups, { youngMs }),
      dashboards: entries.length,
      dashboardFaults: dashboards.faults,
      panelFaults: await panelFaults(page, dashboards.answers, signal),
    };
  } catch (error) {
    if (error instanceof PrometheusError) throw unanswered(error.message, error);
    throw error;
  }
}

function unanswered(problem: string, cause?: unknown): ToolError {
  return new ToolError('STATUS_PROMETHEUS', `Asking Prometheus: ${problem}`, {
    ...(cause === undefined ? {} : { cause }),
    hint: 'Run `bazel run //prod:monitoring.status`, which says whether it runs.',
  });
}

async function readMonitors(client: KubeClient): Promise<readonly { readonly name: string; readonly pool: string }[]> {
  const lists = MONITORS.map(async ({ resource, pool }) =>
    (await listObjects(client, resource, {})).map(({ metadata: { namespace = '', name } }) => ({
      name: `${resource.kind} ${namespace}/${name}`,
      pool: `${pool}/${namespace}/${name}`,
    })),
  );
  return (await Promise.all(lists)).flat();
}

async function readDashboards(client: KubeClient) {
  const catalog = createCatalog();
  catalog.onList(await listObjects(client, CONFIG_MAPS, { labelSelector: `${DASHBOARD_LABEL}=true` }));
  const { dashboards, faults } = catalog.list();
  const faulty = dashboards.filter(({ problems }) => problems.length > 0);
  return {
    entries: dashboards,
    answers: dashboards.flatMap(({ namespace, name }) => catalog.find(namespace, name) ?? []),
    faults: [
      ...faulty.map(({ namespace, name, problems }) => ({ what: `${namespace}/${name}`, problems })),
      ...faults.map(({ namespace, configMap, problems }) => ({
        what: `ConfigMap ${namespace}/${configMap}`,
        problems,
      })),
    ],
  };
}

/** Whether somebody should look: alerts that only warn are no reason. */
export function isBad(status: Status): boolean {
  const { targetsDown, emptyMonitors, alerts, budgets, failedRules, dashboardFaults, panelFaults: panels } = status;
  return (
    [targetsDown, emptyMonitors, failedRules, status.unloadedRules, dashboardFaults, panels].some(
      (list) => list.length > 0,
    ) ||
    alerts.some(({ severity }) => severity === 'critical') ||
    budgets.some(({ left }) => left <= 0)
  );
}
