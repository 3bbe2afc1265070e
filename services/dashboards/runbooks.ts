// Where a runbook is: dashboards and alerts name it as a page of their repository, which is elsewhere for each of its users.
import type { AlertsAnswer, DashboardAnswer } from './shared/api.ts';

/**
 * The address of a runbook: `docs/runbooks/web.md#slow` below `base`, which ends with a slash or gets one. One that is an
 * address is left as it is, and a path is where `base` is undefined.
 */
export function runbookAddress(runbook: string, base: URL | undefined): string {
  if (base === undefined || URL.canParse(runbook)) return runbook;
  const folder = new URL(base);
  if (!folder.pathname.endsWith('/')) folder.pathname += '/';
  // A path that leads out of the repository, or to another host, is none of its pages.
  const found = new URL(runbook.replace(/^\/+/, ''), folder);
  return found.href.startsWith(folder.href) ? found.href : runbook;
}

/** A dashboard whose runbook can be followed. */
export function withRunbook(found: DashboardAnswer, base: URL | undefined): DashboardAnswer {
  const { runbook } = found.dashboard;
  if (runbook === undefined) return found;
  return { ...found, dashboard: { ...found.dashboard, runbook: runbookAddress(runbook, base) } };
}

/** Alerts whose runbooks can be followed. */
export function withRunbooks(answer: AlertsAnswer, base: URL | undefined): AlertsAnswer {
  const alerts = answer.alerts.map((alert) =>
    alert.runbook === undefined ? alert : { ...alert, runbook: runbookAddress(alert.runbook, base) },
  );
  return { ...answer, alerts };
}
