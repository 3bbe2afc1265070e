// A service is watched from its first deploy: its dashboard, its data, an alert that comes with a fault and goes with it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Alert, DashboardAnswer } from '../../../services/dashboards/shared/api.ts';
import { panelsOf } from '../../../tools/dashboards/model.ts';
import { panel, scrolled, type States, shoot } from '../../../services/dashboards/browser/panels.ts';
import { eventually, kubectl, type Outcome, person } from '../../../services/routeguide/e2e/cluster.ts';
import { startBrowser, type TestBrowser, type TestPage } from '../../../tools/browser/index.ts';
import { type Load, startLoad } from './load.ts';
import { openPorts, type PageApi, pageApi, type Ports } from './page.ts';
import { type Receiver, startReceiver } from './receiver.ts';

const STACK = 'prod/monitoring/e2e/server/myns-deep';
const SERVICE = 'routeguide-server';
/** `alertWindow` of server/server.jsonnet. */
const WINDOW = '5m';
const WINDOW_MS = 300_000;
const ada = person('watching');
/** What there is by now, so that a failure on the way leaves nothing open. */
const closing = new AsyncDisposableStack();

let ports: Ports;
let url: string;
let api: PageApi;
let browser: TestBrowser;
let load: Load | undefined;
let receiver: Receiver | undefined;

const succeeded = (outcome: Outcome) => assert.equal(outcome.status, 0, outcome.stdout + outcome.stderr);
const seconds = (fromMs: number) => Number(((performance.now() - fromMs) / 1000).toFixed(1));

before(async () => {
  succeeded(await ada.verb('prod/prod.apply', '--yes'));
  ports = closing.adopt(await openPorts(), (opened) => opened.close());
  url = `http://${await ports.to('monitoring', 'dashboards', 'http')}`;
  api = pageApi(url);
  browser = closing.use(await startBrowser());
});
after(async () => {
  await closing.disposeAsync();
  await kubectl('delete', 'namespace', ada.namespace, '--ignore-not-found', '--wait=false');
});

async function open(height: number, colorScheme: 'light' | 'dark' = 'light'): Promise<TestPage> {
  const opened = await browser.openPage({ width: 1280, height, colorScheme, timeoutMs: 30_000 });
  await opened.page.goto(`${url}/?d=${ada.namespace}/${SERVICE}&from=now-5m&to=now&refresh=0`);
  return opened;
}

/** Whether the panel of errors has some. */
async function isDrawn(): Promise<true | undefined> {
  const to = Math.floor(Date.now() / 1000);
  const query = new URLSearchParams({ title: 'Error ratio', from: String(to - 300), to: String(to), points: '300' });
  const { queries } = await api.panel(ada.namespace, SERVICE, query);
  return queries.some(({ series }) => series.some(({ values }) => (values.at(-1) ?? 0) > 0)) ? true : undefined;
}

/** Waits until the receiver was told of the fast alert, and returns what it is labelled with. */
async function told(status: 'firing' | 'resolved'): Promise<Readonly<Record<string, string>>> {
  const startMs = performance.now();
  const { labels } = await eventually(
    `the receiver is told: ${status}`,
    async () => {
      const notifications = (await receiver?.told()) ?? [];
      const alerts = notifications.flatMap((one) => one.alerts);
      return alerts.find(
        (one) =>
          one.status === status && one.labels['alertname'] === 'ErrorBudgetBurn' && one.labels['window'] === WINDOW,
      );
    },
    120_000,
  );
  console.log(`the receiver was told of it ${seconds(startMs)} s later`);
  return labels;
}

const isFast = ({ name, service, namespace, labels, state }: Alert) =>
  name === 'ErrorBudgetBurn' &&
  service === SERVICE &&
  namespace === ada.namespace &&
  labels['slo'] === 'availability' &&
  labels['window'] === WINDOW &&
  state === 'firing';

test('the dashboard is there within a minute of the first deploy', { timeout: 600_000 }, async () => {
  const startMs = performance.now();
  const applied = ada.verb(`${STACK}.apply`);
  const find = async () => {
    const { dashboards } = await api.list();
    return dashboards.find(({ namespace, name }) => namespace === ada.namespace && name === SERVICE);
  };
  // Whatever becomes of the apply, its own words come first.
  const found = await eventually('the dashboard is listed', find, 120_000).catch(async (error: unknown) => {
    succeeded(await applied);
    throw error;
  });
  const after = seconds(startMs);
  console.log(`the dashboard was there ${after} s after the deploy began`);
  assert.deepEqual(found.problems, []);
  assert.ok(after < 60, `${after} s`);
  succeeded(await applied);
  console.log(`the deploy took ${seconds(startMs)} s`);
});

test('Alertmanager takes up a receiver', { timeout: 300_000 }, async () => {
  receiver = closing.adopt(await startReceiver(ada.namespace), (started) => started.close());
  const { name } = receiver;
  const address = await ports.to('monitoring', 'alertmanager', 'http');
  const isKnown = async () => {
    const init = { signal: AbortSignal.timeout(10_000), headers: { connection: 'close' } };
    const receivers: readonly { readonly name: string }[] = JSON.parse(
      await (await fetch(`http://${address}/api/v2/receivers`, init)).text(),
    );
    return receivers.some((one) => one.name === name) ? true : undefined;
  };
  const startMs = performance.now();
  await eventually(`${name} is known`, isKnown, 240_000);
  console.log(`the receiver was known ${seconds(startMs)} s after it was made`);
});

test('every panel has data while it is called', { timeout: 600_000 }, async () => {
  load = closing.adopt(await startLoad(await ports.to(ada.namespace, SERVICE, 'grpc')), (started) => started.stop());
  const { dashboard }: DashboardAnswer = await api.dashboard(ada.namespace, SERVICE);
  const expected: States = Object.fromEntries(panelsOf(dashboard).map(({ title }) => [title, 'data']));
  assert.ok(Object.keys(expected).length > 10);
  let last: States = {};
  const startMs = performance.now();
  await eventually(
    'every panel has data',
    async () => {
      await using opened = await open(1300);
      last = await scrolled(opened.page);
      if (Object.values(last).some((state) => state !== 'data')) return undefined;
      assert.deepEqual([opened.errors, opened.outside], [[], []]);
      return true;
    },
    240_000,
  ).catch(() => assert.deepEqual(last, expected));
  assert.deepEqual(last, expected);
  console.log(`every panel had data ${seconds(startMs)} s after the first call`);
});

test('a fault fires the fast alert within its window, and it is over soon after', { timeout: 900_000 }, async () => {
  assert.ok(load !== undefined);
  assert.equal((await api.alerts()).some(isFast), false, 'it fires before there is a fault');
  const replicas = await kubectl('get', 'statefulset/redis', '-n', ada.namespace, '-o', 'jsonpath={.spec.replicas}');
  const faultMs = performance.now();
  // All that the server answers from is away.
  await kubectl('scale', 'statefulset/redis', '-n', ada.namespace, '--replicas=0');
  try {
    const alert = await eventually('the alert fires', async () => (await api.alerts()).find(isFast), WINDOW_MS);
    console.log(`the alert fired ${seconds(faultMs)} s after the fault began`);
    assert.equal(alert.severity, 'critical');
    assert.match(alert.runbook ?? '', /^docs\/runbooks\/routeguide-server\.md#errorbudgetburn$/);
    const place = { namespace: ada.namespace, name: SERVICE };
    assert.deepEqual(alert.dashboard, { ...place, panel: 'Speed of spending' });
    const { namespace, service, severity } = await told('firing');
    assert.deepEqual([namespace, service, severity], [ada.namespace, SERVICE, 'critical']);
    await eventually('the failed calls are in the dashboard', isDrawn, 60_000);
    for (const scheme of ['light', 'dark'] as const) {
      await using opened = await open(2700, scheme);
      const { page } = opened;
      await scrolled(page);
      await panel(page, 'Error ratio').scrollIntoViewIfNeeded();
      await shoot(page, `routeguide_${scheme}.png`);
    }
  } finally {
    await kubectl('scale', 'statefulset/redis', '-n', ada.namespace, `--replicas=${replicas}`);
  }
  const { ok } = load;
  const answered = async () => ((load?.ok ?? 0) > ok + 100 ? true : undefined);
  await eventually('calls are answered again', answered, 240_000);
  const mendedMs = performance.now();
  console.log(`calls were answered again ${seconds(faultMs)} s after the fault began`);
  const isOver = async () => ((await api.alerts()).some(isFast) ? undefined : true);
  await eventually('the alert is over', isOver, WINDOW_MS);
  console.log(`the alert was over ${seconds(mendedMs)} s after the fault was`);
  const { namespace, service } = await told('resolved');
  assert.deepEqual([namespace, service], [ada.namespace, SERVICE]);
});
