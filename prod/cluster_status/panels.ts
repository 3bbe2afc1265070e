// Panels that the page can't show as they are meant: their queries fail, or have more series than it draws.
import { askPanel, firstChoices } from '../../services/dashboards/panel_query.ts';
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

/** Asks what every panel asks, as it is now, with what the page chooses by itself. prometheus: one that takes as many series as the page. */
export async function panelFaults(
  prometheus: Prometheus,
  dashboards: readonly DashboardAnswer[],
  signal: AbortSignal,
): Promise<readonly PanelFault[]> {
  const to = Math.floor(Date.now() / 1000);
  const range = { from: to - HOUR_SECONDS, to, points: 300 };
  const questions = await mapLimited(dashboards, AT_A_TIME, async ({ namespace, dashboard, scrapeSeconds }) => {
    const question = { namespace, dashboard, scrapeSeconds: scrapeSecondsOf(scrapeSeconds), range, signal };
    return { ...question, chosen: await firstChoices(prometheus, question) };
  });
  const panels = questions.flatMap((question) => panelsOf(question.dashboard).map((panel) => ({ ...question, panel })));
  const found = await mapLimited(panels, AT_A_TIME, async (question) => {
    const { namespace, dashboard, panel } = question;
    const { queries } = await askPanel(prometheus, { ...question, panel: { ...panel, kind: 'table' } });
    const problems = new Set(queries.flatMap(({ error, limited }) => error ?? limited ?? []));
    return { what: `${namespace}/${dashboard.name}: panel '${panel.title}'`, problems: [...problems] };
  });
  return found.filter(({ problems }) => problems.length > 0);
}
