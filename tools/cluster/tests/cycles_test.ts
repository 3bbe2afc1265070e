// Cluster after cluster, each used and taken down: the machine is afterwards what it was before.
import assert from 'node:assert/strict';
import { readdirSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, test } from 'node:test';
import { runfile } from '../../lib/runfiles.ts';
import { eventually } from '../../lib/testing/eventually.ts';
import { roundsOf } from '../../lib/testing/random.ts';
import { differences, snapshotHost } from '../testing/host_snapshot.ts';
import { OwnCluster } from '../testing/own_cluster.ts';

const CYCLES = roundsOf('FATHOM_CYCLES', 2);

const cluster = new OwnCluster('fathom');
after(() => cluster.remove());

const freeBytes = () => {
  const { bavail, bsize } = statfsSync(tmpdir());
  return bavail * bsize;
};
const temporary = () => readdirSync(tmpdir()).filter((name) => name.includes('fathom'));

test(`${CYCLES} clusters leave the machine as it was`, async () => {
  const before = snapshotHost(cluster.folder);
  const beforeBytes = freeBytes();
  const beforeFiles = temporary();
  let usedBytes = 0;
  for (let cycle = 1; cycle <= CYCLES; cycle += 1) {
    cluster.tool('up');
    for (const program of ['prod/base.apply', 'tools/cluster/tests/push']) {
      cluster.command(runfile(`fathom/${program}`));
    }
    usedBytes = Math.max(usedBytes, beforeBytes - freeBytes());
    cluster.tool('down');
    let left: readonly string[] = [];
    const check = () => ((left = differences(before, snapshotHost(cluster.folder))).length === 0 ? true : undefined);
    await eventually(`cycle ${cycle}`, check, 20_000, 200).catch(() =>
      assert.fail(`cycle ${cycle}: ${left.join('\n')}`),
    );
  }
  assert.deepEqual(
    temporary().filter((name) => !beforeFiles.includes(name)),
    [],
  );
  // What others write meanwhile is not ours; if something stayed of each cluster it would be more than one of them had.
  const lostBytes = beforeBytes - freeBytes();
  assert.ok(lostBytes < usedBytes, `${lostBytes} bytes of the disk are gone; in use were ${usedBytes}`);
});
