// What keepers tell Prometheus of real servers, a master and its replica: what rules and dashboard may ask for.
import { afterEach, test } from 'node:test';
import { checkMetricsFile } from '../../../tools/monitoring/metrics_file.ts';
import { expositionText, figuresOf } from './figures.ts';
import type { Link } from './link.ts';
import { parseInfo } from './nodes.ts';
import { createTestCluster, eventually, type TestCluster } from './testing/cluster.ts';

let cluster: TestCluster;
afterEach(() => cluster.remove());

async function reportsOf(link: Link) {
  const [info, state] = await Promise.all([link.text('INFO', 'everything'), link.text('CLUSTER', 'INFO')]);
  return { info: parseInfo(info), cluster: parseInfo(state) };
}

test('metrics.txt has what they tell', async () => {
  cluster = await createTestCluster({ nodes: 2, settings: { appendonly: 'yes' } });
  await cluster.startAll();
  cluster.keepAll(1);
  const reports = await eventually('a replica follows its master', async () => {
    const all = await Promise.all(cluster.links.map(reportsOf));
    return all.some(({ info }) => info.get('master_link_status') === 'up') ? all : undefined;
  });
  const texts = reports.map((one) => expositionText(figuresOf(one)));
  checkMetricsFile(new URL('../metrics.txt', import.meta.url), texts.join('\n'));
});
