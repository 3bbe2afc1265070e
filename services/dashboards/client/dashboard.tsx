// A dashboard: what it is about, alerts of its service, and its rows of panels.
import { useRef } from 'preact/hooks';
import type { DashboardAnswer, DeploysAnswer } from '../shared/api.ts';
import { AlertRow, BudgetList, BudgetsLimited, Runbook } from './alerts.tsx';
import { alerts, deployed, list, version } from './data.ts';
import { useAnswer } from './load.ts';
import { PanelFrame } from './panel.tsx';
import { ends, openList, round } from './state.ts';
import { useChoices, Variables } from './variables.tsx';

export function DashboardPage({ namespace, name }: { readonly namespace: string; readonly name: string }) {
  const base = `/api/dashboards/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
  const loaded = useAnswer<DashboardAnswer>(base, version.value);
  const choices = useChoices(base, loaded.value?.dashboard.variables ?? []);
  const asked = loaded.value === undefined ? undefined : `${base}/deploys`;
  const deploys = useAnswer<DeploysAnswer>(asked, `${round.value} ${deployed.value}`);
  // Answers come as new objects; the panels need to know of new deploys only.
  const text = JSON.stringify(deploys.value?.deploys ?? []);
  const kept = useRef({ text: '[]', list: [] as DeploysAnswer['deploys'] });
  if (kept.current.text !== text) kept.current = { text, list: deploys.value?.deploys ?? [] };
  if (loaded.error !== undefined && loaded.value === undefined) {
    return (
      <main class="dashboard">
        <p class="note error" role="alert">
          {loaded.error}
        </p>
        <button type="button" class="link" onClick={openList}>
          All dashboards
        </button>
      </main>
    );
  }
  if (loaded.value === undefined) return <main class="dashboard" aria-busy="true" />;
  const { dashboard, problems } = loaded.value;
  const own = (alerts.value?.alerts ?? []).filter(
    (alert) => alert.dashboard?.namespace === namespace && alert.dashboard.name === name,
  );
  const budgets = (alerts.value?.budgets ?? []).filter(
    (budget) => budget.namespace === namespace && budget.service === dashboard.service,
  );
  const { from, to } = ends.value;
  const inSight = kept.current.list.filter(({ time }) => time >= from && time <= to).length;
  const { stale } = list.value ?? {};
  return (
    <main class="dashboard">
      <div class="about">
        <h1>{dashboard.title}</h1>
        <span class="muted">
          {namespace}/{dashboard.service}
        </span>
        {dashboard.runbook === undefined ? null : <Runbook address={dashboard.runbook} />}
        <span class="muted deploys" title={deploys.value?.problem ?? 'Vertical lines in the charts'}>
          {deploys.value?.problem === undefined
            ? `${inSight} ${inSight === 1 ? 'deploy' : 'deploys'} in sight`
            : 'deploys unknown'}
        </span>
        <Variables variables={dashboard.variables} choices={choices} />
      </div>
      {stale === undefined ? null : <p class="note limited">{stale}</p>}
      {loaded.error === undefined ? null : <p class="note error">{loaded.error}</p>}
      {problems.length === 0 ? null : (
        <details class="note limited">
          <summary>
            {problems.length} {problems.length === 1 ? 'fault' : 'faults'} in this dashboard; the rest is shown
          </summary>
          <ul>
            {problems.map((problem) => (
              <li key={problem}>{problem}</li>
            ))}
          </ul>
        </details>
      )}
      {own.length === 0 ? null : (
        <ul class="alerts strip">
          {own.map((alert) => (
            <AlertRow key={`${alert.name} ${JSON.stringify(alert.labels)}`} alert={alert} />
          ))}
        </ul>
      )}
      {budgets.length === 0 ? <BudgetsLimited /> : <BudgetList budgets={budgets} />}
      {dashboard.rows.map((row) => (
        <section key={row.title} class="row" aria-label={row.title}>
          {row.title === '' ? null : <h2>{row.title}</h2>}
          <div class="grid">
            {row.panels.map((panel) => (
              <PanelFrame
                key={panel.title}
                namespace={namespace}
                dashboard={name}
                panel={panel}
                isAsking={choices.isSettled}
                deploys={kept.current.list}
              />
            ))}
          </div>
        </section>
      ))}
    </main>
  );
}
