// Alerts and budgets, as a list that leads to panels and runbooks.
import type { Alert, Budget } from '../shared/api.ts';
import { alerts } from './data.ts';
import { openDashboard, overlay } from './state.ts';
import { ago, exactTime } from './time.ts';
import { format } from './units.ts';

/** Only what a browser can open; paths in the repository are shown as they are. */
export function Runbook({ address }: { readonly address: string }) {
  if (!/^https?:\/\//.test(address)) return <code class="runbook">{address}</code>;
  return (
    <a class="runbook" href={address} target="_blank" rel="noreferrer noopener">
      Runbook
    </a>
  );
}

export function AlertRow({ alert }: { readonly alert: Alert }) {
  const { dashboard, runbook, since, state, severity } = alert;
  return (
    <li class={`alert ${severity} ${state}`}>
      <div class="alert-head">
        <span class="badge">{state === 'pending' ? 'pending' : severity === 'none' ? 'firing' : severity}</span>
        <b>{alert.name}</b>
        <span class="muted">{[alert.namespace, alert.service].filter((word) => word !== '').join('/')}</span>
        <time class="muted" title={exactTime(since)}>
          {ago(since, Date.now() / 1000)}
        </time>
      </div>
      {alert.summary === '' ? null : <div>{alert.summary}</div>}
      {alert.description === '' ? null : <div class="muted">{alert.description}</div>}
      <div class="alert-links">
        {dashboard === undefined ? null : (
          <button
            type="button"
            class="link"
            onClick={() => {
              overlay.value = 'none';
              openDashboard(dashboard.namespace, dashboard.name, dashboard.panel);
            }}
          >
            {dashboard.panel === undefined ? 'Dashboard' : `Panel “${dashboard.panel}”`}
          </button>
        )}
        {runbook === undefined ? null : <Runbook address={runbook} />}
      </div>
    </li>
  );
}

export function AlertList({ only }: { readonly only?: (alert: Alert) => boolean }) {
  const answer = alerts.value;
  const shown = (answer?.alerts ?? []).filter((alert) => only?.(alert) ?? true);
  if (answer?.problem !== undefined) return <p class="note error">{answer.problem}</p>;
  if (shown.length === 0) return <p class="muted calm">{answer === undefined ? 'Looking…' : 'No alert fires'}</p>;
  return (
    <ul class="alerts">
      {shown.map((alert) => (
        <AlertRow key={`${alert.name} ${JSON.stringify(alert.labels)}`} alert={alert} />
      ))}
    </ul>
  );
}

/** Why there are fewer budgets than objectives have: those that are missing may be anybody's. */
export function BudgetsLimited() {
  const limited = alerts.value?.limited;
  return limited === undefined ? null : <p class="note limited">{limited}</p>;
}

export function BudgetList({ budgets }: { readonly budgets: readonly Budget[] }) {
  return (
    <ul class="budgets">
      {budgets.map((budget) => {
        const { namespace, service, slo, left, window, objective, errorRatio } = budget;
        const part = Math.max(0, Math.min(1, left));
        const severity = left <= 0 ? 'critical' : left < 0.25 ? 'warning' : 'good';
        return (
          <li key={`${namespace}/${service}/${slo}`} class={`budget ${severity}`}>
            <span>
              {service} <span class="muted">{slo}</span>
            </span>
            <span class="bar" aria-hidden="true">
              <i style={{ width: `${part * 100}%` }} />
            </span>
            <b title={`Aim ${format(objective, 'ratio')}, failed ${format(errorRatio, 'ratio')} in ${window}`}>
              {format(left, 'ratio')} left
            </b>
            <span class="muted">of {window}</span>
          </li>
        );
      })}
    </ul>
  );
}
