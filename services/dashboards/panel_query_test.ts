// What is asked for where an address chooses nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Dashboard, Panel, Variable } from '../../tools/dashboards/model.ts';
import { askPanel, askVariables, firstChoices } from './panel_query.ts';
import { type Prometheus, PrometheusError } from './prometheus.ts';

const one = (name: string, selector: string, multi = false): Variable => ({
  name,
  label: name,
  query: `label_values(${selector}, ${name})`,
  multi,
});

const NOTHING: ReadonlyMap<string, readonly string[]> = new Map();

/** A Prometheus that has these values of labels, by selector; and what it was asked. */
function fake(values: Readonly<Record<string, readonly string[]>>) {
  const asked: string[] = [];
  const answer = (expr: string) => {
    asked.push(expr);
    return Promise.resolve({ series: [] });
  };
  const labelValues = ({ selector }: { readonly selector: string }) => {
    asked.push(selector);
    if (selector.startsWith('broken')) return Promise.reject(new PrometheusError('refused', 'It fails'));
    return Promise.resolve([...(values[selector] ?? [])]);
  };
  const known = {
    labelValues,
    instant: ({ expr }: { expr: string }) => answer(expr),
    range: ({ expr }: { expr: string }) => answer(expr),
  };
  return { prometheus: known as unknown as Prometheus, asked };
}

function questionOf(variables: readonly Variable[], expr = 'up') {
  const panel: Panel = {
    title: 'Up',
    kind: 'table',
    unit: 'count',
    queries: [{ expr }],
    thresholds: [],
    width: 6,
    stack: false,
  };
  const dashboard: Dashboard = {
    name: 'web',
    title: 'Web',
    service: 'web',
    variables,
    rows: [{ title: '', panels: [panel] }],
  };
  const signal = AbortSignal.timeout(10_000);
  return { dashboard, panel, namespace: 'shop', scrapeSeconds: 30, range: { from: 0, to: 60, points: 10 }, signal };
}

test('the first value is chosen of each variable that is always one, also of those that are about another', async () => {
  const { prometheus, asked } = fake({ 'up{zone="b"}': ['web-0', 'web-1'], up: ['b', 'a'] });
  const question = questionOf([one('pod', 'up{zone="$zone"}'), one('zone', 'up'), one('code', 'up', true)]);
  assert.deepEqual(
    [...(await firstChoices(prometheus, question))],
    [
      ['zone', ['b']],
      ['pod', ['web-0']],
    ],
  );
  assert.ok(!asked.includes('up{zone=""}'), asked.join());
});

test('nothing is chosen of what has no value, or can not be asked', async () => {
  const { prometheus } = fake({});
  const question = questionOf([one('pod', 'up{zone="$zone"}'), one('zone', 'broken')]);
  assert.deepEqual([...(await firstChoices(prometheus, question))], []);
});

test('Prometheus is not asked for a panel or a variable that lacks a value, and the answer says which', async () => {
  const { prometheus, asked } = fake({});
  const question = {
    ...questionOf([one('pod', 'up{zone="$zone"}'), one('zone', 'up')], 'up{pod="$pod"}'),
    chosen: NOTHING,
  };
  const error = 'There is no value of $pod to ask for';
  assert.deepEqual((await askPanel(prometheus, question)).queries, [{ series: [], error }]);
  const { pod } = await askVariables(prometheus, question, 10);
  assert.deepEqual(pod, { values: [], error: 'There is no value of $zone to ask for' });
  assert.deepEqual(asked, ['up']);
});

test('the namespace is that of the dashboard, unless it has a variable of that name', async () => {
  const { prometheus, asked } = fake({});
  for (const variables of [[], [one('namespace', 'up', true)]])
    await askPanel(prometheus, { ...questionOf(variables, 'up{namespace=~"$namespace"}'), chosen: NOTHING });
  assert.deepEqual(asked, ['up{namespace=~"(shop)"}', 'up{namespace=~".*"}']);
});
