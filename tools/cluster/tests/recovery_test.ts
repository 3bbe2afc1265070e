// kill -9 of each part of a cluster in turn, while it is written to: everything comes back, and nothing is lost.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { eventually } from '../../lib/testing/eventually.ts';
import { OwnCluster } from '../testing/own_cluster.ts';
import { PARTS, deployCallers, killPart, untilWell } from '../testing/parts.ts';
import { clusterProcesses } from '../testing/processes.ts';
import { startWriter } from '../testing/writer.ts';

const cluster = new OwnCluster('recovery');

before(() => {
  cluster.tool('up', '--nodes', '2');
  deployCallers(cluster);
});
after(() => cluster.remove());

for (const part of PARTS) {
  test(`${part.part} comes back after a kill, and nothing that was acknowledged is lost`, async () => {
    const writer = startWriter(join(cluster.folder, 'kubeconfig'));
    const { acknowledged } = writer;
    const writes = (least: number) =>
      eventually(`${least} writes`, () => (acknowledged.length >= least ? true : undefined));
    try {
      await writes(10);
      await killPart(cluster, part);
      await writes(acknowledged.length + 10);
    } finally {
      await writer.stop();
    }
    assert.deepEqual(missing(acknowledged), []);
    // All at once: one after the other takes longer than everything else.
    cluster.kubectl(['delete', '--raw', '/api/v1/namespaces/default/configmaps?labelSelector=written%3Dyes']);
  });
}

test('the switch cannot come back alone: the cluster ends as a whole, and up brings it back with all that it had', async () => {
  cluster.kubectl(['create', 'configmap', 'kept']);
  const root = cluster.initPid;
  const victim = clusterProcesses(root).find((one) => one.machine === 'cluster' && one.words[0] === 'sleep');
  assert.ok(victim !== undefined, 'the switch runs');
  process.kill(victim.pid, 'SIGKILL');
  await eventually('all has ended', () => (clusterProcesses(root).length === 0 ? true : undefined), 30_000);
  cluster.tool('up');
  await untilWell(cluster);
  cluster.kubectl(['get', 'configmap', 'kept']);
});

/** Which of the acknowledged objects are not there. */
function missing(names: readonly string[]): readonly string[] {
  const listed = cluster.kubectl(['get', 'configmaps', '--selector=written=yes', '--output=name']);
  const there = new Set(listed.split('\n'));
  return names.filter((name) => !there.has(`configmap/${name}`));
}
