// Panels to which alerts lead are there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkPanels } from './panels.ts';
import { readSources } from './sources.ts';

const board = (name: string, ...titles: readonly string[]) => ({
  kind: 'ConfigMap',
  metadata: { name: `${name}-dashboard`, labels: { 'fathom.internal/dashboard': 'true' } },
  data: {
    [`${name}.json`]: JSON.stringify({
      name,
      title: name,
      service: name,
      rows: [{ title: 'Calls', panels: titles.map((title) => ({ title, kind: 'stat', queries: [{ expr: 'up' }] })) }],
    }),
  },
});
const alert = (annotations: object, service = 'web') => ({
  kind: 'PrometheusRule',
  metadata: { name: 'web' },
  spec: { groups: [{ name: 'calls', rules: [{ alert: 'Slow', expr: 'up == 0', labels: { service }, annotations }] }] },
});
const AT = 'web.yaml: PrometheusRule web: calls: Slow: it leads to';

for (const { name, items, says } of [
  { name: 'one of its dashboard', items: [alert({ dashboard: 'web', panel: 'Latency' })], says: [] },
  {
    name: 'none of its dashboard',
    items: [alert({ dashboard: 'web', panel: 'Latancy' })],
    says: [`${AT} the panel 'Latancy', and no panel of dashboard 'web' is called so, the nearest is 'Latency'`],
  },
  {
    name: 'one of another dashboard',
    items: [alert({ dashboard: 'web', panel: 'Stock' })],
    says: [`${AT} the panel 'Stock', and no panel of dashboard 'web' is called so, the nearest is 'Latency'`],
  },
  { name: 'one of the dashboard of what it is about', items: [alert({ panel: 'Latency' })], says: [] },
  {
    name: 'one of a dashboard of another namespace',
    items: [alert({ dashboard: 'monitoring/basket', panel: 'Stock' })],
    says: [],
  },
  {
    name: 'one of a dashboard that is not there',
    items: [alert({ dashboard: 'wob', panel: 'Latency' }, 'wob')],
    says: [`${AT} the panel 'Latency', and there is no dashboard 'wob', only web, basket`],
  },
  {
    name: 'one of a dashboard that its series name',
    items: [alert({ panel: 'Stock' }, '{{ $labels.app }}')],
    says: [],
  },
  {
    name: 'none of any dashboard',
    items: [alert({ panel: 'Stok' }, '{{ $labels.app }}')],
    says: [`${AT} the panel 'Stok', and no panel of any dashboard is called so, the nearest is 'Stock'`],
  },
  { name: 'no panel', items: [alert({ dashboard: 'web' })], says: [] },
  {
    name: 'none of its dashboard, in two environments',
    items: [alert({ panel: 'Latancy' }), alert({ panel: 'Latancy' })],
    says: [`${AT} the panel 'Latancy', and no panel of dashboard 'web' is called so, the nearest is 'Latency'`],
  },
]) {
  test(`an alert leads to ${name}`, () => {
    const list = { kind: 'List', items: [...items, board('web', 'Requests', 'Latency'), board('basket', 'Stock')] };
    const found = checkPanels(readSources([{ file: 'web.yaml', text: JSON.stringify(list) }]));
    assert.deepEqual(
      found.map(({ code, text }) => `${code} ${text}`),
      says.map((text) => `PANEL_UNKNOWN ${text}`),
    );
  });
}

test('where no dashboard is given, nobody knows', () => {
  const text = JSON.stringify(alert({ dashboard: 'web', panel: 'Latancy' }));
  assert.deepEqual(checkPanels(readSources([{ file: 'web.yaml', text }])), []);
});
