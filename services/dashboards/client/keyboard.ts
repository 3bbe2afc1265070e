// Keys that work wherever no text is being written.
import { DEFAULT_RANGE, shifted, zoomed } from './time.ts';
import { go, openList, overlay, refreshNow, setTheme, theme, toggle, view } from './state.ts';

const THEMES = { auto: 'light', light: 'dark', dark: 'auto' } as const;

const ACTIONS: Readonly<Record<string, () => void>> = {
  '/': () => toggle('search'),
  '?': () => toggle('help'),
  t: () => toggle('range'),
  a: () => toggle('alerts'),
  r: refreshNow,
  h: openList,
  n: () => go({ range: DEFAULT_RANGE }),
  d: () => setTheme(THEMES[theme.value]),
  ArrowLeft: () => go({ range: shifted(view.value.range, -0.5, Date.now() / 1000) }),
  ArrowRight: () => go({ range: shifted(view.value.range, 0.5, Date.now() / 1000) }),
  ArrowUp: () => go({ range: zoomed(view.value.range, 0.5, Date.now() / 1000) }),
  ArrowDown: () => go({ range: zoomed(view.value.range, 2, Date.now() / 1000) }),
};

export function listenToKeys(): void {
  addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      overlay.value = 'none';
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
    // Arrows scroll the list of dashboards, and move in what is open.
    const isArrow = event.key.startsWith('Arrow');
    if (isArrow && (view.value.dashboard === undefined || overlay.value !== 'none' || isScrolled(event.target))) return;
    const action = Object.hasOwn(ACTIONS, event.key) ? ACTIONS[event.key] : undefined;
    if (action === undefined || (overlay.value !== 'none' && event.key !== '?')) return;
    event.preventDefault();
    action();
  });
}

function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input, select, textarea');
}

function isScrolled(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('.table, .legend') !== null;
}
