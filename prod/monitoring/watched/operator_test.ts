// What the operator makes of rules and monitors, and what it refuses.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { parse } from 'yaml';
import { ruleFileOf } from '../../cluster_status/rules.ts';
import { eventually } from '../../../tools/lib/testing/eventually.ts';
import { checkListed } from './metrics_list.ts';
import { startOperator, type TestOperator } from './operator.ts';

/** What has to know who asks. */
const ASKED = [
  'monitoring/kube-apiserver/0',
  'monitoring/kubelet/0',
  'monitoring/kubelet/1',
  'monitoring/metrics-server/0',
];

let operator: TestOperator;
before(async () => {
  operator = await startOperator();
});
after(async () => operator[Symbol.asyncDispose]());

/** Makes objects of the operator's in the namespace shop. */
async function createInShop(kind: string, specs: Readonly<Record<string, object>>): Promise<void> {
  const items = Object.entries(specs).map(([name, spec]) => ({
    ...{ apiVersion: 'monitoring.coreos.com/v1', kind, metadata: { name, namespace: 'shop' }, spec },
  }));
  const file = join(operator.server.folder, `${kind}.json`);
  writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  await operator.kubectl('create', `--filename=${file}`);
}

const json = async (...args: readonly string[]) => JSON.parse(await operator.kubectl('get', ...args, '--output=json'));

async function tokenOfScraper(): Promise<string> {
  const { data } = await json('secret', 'prometheus-scraper', '--namespace=monitoring');
  return Buffer.from(data.token, 'base64').toString();
}

/** Waits until so many objects of a kind are refused. */
const refused = (kind: string, count: number) =>
  eventually(`${count} of the kind ${kind} are refused`, async () => {
    const line = `prometheus_operator_managed_resources{controller="prometheus",resource="${kind}",state="rejected"} ${count}`;
    const text = await operator.metrics();
    return text.split('\n').includes(line) ? text : undefined;
  });

interface ScrapeConfig {
  readonly job_name: string;
  readonly authorization?: { readonly type: string; readonly credentials?: string; readonly credentials_file?: string };
  readonly tls_config?: { readonly ca_file?: string; readonly server_name?: string };
}

/** What Prometheus is told to scrape, by the names of monitors, once it is so many. */
const scraped = (count: number) =>
  eventually(`Prometheus scrapes by ${count} monitors`, async () => {
    const { data } = await json('secret', 'prometheus-cluster', '--namespace=monitoring');
    const text = gunzipSync(Buffer.from(data['prometheus.yaml.gz'], 'base64')).toString();
    const { scrape_configs: all }: { readonly scrape_configs: readonly ScrapeConfig[] } = parse(text);
    return all.length === count
      ? new Map(all.map((one) => [one.job_name.replace(/^serviceMonitor\//, ''), one]))
      : undefined;
  });

test('rules that it refuses are counted, and those it takes are in files as //prod:status knows them', async () => {
  const groups = (expr: string) => ({ groups: [{ name: 'a', rules: [{ record: 'a:b', expr }] }] });
  await createInShop('PrometheusRule', { good: groups('up'), bad: groups('up up(') });
  checkListed('operator', await refused('PrometheusRule', 1));
  const files = async () => {
    const { data } = await json('configmap', 'prometheus-cluster-rulefiles-0', '--namespace=monitoring');
    return Object.keys(data ?? {}).length > 0 ? Object.keys(data) : undefined;
  };
  const good = await json('prometheusrule', 'good', '--namespace=shop');
  assert.deepEqual(await eventually('there are files of rules', files), [ruleFileOf(good)]);
});

test('monitors of the cluster have the token of their account, also where it comes after them', async () => {
  await operator.create('cluster/apiserver', 'cluster/kubelet', 'metrics_server/servicemonitor');
  await refused('ServiceMonitor', 3);
  await operator.create('scraper/serviceaccount', 'scraper/clusterrole', 'scraper/clusterrolebinding');
  await operator.create('scraper/secret');
  await refused('ServiceMonitor', 0);
  const jobs = await scraped(ASKED.length);
  assert.deepEqual([...jobs.keys()].toSorted(), ASKED);
  const credentials = await tokenOfScraper();
  for (const [name, { authorization, tls_config: tls }] of jobs) {
    assert.deepEqual(authorization, { type: 'Bearer', credentials }, name);
    // The certificate of metrics-server is of its own making.
    if (name.includes('metrics-server')) assert.equal(tls?.ca_file, undefined);
    else assert.match(tls?.ca_file ?? '', /kube-root-ca\.crt_ca\.crt$/, name);
  }
});

test('that account may read metrics, and nothing else', async () => {
  const account = '--as=system:serviceaccount:monitoring:prometheus-scraper';
  const mayHow = (...what: readonly string[]) =>
    operator.kubectl('auth', 'can-i', ...what, account).then(
      (answer) => answer.trim(),
      () => 'no',
    );
  const token = await tokenOfScraper();
  const user = JSON.parse(await operator.kubectl('auth', 'whoami', `--token=${token}`, '--output=json'));
  assert.equal(user.status.userInfo.username, 'system:serviceaccount:monitoring:prometheus-scraper');
  assert.match(await operator.kubectl('get', '--raw=/metrics', `--token=${token}`), /^apiserver_request_total/m);
  assert.equal(await mayHow('get', 'nodes', '--subresource=metrics'), 'yes');
  for (const what of ['secrets', 'pods', 'nodes'])
    assert.equal(await mayHow('list', what, '--all-namespaces'), 'no', what);
});

test('monitors of other namespaces get no token', async () => {
  const endpoint = { port: 'metrics' };
  const selector = { matchLabels: { app: 'web' } };
  const credentials = { name: 'prometheus-scraper', key: 'token' };
  const file = '/var/run/secrets/kubernetes.io/serviceaccount/token';
  await createInShop('ServiceMonitor', {
    plain: { selector, endpoints: [endpoint] },
    class: { selector, endpoints: [endpoint], scrapeClass: 'kubernetes' },
    secret: { selector, endpoints: [{ ...endpoint, authorization: { credentials } }] },
    file: { selector, endpoints: [{ ...endpoint, bearerTokenFile: file }] },
  });
  await refused('ServiceMonitor', 3);
  const jobs = await scraped(ASKED.length + 1);
  assert.deepEqual([...jobs.keys()].toSorted(), [...ASKED, 'shop/plain/0']);
  assert.equal(jobs.get('shop/plain/0')?.authorization, undefined);
});
