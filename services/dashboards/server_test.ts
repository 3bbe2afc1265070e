// The server, against a real API server and a real Prometheus.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type ApiServer, startApiServer } from '../../tools/k8s/testing/apiserver.ts';
import { callsTo } from '../../tools/k8s/testing/calls.ts';
import { createMetrics } from '../kit/index.ts';
import { SCRAPE_ANNOTATION } from './scrape_interval.ts';
import type {
  AlertsAnswer,
  DashboardAnswer,
  DashboardList,
  Deploy,
  DeploysAnswer,
  PanelAnswer,
  VariablesAnswer,
} from './shared/api.ts';
import { startPrometheus, type TestPrometheus } from './testing/prometheus.ts';
import { configMap, SAMPLE, SHOP_RULES, shopMetrics } from './testing/samples.ts';
import { eventually, rawRequest, type Running, startServer } from './testing/running.ts';

const MANY = 100_000;
let cluster: ApiServer;
let prometheus: TestPrometheus;
let running: Running;
const { applyStack, makeNamespace, post, remove } = callsTo(() => cluster);
const maps = (namespace: string) => `/api/v1/namespaces/${namespace}/configmaps`;

before(async () => {
  let scrapes = 0;
  [cluster, prometheus] = await Promise.all([
    startApiServer(),
    startPrometheus({
      rules: SHOP_RULES,
      // As many for some seconds: the test is of the query, not of the scrapes.
      metrics: () => shopMetrics(Date.now(), scrapes++ < 10 ? MANY : 0),
    }),
  ]);
  await makeNamespace('shop');
  await makeNamespace('bank');
  await post(maps('shop'), configMap('shop', SAMPLE));
  running = await startServer(cluster.client, prometheus.url);
  await prometheus.until('count(shop_many) == 100000');
  await prometheus.until('count_over_time(shop_requests_total[30s]) > 2', 3);
});
after(async () => {
  await running.stop();
  await prometheus.stop();
  await cluster.stop();
});

const list = async () => (await running.get<DashboardList>('/api/dashboards')).body;

/** The last minute. */
const times = () => `from=${Date.now() / 1000 - 60}&to=${Date.now() / 1000}`;

async function panel(title: string, more = ''): Promise<PanelAnswer> {
  const path = `/api/dashboards/shop/web/panel?title=${encodeURIComponent(title)}&${times()}${more}`;
  const { status, body } = await running.get<PanelAnswer>(path);
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}

test('lists dashboards, and what is wrong with each', async () => {
  const { dashboards, faults, stale } = await eventually(
    list,
    ({ dashboards: all, stale: why }) => all.length === 1 && why === undefined,
  );
  assert.deepEqual([faults, stale], [[], undefined]);
  const problems = ["rows[1].panels[0] is a second panel named 'Requests': give it another title"];
  assert.deepEqual(dashboards, [
    { namespace: 'shop', name: 'web', title: 'Web shop', service: 'web', panels: 9, problems },
  ]);
  assert.equal(running.server.isReady, true);
});

test('shows a dashboard that comes, changes and goes, and tells who listens', async () => {
  const response = await fetch(`${running.url}/api/events`, { signal: AbortSignal.timeout(30_000) });
  const events = (async () => {
    let count = 0;
    for await (const chunk of response.body ?? []) {
      count += Buffer.from(chunk).toString('utf8').split('event: dashboards').length - 1;
      if (count >= 3) return count;
    }
    return count;
  })();
  // As a later version may write it.
  const dashboard = { ...SAMPLE, name: 'loans', title: 'Loans', sections: [] };
  await post(maps('bank'), configMap('bank', dashboard));
  const titles = async () => (await list()).dashboards.map(({ title }) => title).sort();
  await eventually(titles, (all) => all.includes('Loans'), 2000);
  const loans = (await list()).dashboards.find(({ name }) => name === 'loans');
  assert.deepEqual([loans?.panels, loans?.problems[0]], [9, 'sections is an unknown field, the nearest is service']);
  await cluster.client.request({
    method: 'PUT',
    path: `${maps('bank')}/loans-dashboard`,
    body: configMap('bank', { ...dashboard, title: 'Loans and rates' }),
    doing: 'Changing it',
  });
  await eventually(titles, (all) => all.includes('Loans and rates'), 2000);
  await remove(`${maps('bank')}/loans-dashboard`);
  await eventually(titles, (all) => all.length === 1, 2000);
  assert.equal(await events, 3);
});

test('tells of what is no dashboard, and of two of one name, and shows the others', async () => {
  const broken = { ...configMap('bank', { name: 'broken' }), data: { 'broken.json': '{"name":' } };
  await post(maps('bank'), broken);
  await post(maps('bank'), { ...configMap('bank', { name: 'empty' }), data: {} });
  await post(maps('bank'), configMap('bank', SAMPLE, 'a-first'));
  await post(maps('bank'), configMap('bank', SAMPLE, 'b-second'));
  const { faults } = await eventually(list, ({ faults: all }) => all.length === 3);
  const said = faults.map(({ configMap: name, problems }) => `${name}: ${problems.join('; ')}`);
  assert.match(said[0] ?? '', /^b-second: Its name 'web' is that of the dashboard in ConfigMap a-first/);
  assert.match(said[1] ?? '', /^broken-dashboard: The text is no JSON/);
  assert.match(said[2] ?? '', /^empty-dashboard: It has no key that ends in .json/);
  for (const name of ['broken-dashboard', 'empty-dashboard', 'a-first', 'b-second'])
    await remove(`${maps('bank')}/${name}`);
  await eventually(list, ({ faults: all, dashboards }) => all.length === 0 && dashboards.length === 1);
});

test('asks Prometheus for what a panel shows', async () => {
  const { body } = await running.get<DashboardAnswer>('/api/dashboards/shop/web');
  assert.equal(body.dashboard.rows[0]?.panels[0]?.title, 'Requests');
  const requests = await panel('Requests');
  assert.deepEqual(
    requests.queries[0]?.series.map(({ name }) => name),
    ['200', '404', '500'],
  );
  assert.equal(requests.queries[0]?.series[0]?.values.length, requests.times.length);
  assert.ok(Number(requests.queries[0]?.series[0]?.values.at(-1)) > 0);
  const pods = await panel('Pods');
  assert.deepEqual(pods.times.length, 1);
  assert.deepEqual(
    pods.queries[0]?.series.map(({ name }) => name),
    ['web-0', 'web-1', 'web-2'],
  );
});

test('narrows queries down by what is chosen, whatever is in it', async () => {
  const path = `/api/dashboards/shop/web/variables?${times()}`;
  const { body } = await running.get<VariablesAnswer>(path);
  assert.deepEqual(body, { pod: { values: ['web-0', 'web-1', 'web-2'] } });
  const chosen = await panel('Latency', '&var-pod=web-1&var-pod=web-2');
  assert.deepEqual(
    chosen.queries[0]?.series.map(({ name }) => name),
    ['web-1', 'web-2'],
  );
  const odd = await panel('Latency', `&var-pod=${encodeURIComponent('.*"} or shop_memory_bytes{a="')}`);
  assert.deepEqual(odd.queries, [{ series: [] }]);
});

test('says why a query fails, and why there is nothing', async () => {
  const failed = await panel('No such function');
  assert.match(failed.queries[0]?.error ?? '', /unknown function with name "nonsense"/);
  assert.deepEqual((await panel('Nothing there')).queries, [{ series: [] }]);
  const [quantile] = (await panel('Quantile of nothing')).queries;
  assert.deepEqual(
    quantile?.series.map(({ values }) => values.filter((value) => value !== null)),
    [[]],
  );
});

test('takes rates over four times the time between two looks, and says where that is too long', async () => {
  // As many seconds as the time has over which it is counted.
  const queries = [{ expr: 'count_over_time(vector(1)[$__rate_interval:1s])' }];
  const rows = [{ title: 'Time', panels: [{ title: 'Seconds', kind: 'stat', queries }] }];
  for (const [name, interval, seconds] of [
    ['usual', undefined, 120],
    ['quick', '5s', 120],
    ['slow', '1m', 240],
    ['slower', '5m', 1200],
  ] as const) {
    const map = configMap('bank', { name, title: name, service: name, rows });
    const annotations = interval === undefined ? {} : { [SCRAPE_ANNOTATION]: interval };
    await post(maps('bank'), { ...map, metadata: { ...map.metadata, annotations } });
    const path = `/api/dashboards/bank/${name}`;
    try {
      const { body } = await eventually(
        () => running.get<DashboardAnswer>(path),
        ({ status }) => status === 200,
      );
      const problem = `The annotation ${SCRAPE_ANNOTATION} must be a time from 1s to 2m, got '5m'`;
      assert.deepEqual(body.problems, name === 'slower' ? [problem] : []);
      const answer = await running.get<PanelAnswer>(`${path}/panel?title=Seconds&${times()}`);
      assert.equal(answer.body.queries[0]?.series[0]?.values.at(-1), seconds, name);
    } finally {
      await remove(`${maps('bank')}/${name}-dashboard`);
    }
  }
});

test('leads to a runbook of the repository where it was told where that is', async () => {
  const runbooks = new URL('https://git.example.com/shop/blob/main/');
  const there = await startServer(cluster.client, prometheus.url, { runbooks });
  await post(maps('bank'), configMap('bank', { ...SAMPLE, name: 'till', runbook: 'docs/runbooks/till.md' }));
  const path = '/api/dashboards/bank/till';
  const runbookOf = async ({ get }: Running) =>
    (
      await eventually(
        () => get<DashboardAnswer>(path),
        ({ status }) => status === 200,
      )
    ).body.dashboard.runbook;
  try {
    assert.equal(await runbookOf(there), `${runbooks.href}docs/runbooks/till.md`);
    assert.equal(await runbookOf(running), 'docs/runbooks/till.md');
  } finally {
    await remove(`${maps('bank')}/till-dashboard`);
    await there.stop();
  }
});

test('limits a query that has 100,000 series, and says so', async () => {
  const path = `/api/dashboards/shop/web/panel?title=Too%20many&from=${Date.now() / 1000 - 120}&to=${Date.now() / 1000}&points=61`;
  const { body } = await running.get<PanelAnswer>(path);
  const [query] = body.queries;
  assert.match(query?.limited ?? JSON.stringify(query), /has 100,000 series/);
  assert.ok((query?.series.length ?? 0) <= 200);
});

test('ends an answer that is too large, and counts what there would have been', async () => {
  const small = await startServer(cluster.client, prometheus.url, { maxAnswerBytes: 100_000, maxSeries: 100_000 - 1 });
  try {
    const query = `from=${Date.now() / 1000 - 60}&to=${Date.now() / 1000}&points=31`;
    await eventually(
      () => small.get<DashboardList>('/api/dashboards'),
      ({ body }) => body.dashboards.length === 1,
    );
    const { body } = await small.get<PanelAnswer>(`/api/dashboards/shop/web/panel?title=Too%20many&${query}`);
    assert.match(body.queries[0]?.limited ?? JSON.stringify(body.queries), /100,000 series, too many to show any/);
  } finally {
    await small.stop();
  }
});

test('keeps to its most points and its longest range', async () => {
  const nowSeconds = Date.now() / 1000;
  const path = (from: number, points: number) =>
    `/api/dashboards/shop/web/panel?title=Latency&from=${from}&to=${nowSeconds}&points=${points}`;
  const { body } = await running.get<PanelAnswer>(path(nowSeconds - 7 * 86_400, 1_000_000));
  assert.ok(body.times.length <= 1000, `${body.times.length} points`);
  const { status } = await running.get(path(nowSeconds - 500 * 86_400, 100));
  assert.equal(status, 400);
});

test('lists alerts with the panel that shows them, and budgets', async () => {
  const read = async () => (await running.get<AlertsAnswer>('/api/alerts')).body;
  const { alerts, budgets } = await eventually(read, (body) => body.alerts.length > 0 && body.budgets.length > 1);
  const [alert] = alerts;
  assert.deepEqual(
    [alert?.name, alert?.state, alert?.severity, alert?.namespace, alert?.service, alert?.runbook],
    ['ShopSlow', 'firing', 'critical', 'shop', 'web', 'https://example.com/runbooks/web#slow'],
  );
  assert.deepEqual(alert?.dashboard, { namespace: 'shop', name: 'web', panel: 'Latency' });
  assert.deepEqual(
    budgets.map(({ slo, window, left }) => [slo, window, Math.round(left * 100)]),
    [
      ['availability', '30d', 60],
      ['latency', '30d', 80],
    ],
  );
});

test('tells of more budgets than a panel has series, and says where these are not all', async () => {
  for (const [limits, names, limited] of [
    [{ maxSeries: 1 }, 'availability, latency', undefined],
    [{ maxBudgets: 1 }, 'availability', 'There are 2 error budgets, of which the 1 with the least left are shown'],
  ] as const) {
    const one = await startServer(cluster.client, prometheus.url, limits);
    try {
      const { body } = await one.get<AlertsAnswer>('/api/alerts');
      assert.deepEqual([body.budgets.map(({ slo }) => slo).join(', '), body.limited], [names, limited]);
    } finally {
      await one.stop();
    }
  }
});

test('tells of deploys by the engine as they happen, and who listens', async () => {
  const path = '/api/dashboards/shop/web/deploys';
  const of = async () => (await running.get<DeploysAnswer>(path)).body;
  assert.deepEqual(await of(), { deploys: [], problem: 'No deploy of the stack web in shop is known yet' });
  const response = await fetch(`${running.url}/api/events`, { signal: AbortSignal.timeout(30_000) });
  const told = (async () => {
    for await (const chunk of response.body ?? [])
      if (Buffer.from(chunk).toString('utf8').includes('event: deploys')) return true;
    return false;
  })();
  const deploy = (x: string) => {
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'shop' }, data: { x } };
    return applyStack({ sets: [{ stack: 'web', namespace: 'shop', objects: [map] }] });
  };
  await deploy('1');
  assert.equal(await told, true);
  await eventually(of, ({ deploys }) => deploys.length === 1 && deploys[0]?.isUnfinished === false, 2000);
  await deploy('2');
  const isDone = ({ deploys }: DeploysAnswer) => deploys[1]?.isUnfinished === false;
  const { deploys, problem } = await eventually(of, isDone, 2000);
  assert.equal(problem, undefined);
  const [first, second] = deploys;
  assert.deepEqual([first?.revision, first?.objects], [1, { create: 1 }]);
  const { who, time, seconds, phases, ...about } = second as Deploy;
  const changed = { objects: { update: 1 }, isDirty: false, isUnfinished: false };
  assert.deepEqual(about, { stack: 'web', revision: 2, verb: 'apply', ...changed });
  assert.match(who, /^ada@/);
  assert.ok(Math.abs(time - Date.now() / 1000) < 600);
  // A wait is told of where it is over before the rest is told.
  const { wait, ...known } = phases;
  assert.deepEqual(Object.keys(known).toSorted(), ['apply', 'connect', 'plan', 'prune']);
  assert.ok((wait ?? 0) < seconds);
  assert.ok(seconds > 0);
  await remove(`${maps('shop')}/fathom-web`);
  await eventually(of, (answer) => answer.deploys.length === 0, 2000);
});

for (const [what, path, options, status] of [
  ['another method', '/api/dashboards', { method: 'POST' }, 405],
  ['an unknown path', '/api/query?query=up', {}, 404],
  ['an unknown page', '/etc/passwd', {}, 404],
  ['an address that can not be read', '/api/%ff', {}, 404],
  ['an unknown dashboard', '/api/dashboards/shop/none', {}, 404],
  ['an unknown part of a dashboard', '/api/dashboards/shop/web/secrets', {}, 404],
  ['an unknown panel', '/api/dashboards/shop/web/panel?title=x&from=1&to=2', {}, 404],
  ['times that are none', '/api/dashboards/shop/web/panel?title=Latency&from=a&to=2', {}, 400],
  ['a name that is not its own', '/api/dashboards', { headers: { host: 'evil.example.com' } }, 421],
  ['a name that it was told', '/api/dashboards', { headers: { host: 'dashboards.example.com:8080' } }, 200],
  ['the name of its Service', '/api/dashboards', { headers: { host: 'dashboards.monitoring.svc:8080' } }, 200],
] as const) {
  test(`answers ${what} with ${status}`, async () => {
    const answer = await rawRequest(`${running.url}${path}`, options);
    assert.equal(answer.status, status, answer.text);
  });
}

test('has no metric of a path that only its caller knows', async () => {
  const metrics = createMetrics();
  const measured = await startServer(cluster.client, prometheus.url, { metrics });
  try {
    for (const path of ['shop/web/invented', 'shop/none/invented', 'invented', 'shop/none/invented/more'])
      assert.equal((await rawRequest(`${measured.url}/api/dashboards/${path}`)).status, 404);
    const isCounted = (text: string) => /^dashboards_http_requests_total\{route="none",code="404"\} 4$/m.test(text);
    const text = await eventually(() => metrics.metrics(), isCounted, 2000);
    assert.doesNotMatch(text, /invented/);
  } finally {
    await measured.stop();
  }
});

test('sends the page with a policy that lets nothing else in, and not again where it is known', async () => {
  const first = await rawRequest(`${running.url}/`);
  assert.equal(first.status, 200);
  assert.match(String(first.headers['content-security-policy']), /^default-src 'none'; script-src 'self'/);
  const again = await rawRequest(`${running.url}/`, { headers: { 'if-none-match': String(first.headers['etag']) } });
  assert.deepEqual([again.status, again.text], [304, '']);
});

test('says that Prometheus is away, and goes on where it is back', async () => {
  const alone = await startServer(cluster.client, new URL('http://127.0.0.1:9'), { queryTimeoutMs: 2000 });
  try {
    await eventually(
      () => alone.get<DashboardList>('/api/dashboards'),
      ({ body }) => body.dashboards.length === 1,
    );
    const { body } = await alone.get<PanelAnswer>(`/api/dashboards/shop/web/panel?title=Latency&${times()}`);
    assert.match(body.queries[0]?.error ?? '', /Prometheus can't be reached at 127\.0\.0\.1:9/);
    const alerts = await alone.get<AlertsAnswer>('/api/alerts');
    assert.match(alerts.body.problem ?? '', /Prometheus can't be reached/);
  } finally {
    await alone.stop();
  }
});
