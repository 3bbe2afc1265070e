// A status as lines that people read.
import type { Status } from './status.ts';

/** Of a list, the most that is printed. */
const MOST = 20;

export function reportOf(status: Status): string {
  const { targetsUp, targetsNew, targetsDown, emptyMonitors, alerts, budgets, budgetsLimited } = status;
  const { rules, failedRules, unloadedRules, dashboards, dashboardFaults, panelFaults } = status;
  const percent = (value: number) => `${(value * 100).toFixed(value > 0.9 ? 3 : 1).replace(/\.?0+$/, '')}%`;
  return [
    `targets: ${targetsUp} up, ${targetsDown.length} down${targetsNew > 0 ? `, ${targetsNew} not asked yet` : ''}`,
    ...listed(targetsDown.map(({ pool, address, why }) => `${pool}: ${address}: ${why}`)),
    `monitors that select nothing: ${emptyMonitors.length}`,
    ...listed(emptyMonitors),
    `alerts firing: ${alerts.length}`,
    ...listed(
      alerts.map(({ name, severity, namespace, service, summary }) =>
        [`${severity} ${name}`, `${namespace}/${service}`, summary]
          .filter((word) => word !== '' && word !== '/')
          .join(': '),
      ),
    ),
    `error budgets: ${budgets.length}`,
    ...listed(budgetsLimited === undefined ? [] : [budgetsLimited]),
    ...listed(
      budgets.map(
        ({ namespace, service, slo, left, window, objective }) =>
          `${namespace}/${service} ${slo}: ${percent(left)} left of ${window} (aim ${percent(objective)})`,
      ),
    ),
    `rules: ${rules - failedRules.length} good, ${failedRules.length} failing`,
    ...listed(failedRules.map(({ what, problems }) => `${what}: ${problems.join('; ')}`)),
    `rules that Prometheus does not have: ${unloadedRules.length}`,
    ...listed(unloadedRules),
    `dashboards: ${dashboards}, ${dashboardFaults.length} with faults`,
    ...listed(dashboardFaults.flatMap(({ what, problems }) => problems.map((problem) => `${what}: ${problem}`))),
    `panels that fail, or have too many series: ${panelFaults.length}`,
    ...listed(panelFaults.map(({ what, problems }) => `${what}: ${problems.join('; ')}`)),
    '',
  ].join('\n');
}

function listed(lines: readonly string[]): readonly string[] {
  const shown = lines.slice(0, MOST).map((line) => `  ${line}`);
  return lines.length > MOST ? [...shown, `  and ${lines.length - MOST} more`] : shown;
}
