// A pull-through mirror: what one node pulled, another gets when the registry that it came from is gone.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runfile } from '../../lib/runfiles.ts';
import { peerPath } from '../../oci/testing/peers.ts';
import { startRealRegistry } from '../../oci/testing/real_registry.ts';
import { OwnCluster } from '../testing/own_cluster.ts';
import { pod } from '../testing/workloads.ts';

const REGISTRY = 'registry.fathom.internal';
const UPSTREAM = 'upstream.example';
const cluster = new OwnCluster('mirror');
after(() => cluster.remove());

test('nodes pull through a mirror, which keeps what it has seen', async () => {
  const registry = await startRealRegistry(peerPath('OCI_REGISTRY_3'), cluster.state);
  const image = push(registry.endpoint).replace(REGISTRY, UPSTREAM);
  cluster.tool('up', '--nodes', '2', '--mirror', `${UPSTREAM}=http://${registry.endpoint}`);
  const pull = (node: string) => {
    cluster.apply(pod(node, { nodeName: node, containers: [{ name: 'main', image, imagePullPolicy: 'Always' }] }));
    cluster.kubectl(['wait', '--for=condition=Ready', `pod/${node}`, '--timeout=100s']);
    assert.equal(
      cluster.kubectl(['get', `pod/${node}`, '--output=jsonpath={.status.containerStatuses[0].imageID}']),
      image,
    );
  };
  pull('node-1');
  await registry[Symbol.asyncDispose]();
  pull('node-2');
});

/** Pushes an image to a registry, as the pusher finds it in the state of some cluster; returns its name. */
function push(endpoint: string): string {
  const state = join(cluster.state, 'elsewhere');
  mkdirSync(join(state, 'fathom'), { recursive: true });
  const registry = { reference: REGISTRY, endpoint, plainHttp: true };
  const record = { version: 1, name: 'fathom', provider: 'existing', kubeconfig: join(state, 'none'), registry };
  writeFileSync(join(state, 'fathom', 'cluster.json'), JSON.stringify(record));
  return cluster.command('env', `FATHOM_STATE=${state}`, runfile('fathom/tools/cluster/tests/push')).trim();
}
