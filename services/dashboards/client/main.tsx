// The page of dashboards: https://preactjs.com for what is on it, https://github.com/leeoniya/uPlot for its charts.
import { effect } from '@preact/signals';
import { render } from 'preact';
import { DashboardPage } from './dashboard.tsx';
import { follow } from './data.ts';
import { listenToKeys } from './keyboard.ts';
import { ListPage } from './list.tsx';
import { Overlays } from './overlays.tsx';
import { isDark, overlay, view } from './state.ts';
import { Toolbar } from './toolbar.tsx';

function App() {
  const { dashboard } = view.value;
  return (
    <>
      <Toolbar />
      {dashboard === undefined ? (
        <ListPage />
      ) : (
        <DashboardPage key={`${dashboard.namespace}/${dashboard.name}`} {...dashboard} />
      )}
      <Overlays />
    </>
  );
}

effect(() => {
  document.documentElement.dataset['theme'] = isDark.value ? 'dark' : 'light';
});
effect(() => {
  const { dashboard } = view.value;
  document.title = dashboard === undefined ? 'Dashboards' : `${dashboard.name} · ${dashboard.namespace}`;
});
addEventListener('pointerdown', ({ target }) => {
  if (overlay.value === 'range' && target instanceof Element && target.closest('.anchor') === null)
    overlay.value = 'none';
});
listenToKeys();
follow();
const app = document.getElementById('app');
if (app !== null) render(<App />, app);
