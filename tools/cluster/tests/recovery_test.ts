// kill -9 of each part of a cluster in turn, while it is written to: everything comes back, and nothing is lost.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { eventually } from '../../lib/testing/eventually.ts';
import { OwnCluster } from '../testing/own_cluster.ts';
import { PARTS, deployCallers, killPart, untilWell } from '../testing/parts.ts';
import { clusterProcesses } from '../testing/processes.ts';
import { writeUntil } from '../testing/writer.ts';

const cluster = new OwnCluster('recovery');

before(() => {
  cluster.tool('up', '--nodes', '2');
  deployCallers(cluster);
});
after(() => cluster.remove());

for (const part of PARTS) {
  test(`${part.part} comes back after a kill, and nothing that was acknowledged is lost`, async () => {
    const stop = new AbortController();
    const writing = writeUntil(join(cluster.folder, 'kubeconfig'), stop.signal);
    await killPart(cluster, part).finally(() => stop.abort());
    const { acknowledged } = await writing;
    assert.ok(acknowledged.length > 0, 'something was written');
    assert.deepEqual(missing(acknowledged), []);
    cluster.kubectl(['delete', 'configmap', '--selector=written=yes']);
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
