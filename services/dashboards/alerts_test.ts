// Which dashboard an alert leads to.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alertsOf } from './alerts.ts';

const dashboards = [
  { namespace: 'shop', name: 'web', title: 'Web', service: 'web', panels: 1, problems: [] },
  { namespace: 'shop', name: 'cluster', title: 'Clusters of shops', service: 'clusters', panels: 1, problems: [] },
  { namespace: 'monitoring', name: 'cluster', title: 'Cluster', service: 'cluster', panels: 1, problems: [] },
];

for (const { name, labels, dashboard, leadsTo } of [
  { name: 'the one that it names', labels: { namespace: 'shop' }, dashboard: 'web', leadsTo: 'shop/web' },
  { name: 'that of its service', labels: { namespace: 'shop', service: 'web' }, dashboard: '', leadsTo: 'shop/web' },
  {
    name: 'one of another namespace, by both names',
    labels: { namespace: 'shop', service: 'cluster', pod: 'web-0' },
    dashboard: 'monitoring/cluster',
    leadsTo: 'monitoring/cluster',
  },
  {
    name: 'one by both names where it has no namespace itself',
    labels: { service: 'cluster', node: 'node-1' },
    dashboard: 'monitoring/cluster',
    leadsTo: 'monitoring/cluster',
  },
  { name: 'none where there is none', labels: { namespace: 'bank' }, dashboard: 'web', leadsTo: undefined },
]) {
  test(`an alert leads to ${name}`, () => {
    const annotations = dashboard === '' ? {} : { dashboard };
    const alert = { state: 'firing', labels: { alertname: 'Slow', ...labels }, annotations };
    const rules = { groups: [{ rules: [{ name: 'Slow', alerts: [alert] }] }] };
    const [found] = alertsOf(rules, dashboards);
    const to = found?.dashboard;
    assert.equal(to === undefined ? undefined : `${to.namespace}/${to.name}`, leadsTo);
  });
}
