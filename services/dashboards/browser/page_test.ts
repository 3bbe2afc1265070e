// The page in a browser, on a real API server and a real Prometheus. Screenshots are outputs of the test.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  accessibilityProblems,
  startBrowser,
  type Page,
  type TestBrowser,
  type TestPage,
} from '../../../tools/browser/index.ts';
import { DEPLOYS_KEY, DEPLOYS_LABEL, type DeployRun } from '../../../tools/k8s/model/deploys.ts';
import { type ApiServer, startApiServer } from '../../../tools/k8s/testing/apiserver.ts';
import { callsTo } from '../../../tools/k8s/testing/calls.ts';
import { runfile } from '../../../tools/lib/runfiles.ts';
import { startPrometheus, type TestPrometheus } from '../testing/prometheus.ts';
import { configMap, SAMPLE, SHOP_RULES, shopHistory, shopMetrics } from '../testing/samples.ts';
import { eventually, type Running, startServer } from '../testing/running.ts';
import { panel, scrolled, settled, shoot } from './panels.ts';

const MANY = 2000;
const DEPLOYED = Date.now() / 1000 - 1500;
const WEB = '/?d=shop/web&refresh=0';
const RUN: DeployRun = {
  ...{ number: 7, run: 'x', verb: 'apply', state: 'done', who: 'ada@laptop', images: 1 },
  ...{ when: new Date(DEPLOYED * 1000).toISOString(), commit: '4f2a9c1e77', isDirty: false },
  phases: { connect: 0.03, plan: 0.2, push: 1.1, apply: 0.4, prune: 0.01, wait: 6.5 },
  ...{ objects: { create: 1, update: 2, unchanged: 9 }, planned: 12 },
};

let cluster: ApiServer;
let prometheus: TestPrometheus;
let running: Running;
let browser: TestBrowser;
const { makeNamespace, merge, post, remove } = callsTo(() => cluster);

before(async () => {
  const now = Math.floor(Date.now() / 1000);
  [cluster, prometheus, browser] = await Promise.all([
    startApiServer(),
    startPrometheus({
      rules: SHOP_RULES,
      history: shopHistory(now - 2 * 3600, now - 5, 15, MANY),
      metrics: () => shopMetrics(Date.now(), MANY),
    }),
    startBrowser(),
  ]);
  await makeNamespace('shop');
  await post('/api/v1/namespaces/shop/configmaps', configMap('shop', SAMPLE));
  await post('/api/v1/namespaces/shop/configmaps', configMap('shop', { ...SAMPLE, name: 'basket', title: 'Baskets' }));
  const metadata = { name: 'fathom-web', namespace: 'shop', labels: { [DEPLOYS_LABEL]: 'true' } };
  const data = { [DEPLOYS_KEY]: JSON.stringify([RUN]) };
  await post('/api/v1/namespaces/shop/configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
  running = await startServer(cluster.client, prometheus.url, { assets: runfile('fathom/services/dashboards/client') });
  await prometheus.until('ALERTS{alertstate="firing"}');
  await prometheus.until('slo:objective:ratio');
});
after(async () => {
  await browser[Symbol.asyncDispose]();
  await running.stop();
  await prometheus.stop();
  await cluster.stop();
});

type Options = Parameters<TestBrowser['openPage']>[0];

async function open(path: string, options: Options = {}): Promise<TestPage> {
  const opened = await browser.openPage({ width: 1280, height: 1300, timeoutMs: 15_000, ...options });
  await opened.page.goto(`${running.url}${path}`);
  return opened;
}

/** The share of a chart's pixels that something is drawn on. */
const drawnShare = (page: Page, title: string): Promise<number> =>
  page.evaluate(`(() => {
    const canvas = document.querySelector('section.panel[aria-label="${title}"] canvas');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let drawn = 0;
    for (let at = 3; at < data.length; at += 4) if (data[at] > 0) drawn++;
    return drawn / (data.length / 4);
  })()`);

test('shows data in every panel that has some, and says why the others have none', async () => {
  await using opened = await open(WEB);
  const { page, errors, outside } = opened;
  assert.deepEqual(await settled(page), {
    Requests: 'data',
    Latency: 'data',
    Errors: 'data',
    Memory: 'data',
    Pods: 'data',
    'No such function': 'failed',
    'Nothing there': 'empty',
    'Quantile of nothing': 'empty',
    'Too many': 'limited',
  });
  for (const title of ['Requests', 'Latency']) assert.ok((await drawnShare(page, title)) > 0.03, `${title} is drawn`);
  assert.match(await panel(page, 'No such function').innerText(), /unknown function with name "nonsense"/);
  assert.match(await panel(page, 'Nothing there').innerText(), /No data\s+Prometheus has no series/);
  const quantile = panel(page, 'Quantile of nothing');
  assert.match(await quantile.innerText(), /No data\s+The series of this query have no number in this range of time/);
  assert.equal(await quantile.locator('canvas, .legend').count(), 0);
  assert.match(await panel(page, 'Too many').innerText(), /has 2,000 series, of which 200 are shown/);
  assert.match(await panel(page, 'Memory').innerText(), /MiB/);
  assert.match(await panel(page, 'Errors').innerText(), /%/);
  assert.equal(await panel(page, 'Pods').locator('tbody tr').count(), 3);
  assert.deepEqual([errors, outside], [[], []]);
  await shoot(page, 'dashboard_light.png');
});

test('tells of two panels of one name, and shows the first', async () => {
  await using opened = await open(WEB);
  const { page } = opened;
  await settled(page);
  assert.equal(await panel(page, 'Requests').count(), 1);
  await page.locator('summary').click();
  assert.match(await page.locator('details').innerText(), /rows\[1\]\.panels\[0\] is a second panel named 'Requests'/);
});

test('shows who deployed what where the mouse is at its line', async () => {
  await using opened = await open(WEB);
  const { page } = opened;
  await settled(page);
  await page.getByText('1 deploy in sight').waitFor();
  const over = panel(page, 'Latency').locator('.u-over');
  const box = await over.boundingBox();
  assert.ok(box !== null);
  const to = Date.now() / 1000;
  const share = (DEPLOYED - (to - 3600)) / 3600;
  await page.mouse.move(box.x + box.width * share, box.y + box.height / 2, { steps: 3 });
  const text = await panel(page, 'Latency').locator('.tooltip').innerText();
  assert.match(text, /apply web, revision 7/);
  assert.match(text, /by ada@laptop\s+commit 4f2a9c1e77/);
  assert.match(text, /objects: 1 created, 2 changed, 9 unchanged\s+took 8\.04 s: connect 30 ms, .*wait 6\.5 s/);
  assert.match(text, /web-0/);
  // The picture of docs/dashboards.md.
  await shoot(page, 'deploy.png', { x: 0, y: 0, width: 1280, height: 785 });
});

test('shows a deploy as soon as the engine tells of it, and that it is not finished', async () => {
  await using opened = await open(WEB);
  const { page } = opened;
  await page.getByText('1 deploy in sight').waitFor();
  const tell = (runs: readonly DeployRun[]) =>
    merge('/api/v1/namespaces/shop/configmaps/fathom-web', { data: { [DEPLOYS_KEY]: JSON.stringify(runs) } });
  const when = new Date((DEPLOYED + 600) * 1000).toISOString();
  await tell([RUN, { ...RUN, number: 8, when, state: 'started', error: 'K8S_NOT_READY' }]);
  await page.getByText('2 deploys in sight').waitFor();
  const box = await panel(page, 'Latency').locator('.u-over').boundingBox();
  assert.ok(box !== null);
  const share = (DEPLOYED + 600 - (Date.now() / 1000 - 3600)) / 3600;
  await page.mouse.move(box.x + box.width * share, box.y + box.height / 2, { steps: 3 });
  const text = await panel(page, 'Latency').locator('.tooltip').innerText();
  assert.match(text, /revision 8[^]*not finished, ended with K8S_NOT_READY/);
  await tell([RUN]);
  await page.getByText('1 deploy in sight').waitFor();
});

test('zooms by dragging, keeps the address, and goes back', async () => {
  await using opened = await open(WEB);
  const { page } = opened;
  await settled(page);
  const box = await panel(page, 'Latency').locator('.u-over').boundingBox();
  assert.ok(box !== null);
  await page.mouse.move(box.x + box.width * 0.25, box.y + 50);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.75, box.y + 60, { steps: 5 });
  await page.mouse.up();
  await page.waitForURL(/from=\d+&to=\d+/);
  const query = new URL(page.url()).searchParams;
  const length = Number(query.get('to')) - Number(query.get('from'));
  assert.ok(Math.abs(length - 1800) < 60, `half an hour, got ${length} s`);
  assert.equal((await settled(page))['Latency'], 'data');
  await page.goBack();
  await page.waitForURL((url) => !url.search.includes('from='));
});

test('is worked by keys', async () => {
  await using opened = await open('/?refresh=0');
  const { page } = opened;
  await page.getByRole('link', { name: 'Web shop' }).waitFor();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.keyboard.press('/');
  await page.getByRole('combobox', { name: 'Search dashboards' }).fill('bask');
  await page.keyboard.press('Enter');
  await page.waitForURL(/d=shop\/basket/);
  await page.keyboard.press('/');
  await page.getByRole('combobox', { name: 'Search dashboards' }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.waitForURL(/d=shop\/web/);
  await settled(page);
  const [request] = await Promise.all([
    page.waitForRequest((one) => one.url().includes('/panel?title=Latency')),
    page.keyboard.press('r'),
  ]);
  assert.ok(request.url().includes('title=Latency'));
  await page.keyboard.press('t');
  await page.getByRole('dialog', { name: 'Time' }).waitFor();
  await page.getByRole('button', { name: 'Last 15 minutes' }).click();
  await page.waitForURL(/from=now-15m/);
  await page.keyboard.press('ArrowLeft');
  await page.waitForURL(/from=\d+/);
  await page.keyboard.press('n');
  await page.waitForURL((url) => !url.search.includes('from='));
  await page.keyboard.press('a');
  await page.getByRole('dialog', { name: 'Alerts' }).getByText('ShopSlow').waitFor();
});

test('leads from an alert to its panel and its runbook', async () => {
  await using opened = await open('/?refresh=0');
  const { page } = opened;
  await page.getByText('The shop answers slowly').waitFor();
  const runbook = page.getByRole('link', { name: 'Runbook' });
  assert.equal(await runbook.getAttribute('href'), 'https://example.com/runbooks/web#slow');
  await page.getByText('60% left').waitFor();
  await shoot(page, 'list.png');
  await page.getByRole('button', { name: 'Panel “Latency”' }).click();
  await page.waitForURL(/panel=Latency/);
  await page.locator('section.panel.pointed[aria-label="Latency"]').waitFor();
});

test('says where there are more error budgets than it shows', async () => {
  const assets = runfile('fathom/services/dashboards/client');
  const limited = await startServer(cluster.client, prometheus.url, { assets, maxBudgets: 1 });
  await using opened = await browser.openPage({ timeoutMs: 20_000 });
  const { page } = opened;
  try {
    await page.goto(`${limited.url}/?refresh=0`);
    await page.getByText('There are 2 error budgets, of which the 1 with the least left are shown').waitFor();
    await page.getByText('60% left').waitFor();
    assert.equal(await page.getByText('80% left').count(), 0);
  } finally {
    await limited.stop();
  }
});

test('narrows down by variables, and shows one series alone', async () => {
  await using opened = await open(WEB);
  const { page } = opened;
  await settled(page);
  await page.getByRole('button', { name: /^Pod all/ }).click();
  await page.getByLabel('web-1').check();
  await page.waitForURL(/var-pod=web-1/);
  await page.getByLabel('web-2').check();
  await page.waitForURL(/var-pod=web-1&var-pod=web-2/);
  await page.keyboard.press('Escape');
  const legend = panel(page, 'Latency').locator('.legend tbody tr');
  await eventually(
    () => legend.count(),
    (count) => count === 2,
  );
  await legend.first().getByRole('button').click();
  assert.equal(await panel(page, 'Latency').locator('.legend tr.off').count(), 1);
  await legend.first().getByRole('button').click();
  assert.equal(await panel(page, 'Latency').locator('.legend tr.off').count(), 0);
});

test('chooses the first value of a variable that is always one, and asks for no panel before', async () => {
  const variables = [
    // It is about the next one.
    { name: 'code', label: 'Code', query: 'label_values(shop_requests_total{pod="$pod"}, code)' },
    { name: 'pod', label: 'Pod', query: 'label_values(shop_latency_seconds{namespace="$namespace"}, pod)' },
    { name: 'refund', label: 'Refund', query: 'label_values(shop_no_such_metric, refund)' },
  ];
  const chart = (title: string, expr: string) => ({ title, kind: 'timeseries', unit: 'count', queries: [{ expr }] });
  const panels = [
    chart('Chosen', 'shop_requests_total{pod="$pod",code=~"$code"}'),
    chart('Nothing to choose', 'shop_latency_seconds{refund="$refund"}'),
  ];
  const dashboard = {
    name: 'single',
    title: 'One by one',
    service: 'web',
    variables,
    rows: [{ title: 'Calls', panels }],
  };
  await post('/api/v1/namespaces/shop/configmaps', configMap('shop', dashboard));
  await using opened = await open('/?refresh=0');
  const { page, errors } = opened;
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  try {
    await page.getByRole('link', { name: 'One by one' }).click();
    await page.waitForURL(/var-pod=web-0&var-code=200/);
    assert.deepEqual(await settled(page), { Chosen: 'data', 'Nothing to choose': 'failed' });
    const nothing = await panel(page, 'Nothing to choose').innerText();
    assert.match(nothing, /There is no value of \$refund to ask for/);
    const ofPanels = asked.filter((url) => url.includes('/panel?'));
    assert.ok(ofPanels.length > 0);
    for (const url of ofPanels) assert.match(url, /var-pod=web-0&var-code=200/);
    assert.equal(await page.getByRole('button', { name: /^Refund none/ }).count(), 1);
    await page.getByRole('button', { name: /^Pod web-0/ }).click();
    const offered = await page.locator('.popover label').allInnerTexts();
    assert.deepEqual(
      offered.map((text) => text.trim()),
      ['web-0', 'web-1', 'web-2'],
    );
    await page.getByLabel('web-1').click();
    await page.waitForURL(/var-pod=web-1/);
    await page.goBack();
    await page.waitForURL(/var-pod=web-0/);
    await page.goBack();
    await page.waitForURL((url) => !url.search.includes('d='));
    assert.deepEqual(errors, []);
  } finally {
    await remove('/api/v1/namespaces/shop/configmaps/single-dashboard');
  }
});

test('shows a dashboard that is deployed while the page is open', async () => {
  await using opened = await open('/?refresh=0');
  const { page } = opened;
  await page.getByRole('link', { name: 'Web shop' }).waitFor();
  await post('/api/v1/namespaces/shop/configmaps', configMap('shop', { ...SAMPLE, name: 'pay', title: 'Payments' }));
  await page.getByRole('link', { name: 'Payments' }).waitFor({ timeout: 5000 });
  await remove('/api/v1/namespaces/shop/configmaps/pay-dashboard');
  await page.getByRole('link', { name: 'Payments' }).waitFor({ state: 'detached', timeout: 5000 });
});

/** What a page sees where another tab is in front of it, or no more: headless ones are seen all the time. */
const setVisible = (page: Page, isVisible: boolean) =>
  page.evaluate(`(() => {
    const value = ${isVisible ? "'visible'" : "'hidden'"};
    Object.defineProperty(document, 'visibilityState', { value, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  })()`);

test('is there in more tabs than a browser has connections, and one that is seen again has what is new', async () => {
  await using opened = await open('/?refresh=0');
  const { page } = opened;
  const isShown = (tab: Page) => tab.getByRole('link', { name: 'Web shop' }).waitFor();
  await isShown(page);
  await setVisible(page, false);
  for (let count = 1; count < 8; count++) {
    const tab = await page.context().newPage();
    await tab.goto(`${running.url}/?refresh=0`);
    await isShown(tab);
    await setVisible(tab, false);
  }
  await post('/api/v1/namespaces/shop/configmaps', configMap('shop', { ...SAMPLE, name: 'tabs', title: 'Tabs' }));
  try {
    await setVisible(page, true);
    await page.getByRole('link', { name: 'Tabs' }).waitFor({ timeout: 5000 });
  } finally {
    await remove('/api/v1/namespaces/shop/configmaps/tabs-dashboard');
  }
});

for (const [name, path, options] of [
  ['dark', WEB, { colorScheme: 'dark' }],
  ['phone', WEB, { width: 360, height: 780 }],
  ['phone_list', '/?refresh=0', { width: 360, height: 780 }],
] as const) {
  test(`is readable: ${name}`, async () => {
    await using opened = await open(path, options);
    const { page } = opened;
    if (path === WEB) await scrolled(page);
    else await page.getByRole('link', { name: 'Web shop' }).waitFor();
    const isDark = await page.evaluate(`document.documentElement.dataset.theme === 'dark'`);
    assert.equal(isDark, name === 'dark');
    const tooWide = await page.evaluate(`[...document.querySelectorAll('body *')]
      .filter((one) => one.getBoundingClientRect().right > innerWidth + 1 && one.closest('.table, .legend, .crumb, .u-wrap') === null)
      .map((one) => one.tagName + '.' + one.className)`);
    assert.deepEqual(tooWide, []);
    await shoot(page, `${name}.png`);
  });
}

for (const [name, path, options] of [
  ['the list', '/?refresh=0', {}],
  ['a dashboard', WEB, {}],
  ['a dark dashboard', WEB, { colorScheme: 'dark' }],
] as const) {
  test(`axe finds nothing wrong with ${name}`, async () => {
    await using opened = await open(path, options);
    const { page } = opened;
    if (path === WEB) await settled(page);
    else await page.getByText('The shop answers slowly').waitFor();
    assert.deepEqual(await accessibilityProblems(page), []);
  });
}

test('says so where the server is away, and goes on where it is back', async () => {
  const other = await startServer(cluster.client, prometheus.url, {
    assets: runfile('fathom/services/dashboards/client'),
  });
  await using opened = await browser.openPage({ timeoutMs: 20_000 });
  const { page } = opened;
  try {
    await page.goto(`${other.url}/?d=shop/web&refresh=0`);
    await settled(page);
  } finally {
    await other.stop();
  }
  await page.keyboard.press('r');
  await page.getByText('The server of this page can not be reached').first().waitFor();
  assert.ok((await drawnShare(page, 'Latency')) > 0.03, 'what was drawn stays');
  const back = await startServer(cluster.client, prometheus.url, {
    assets: runfile('fathom/services/dashboards/client'),
    port: Number(new URL(other.url).port),
  });
  try {
    await page.keyboard.press('r');
    await eventually(
      () => page.getByText('can not be reached').count(),
      (count) => count === 0,
    );
    assert.equal((await settled(page))['Latency'], 'data');
  } finally {
    await back.stop();
  }
});
