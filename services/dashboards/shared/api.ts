// What the server answers and the page reads, as JSON.
import type { Dashboard, Severity } from '../../../tools/dashboards/model.ts';

/** A dashboard in the list. */
export interface DashboardEntry {
  readonly namespace: string;
  readonly name: string;
  readonly title: string;
  readonly service: string;
  readonly panels: number;
  /** What of it can't be shown, and why. */
  readonly problems: readonly string[];
}

/** A ConfigMap in which no dashboard could be read. */
export interface DashboardFault {
  readonly namespace: string;
  readonly configMap: string;
  readonly key: string;
  readonly problems: readonly string[];
}

/** `/api/dashboards` */
export interface DashboardList {
  readonly dashboards: readonly DashboardEntry[];
  readonly faults: readonly DashboardFault[];
  /** Why the list may be old; undefined while the cluster is being watched. */
  readonly stale?: string;
  /** Why there are fewer dashboards than the cluster has. */
  readonly limited?: string;
}

/** `/api/dashboards/<namespace>/<name>` */
export interface DashboardAnswer {
  readonly namespace: string;
  readonly dashboard: Dashboard;
  /** How often what it shows is scraped. Default: as often as Prometheus does by itself. */
  readonly scrapeSeconds?: number;
  readonly problems: readonly string[];
}

export interface Series {
  /** By the query's legend, or its labels. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** One for each of the answer's times; null where there was none. */
  readonly values: readonly (number | null)[];
}

export interface QueryAnswer {
  readonly series: readonly Series[];
  /** Why there is nothing. */
  readonly error?: string;
  /** Why there is less than was asked for. */
  readonly limited?: string;
}

/** `/api/dashboards/<namespace>/<name>/panel?title=…` */
export interface PanelAnswer {
  /** Seconds since 1970; a table has just one. */
  readonly times: readonly number[];
  readonly stepSeconds: number;
  /** In the order of the panel's queries. */
  readonly queries: readonly QueryAnswer[];
}

/** `/api/dashboards/<namespace>/<name>/variables`: by variable. */
export type VariablesAnswer = Readonly<
  Record<string, { readonly values: readonly string[]; readonly error?: string; readonly limited?: string }>
>;

/** One apply of a stack. */
export interface Deploy {
  readonly stack: string;
  readonly revision: number;
  readonly verb: string;
  /** Whether it was cut off, or is still going on. */
  readonly isUnfinished: boolean;
  readonly who: string;
  /** Seconds since 1970. */
  readonly time: number;
  readonly commit?: string;
  readonly isDirty: boolean;
  /** The code of the error with which it ended; of one that is not unfinished: something was not ready in time. */
  readonly error?: string;
  /** How long it worked. */
  readonly seconds: number;
  /** Seconds by phase. */
  readonly phases: Readonly<Record<string, number>>;
  /** How many objects by what was done. */
  readonly objects: Readonly<Record<string, number>>;
}

/** `/api/dashboards/<namespace>/<name>/deploys` */
export interface DeploysAnswer {
  readonly deploys: readonly Deploy[];
  /** Why none are known. */
  readonly problem?: string;
}

export interface Alert {
  readonly name: string;
  readonly state: 'firing' | 'pending';
  readonly severity: Severity | 'none';
  readonly namespace: string;
  readonly service: string;
  readonly summary: string;
  readonly description: string;
  readonly runbook?: string;
  /** Seconds since 1970. */
  readonly since: number;
  readonly labels: Readonly<Record<string, string>>;
  /** The dashboard that is about it, and the panel, where there are such. */
  readonly dashboard?: { readonly namespace: string; readonly name: string; readonly panel?: string };
}

/** What is left of what may go wrong. */
export interface Budget {
  readonly namespace: string;
  readonly service: string;
  readonly slo: string;
  /** The share that must go well. */
  readonly objective: number;
  /** What has gone wrong in `window`. */
  readonly errorRatio: number;
  readonly window: string;
  /** From 1, nothing used, to below 0, more than there was. */
  readonly left: number;
}

/** `/api/alerts` */
export interface AlertsAnswer {
  readonly alerts: readonly Alert[];
  readonly budgets: readonly Budget[];
  /** Why there are fewer budgets than objectives have. */
  readonly limited?: string;
  readonly problem?: string;
}

/** What `/api/…` says where it can't answer. */
export interface ApiProblem {
  readonly error: string;
}
