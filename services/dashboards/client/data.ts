// What all of the page needs to know: the list of dashboards, and what is wrong just now.
import { signal } from '@preact/signals';
import type { AlertsAnswer, DashboardList } from '../shared/api.ts';
import { ask } from './load.ts';
import { refreshNow, view } from './state.ts';
import { whileVisible } from './visible.ts';

export const list = signal<DashboardList | undefined>(undefined);
export const alerts = signal<AlertsAnswer | undefined>(undefined);
/** Why the server can't be reached; undefined while it can. */
export const lost = signal<string | undefined>(undefined);
/** Counts up when dashboards have changed. */
export const version = signal(0);
/** Counts up when something was deployed. */
export const deployed = signal(0);

const ALERTS_EVERY_MS = 15_000;

async function load(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  try {
    await work(AbortSignal.timeout(30_000));
    lost.value = undefined;
  } catch (error) {
    lost.value = error instanceof Error ? error.message : String(error);
  }
}

const loadList = () => load(async (signal) => void (list.value = await ask<DashboardList>('/api/dashboards', signal)));
export const loadAlerts = () =>
  load(async (signal) => void (alerts.value = await ask<AlertsAnswer>('/api/alerts', signal)));

/** Hears of changes; returns what ends it. */
function listen(): () => void {
  const events = new EventSource('/api/events');
  events.addEventListener('dashboards', () => {
    version.value += 1;
    void loadList();
  });
  events.addEventListener('deploys', () => void (deployed.value += 1));
  // The stream begins anew by itself; what has changed meanwhile is not known.
  events.addEventListener('open', () => {
    version.value += 1;
    deployed.value += 1;
    void loadList();
  });
  return () => events.close();
}

/** Begins to follow the server, and the clock, for as long as the page is open. */
export function follow(): void {
  void loadList();
  void loadAlerts();
  setInterval(() => document.visibilityState === 'visible' && void loadAlerts(), ALERTS_EVERY_MS);
  // A browser has six connections to a server, for all of its tabs: those in the back must not keep them.
  whileVisible(document, listen);
  let lastMs = performance.now();
  setInterval(() => {
    const { refresh } = view.value;
    if (refresh === 0 || document.visibilityState !== 'visible') return;
    if (performance.now() - lastMs < refresh * 1000) return;
    lastMs = performance.now();
    refreshNow();
  }, 500);
}
