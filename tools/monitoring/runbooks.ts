// Pages of the repository that alerts and dashboards name.
import type { Finding } from './check.ts';
import type { SourceFile } from './objects.ts';
import type { Sources } from './sources.ts';

/** The path of a page that is named by its address below one of `bases`; anything else is as it is. */
export function pagePath(runbook: string, bases: readonly string[]): string {
  const base = bases.find((one) => runbook.startsWith(one));
  return base === undefined ? runbook : runbook.slice(base.length);
}

/** Those that are not there, or say nothing of an alert. */
export function checkRunbooks({ rules, dashboards }: Sources, runbooks: readonly SourceFile[]): readonly Finding[] {
  const alerts = rules.map(({ where, alert, annotations }) => ({ where, alert, runbook: annotations['runbook_url'] }));
  const boards = dashboards.map(({ where, dashboard: { runbook } }) => ({ where, alert: undefined, runbook }));
  const findings = [...alerts, ...boards].flatMap(({ where, alert, runbook }) => {
    if (runbook === undefined || /^https?:\/\//.test(runbook)) return [];
    const path = runbook.replace(/#.*$/, '');
    const page = runbooks.find(({ file }) => file === path);
    if (page === undefined) {
      const others = runbooks.length === 0 ? '' : `, only ${runbooks.map(({ file }) => file).join(', ')}`;
      return [{ key: path, code: 'RUNBOOK_MISSING', text: `${where}: there is no ${path}${others}` }];
    }
    if (alert === undefined || page.text.split('\n').some((line) => line.replace(/^#+ /, '') === alert)) return [];
    return [{ key: alert, code: 'RUNBOOK_MISSING', text: `${where}: ${path} has no heading '## ${alert}'` }];
  });
  // Each is said once: every environment has the same alerts.
  return [...new Map(findings.map(({ key, code, text }) => [key, { code, text }])).values()];
}
