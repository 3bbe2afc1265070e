// What the page shows, kept in its address: a link shows the same to whoever opens it.
import { computed, signal } from '@preact/signals';
import { DEFAULT_RANGE, type Range, resolveRange, secondsOf } from './time.ts';

export interface View {
  /** The dashboard; none is the list. */
  readonly dashboard?: { readonly namespace: string; readonly name: string };
  readonly range: Range;
  /** Seconds; 0 is never. */
  readonly refresh: number;
  /** Chosen values by variable. */
  readonly variables: Readonly<Record<string, readonly string[]>>;
  /** The panel that is pointed at. */
  readonly panel?: string;
}

export const REFRESHES = [0, 5, 15, 30, 60, 300] as const;
const DEFAULT_REFRESH = 30;

export function viewOf(search: string): View {
  const query = new URLSearchParams(search);
  const [namespace = '', name = ''] = (query.get('d') ?? '').split('/');
  const [from, to] = [query.get('from') ?? '', query.get('to') ?? ''];
  const isRange = secondsOf(from, 0) !== undefined && secondsOf(to, 0) !== undefined;
  const refresh = Number(query.get('refresh') ?? DEFAULT_REFRESH);
  const panel = query.get('panel');
  // An address may have any name, also one that every object has.
  const variables = Object.create(null) as Record<string, string[]>;
  for (const [key, value] of query) {
    if (key.startsWith('var-') && value !== '') (variables[key.slice(4)] ??= []).push(value);
  }
  return {
    ...(namespace === '' || name === '' ? {} : { dashboard: { namespace, name } }),
    range: isRange ? { from, to } : DEFAULT_RANGE,
    refresh: (REFRESHES as readonly number[]).includes(refresh) ? refresh : DEFAULT_REFRESH,
    variables,
    ...(panel === null ? {} : { panel }),
  };
}

export function searchOf({ dashboard, range, refresh, variables, panel }: View): string {
  const query = new URLSearchParams();
  if (dashboard !== undefined) query.set('d', `${dashboard.namespace}/${dashboard.name}`);
  if (range.from !== DEFAULT_RANGE.from || range.to !== DEFAULT_RANGE.to) {
    query.set('from', range.from);
    query.set('to', range.to);
  }
  if (refresh !== DEFAULT_REFRESH) query.set('refresh', String(refresh));
  for (const [name, values] of Object.entries(variables))
    for (const value of values) query.append(`var-${name}`, value);
  if (panel !== undefined) query.set('panel', panel);
  // Read by people: a slash may stay one.
  const text = query.toString().replaceAll('%2F', '/');
  return text === '' ? '/' : `/?${text}`;
}

export const view = signal<View>(viewOf(location.search));
window.addEventListener('popstate', () => (view.value = viewOf(location.search)));

/** Shows something else; the way back leads here again, unless it replaces. */
export function go(change: Partial<View>, isReplaced = false): void {
  const next = { ...view.value, ...change };
  view.value = next;
  if (isReplaced) history.replaceState(null, '', searchOf(next));
  else history.pushState(null, '', searchOf(next));
}

export function openDashboard(namespace: string, name: string, panel?: string): void {
  const { range, refresh } = view.value;
  view.value = {
    dashboard: { namespace, name },
    range,
    refresh,
    variables: {},
    ...(panel === undefined ? {} : { panel }),
  };
  history.pushState(null, '', searchOf(view.value));
  if (panel === undefined) scrollTo(0, 0);
}

export function openList(): void {
  const { range, refresh } = view.value;
  view.value = { range, refresh, variables: {} };
  history.pushState(null, '', searchOf(view.value));
}

/** Counts up when everything is to be asked again. */
export const round = signal(0);
export const refreshNow = () => void (round.value += 1);

/** Both ends of what is shown, in seconds; moved by each round. */
export const ends = computed(() => {
  void round.value;
  return resolveRange(view.value.range, Date.now() / 1000);
});

/** Which overlay is open. */
export const overlay = signal<'none' | 'search' | 'range' | 'help' | 'alerts'>('none');
export const toggle = (name: 'search' | 'range' | 'help' | 'alerts') =>
  void (overlay.value = overlay.value === name ? 'none' : name);

const KEY = 'theme';
const system = matchMedia('(prefers-color-scheme: dark)');
const isSystemDark = signal(system.matches);
system.addEventListener('change', () => (isSystemDark.value = system.matches));

/** `auto` is as the system has it. */
export const theme = signal<'auto' | 'light' | 'dark'>(themeOf(localStorage.getItem(KEY)));
export const isDark = computed(() => (theme.value === 'auto' ? isSystemDark.value : theme.value === 'dark'));

export function setTheme(next: 'auto' | 'light' | 'dark'): void {
  theme.value = next;
  localStorage.setItem(KEY, next);
}

function themeOf(text: string | null): 'auto' | 'light' | 'dark' {
  return text === 'light' || text === 'dark' ? text : 'auto';
}
