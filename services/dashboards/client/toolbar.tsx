// The bar at the top: where one is, which time is shown, how often it is asked for anew, and alerts.
import { alerts, lost } from './data.ts';
import { RangePicker } from './range_picker.tsx';
import { go, openList, overlay, refreshNow, REFRESHES, setTheme, theme, toggle, view } from './state.ts';
import { rangeLabel } from './time.ts';

const THEMES = { auto: 'light', light: 'dark', dark: 'auto' } as const;
const THEME_SIGNS = { auto: '◐', light: '☀', dark: '☾' } as const;

export function Toolbar() {
  const { dashboard, range, refresh } = view.value;
  const answer = alerts.value;
  const firing = (answer?.alerts ?? []).filter(({ state }) => state === 'firing');
  const worst = firing.some(({ severity }) => severity === 'critical')
    ? 'critical'
    : firing.length > 0
      ? 'warning'
      : 'none';
  return (
    <header class="bar">
      <nav aria-label="Place">
        <a
          href="/"
          class="home"
          onClick={(event) => {
            event.preventDefault();
            openList();
          }}
        >
          <img src="/icon.svg" alt="" width="20" height="20" />
          <span>Dashboards</span>
        </a>
        {dashboard === undefined ? null : (
          <span class="crumb">
            <span class="muted">{dashboard.namespace} /</span> {dashboard.name}
          </span>
        )}
      </nav>
      <div class="bar-tools">
        <button type="button" class="search-button" onClick={() => toggle('search')} title="Search dashboards ( / )">
          Search <kbd>/</kbd>
        </button>
        <div class="anchor">
          <button
            type="button"
            aria-expanded={overlay.value === 'range'}
            onClick={() => toggle('range')}
            title="Choose a time ( t )"
          >
            {rangeLabel(range, Date.now() / 1000)} <span aria-hidden="true">▾</span>
          </button>
          {overlay.value === 'range' ? <RangePicker /> : null}
        </div>
        <span class="pair">
          <button type="button" onClick={refreshNow} title="Ask again ( r )" aria-label="Ask again">
            ↻
          </button>
          <select
            aria-label="How often it is asked again"
            value={String(refresh)}
            onChange={(event) => go({ refresh: Number(event.currentTarget.value) }, true)}
          >
            {REFRESHES.map((seconds) => (
              <option key={seconds} value={String(seconds)}>
                {seconds === 0 ? 'off' : seconds < 60 ? `${seconds} s` : `${seconds / 60} min`}
              </option>
            ))}
          </select>
        </span>
        <button type="button" class={`alerts-button ${worst}`} onClick={() => toggle('alerts')} title="Alerts ( a )">
          {answer === undefined || answer.problem !== undefined ? 'Alerts unknown' : alertsText(firing.length)}
        </button>
        <button
          type="button"
          onClick={() => setTheme(THEMES[theme.value])}
          title={`Colours: ${theme.value} ( d )`}
          aria-label={`Colours: ${theme.value}`}
        >
          {THEME_SIGNS[theme.value]}
        </button>
        <button type="button" onClick={() => toggle('help')} title="Keys ( ? )" aria-label="Keys">
          ?
        </button>
      </div>
      {lost.value === undefined ? null : (
        <p class="note error" role="alert">
          {lost.value}; what is shown may be old.
        </p>
      )}
    </header>
  );
}

function alertsText(count: number): string {
  if (count === 0) return 'No alerts';
  return count === 1 ? '1 alert' : `${count} alerts`;
}
