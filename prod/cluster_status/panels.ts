// Panels that the page can't show as they are meant: their queries fail, or have more series than it draws.
import { askPanel } from '../../services/dashboards/panel_query.ts';
import type { Prometheus } from '../../services/dashboards/prometheus.ts';
import { scrapeSecondsOf } from '../../services/dashboards/scrape_interval.ts';
import type { DashboardAnswer } from '../../services/dashboards/shared/api.ts';
import { panelsOf } from '../../tools/dashboards/model.ts';
import { mapLimited } from '../../tools/lib/limit.ts';

/** A panel, and what of its queries. */
export interface PanelFault {
  /** `shop/web: panel 'Requests'` */
  readonly what: string;
  readonly problems: readonly string[];
}

/** Panels at a time. Each asks all its queries at once, of which it may have 20; where 40 wait, further ones are refused. */
const AT_A_TIME = 2;
const HOUR_SECONDS = 3600;

/** Asks what every panel asks, as it is now, with all that there is chosen. prometheus: one that takes as many series as the page. */
export async function panelFaults(
  prometheus: Prometheus,
  dashboards: readonly DashboardAnswer[],
  signal: AbortSignal,
): Promise<readonly PanelFault[]> {
  const to = Math.floor(Date.now() / 1000);
  const range = { from: to - HOUR_SECONDS, to, points: 300 };
  const panels = dashboards.flatMap(({ namespace, dashboard, scrapeSeconds }) =>
    panelsOf(dashboard).map((panel) => ({
      namespace,
      dashboard,
      panel,
      scrapeSeconds: scrapeSecondsOf(scrapeSeconds),
    })),
  );
  const found = await mapLimited(panels, AT_A_TIME, async ({ namespace, dashboard, panel, scrapeSeconds }) => {
    const now = { ...panel, kind: 'table' } as const;
    const { queries } = await askPanel(prometheus, {
      namespace,
      dashboard,
      scrapeSeconds,
      panel: now,
      range,
      chosen: new Map(),
      signal,
    });
    const problems = new Set(queries.flatMap(({ error, limited }) => error ?? limited ?? []));
    return { what: `${namespace}/${dashboard.name}: panel '${panel.title}'`, problems: [...problems] };
  });
  return found.filter(({ problems }) => problems.length > 0);
}
