// The first page: all dashboards by namespace, alerts, budgets, and what is wrong with dashboards.
import { useState } from 'preact/hooks';
import type { DashboardEntry } from '../shared/api.ts';
import { AlertList, BudgetList, BudgetsLimited } from './alerts.tsx';
import { alerts, list } from './data.ts';
import { openDashboard, searchOf, view } from './state.ts';

/** Whether each word of `wanted` is somewhere in what a dashboard is called. */
export function matches({ namespace, name, title, service }: DashboardEntry, wanted: string): boolean {
  const text = `${namespace}/${name} ${title} ${service}`.toLowerCase();
  return wanted
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

export function ListPage() {
  const [wanted, setWanted] = useState('');
  const answer = list.value;
  const dashboards = (answer?.dashboards ?? []).filter((entry) => matches(entry, wanted));
  const namespaces = [...new Set(dashboards.map(({ namespace }) => namespace))].sort();
  const budgets = alerts.value?.budgets ?? [];
  return (
    <main class="list">
      <h1 class="unseen">Dashboards</h1>
      <div class="list-main">
        <input
          type="search"
          class="filter"
          placeholder="Filter dashboards"
          aria-label="Filter dashboards"
          value={wanted}
          onInput={(event) => setWanted(event.currentTarget.value)}
        />
        {answer?.stale === undefined ? null : <p class="note limited">{answer.stale}</p>}
        {answer?.limited === undefined ? null : <p class="note limited">{answer.limited}</p>}
        {namespaces.map((namespace) => (
          <section key={namespace} aria-label={`Namespace ${namespace}`}>
            <h2>{namespace}</h2>
            <div class="cards">
              {dashboards
                .filter((entry) => entry.namespace === namespace)
                .map((entry) => (
                  <Card key={entry.name} entry={entry} />
                ))}
            </div>
          </section>
        ))}
        {answer !== undefined && dashboards.length === 0 ? <NoDashboards wanted={wanted} /> : null}
        <Faults />
      </div>
      <aside>
        <section aria-label="Alerts">
          <h2>Alerts</h2>
          <AlertList />
        </section>
        {budgets.length === 0 ? null : (
          <section aria-label="Error budgets">
            <h2>Error budgets</h2>
            <BudgetsLimited />
            <BudgetList budgets={budgets} />
          </section>
        )}
      </aside>
    </main>
  );
}

function Card({ entry }: { readonly entry: DashboardEntry }) {
  const { namespace, name, title, service, panels, problems } = entry;
  const firing = (alerts.value?.alerts ?? []).filter(
    (alert) => alert.state === 'firing' && alert.dashboard?.namespace === namespace && alert.dashboard.name === name,
  );
  const worst = firing.find(({ severity }) => severity === 'critical') ?? firing[0];
  const { range, refresh } = view.value;
  return (
    <a
      class="card"
      href={searchOf({ dashboard: { namespace, name }, range, refresh, variables: {} })}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        openDashboard(namespace, name);
      }}
    >
      <b>{title}</b>
      <span class="muted">
        {service}, {panels} {panels === 1 ? 'panel' : 'panels'}
      </span>
      <span class="card-badges">
        {worst === undefined ? null : (
          <span class={`badge ${worst.severity}`}>
            {firing.length} {firing.length === 1 ? 'alert' : 'alerts'}
          </span>
        )}
        {problems.length === 0 ? null : (
          <span class="badge fault" title={problems.join('\n')}>
            {problems.length} {problems.length === 1 ? 'fault' : 'faults'}
          </span>
        )}
      </span>
    </a>
  );
}

function NoDashboards({ wanted }: { readonly wanted: string }) {
  if (wanted !== '') return <p class="calm muted">No dashboard is called like that.</p>;
  return (
    <p class="calm muted">
      No service has brought a dashboard yet. A dashboard is a ConfigMap with the label{' '}
      <code>fathom.internal/dashboard</code>; a service's deploy brings its own.
    </p>
  );
}

function Faults() {
  const { dashboards = [], faults = [] } = list.value ?? {};
  const all = [
    ...faults.map(({ namespace, configMap, key, problems }) => ({
      place: `ConfigMap ${namespace}/${configMap}${key === '' ? '' : `, ${key}`}`,
      problems,
    })),
    ...dashboards
      .filter(({ problems }) => problems.length > 0)
      .map(({ namespace, name, problems }) => ({ place: `Dashboard ${namespace}/${name}`, problems })),
  ];
  if (all.length === 0) return null;
  return (
    <section class="faults" aria-label="Faults">
      <h2>What can't be shown</h2>
      {all.map(({ place, problems }) => (
        <div key={place}>
          <b>{place}</b>
          <ul>
            {problems.map((problem) => (
              <li key={problem}>{problem}</li>
            ))}
          </ul>
        </div>
      ))}
    </section>
  );
}
