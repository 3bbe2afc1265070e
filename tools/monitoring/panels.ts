// Panels to which alerts lead: the page of dashboards finds them by the annotations `dashboard` and `panel`.
import { type Dashboard, panelsOf } from '../dashboards/model.ts';
import { nearest } from '../lib/nearest.ts';
import type { Rule, Sources } from './sources.ts';

/** Alerts that name a panel which no dashboard has to which they lead. Without dashboards nobody knows. */
export function checkPanels({
  rules,
  dashboards,
}: Sources): readonly { readonly code: string; readonly text: string }[] {
  if (dashboards.length === 0) return [];
  const all = dashboards.map(({ dashboard }) => dashboard);
  const findings = rules.flatMap((rule) => {
    const { panel } = rule.annotations;
    if (panel === undefined) return [];
    const { who, found } = dashboardsOf(rule, all);
    const titles = found.flatMap((dashboard) => panelsOf(dashboard).map(({ title }) => title));
    if (titles.includes(panel)) return [];
    const guess = nearest(panel, titles);
    const why =
      found.length === 0
        ? `there is no ${who}, only ${all.map(({ name }) => name).join(', ')}`
        : `no panel of ${who} is called so${guess === undefined ? '' : `, the nearest is '${guess}'`}`;
    return [{ key: `${who}: ${panel}`, text: `${rule.where}: it leads to the panel '${panel}', and ${why}` }];
  });
  // Each is said once: every environment has the same alerts.
  const once = new Map(findings.map(({ key, text }) => [key, text]));
  return [...once.values()].map((text) => ({ code: 'PANEL_UNKNOWN', text }));
}

/** As the page does it: by the annotation, else by what the alert is about. One that is filled in later may be any. */
function dashboardsOf(
  { annotations, labels }: Rule,
  all: readonly Dashboard[],
): { readonly who: string; readonly found: readonly Dashboard[] } {
  const service = labels['service'] ?? '';
  const name = (annotations['dashboard'] ?? service).replace(/^.*\//, '');
  if (name.includes('{{')) return { who: 'any dashboard', found: all };
  const named = all.filter((dashboard) => dashboard.name === name);
  const found = named.length > 0 ? named : all.filter((dashboard) => dashboard.service === service);
  return { who: `dashboard '${name}'`, found };
}
