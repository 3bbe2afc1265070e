// What k3d can't be tried with here: a cluster whose nodes are in k3d's network, and find the registry by its name there.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runfile } from '../../lib/runfiles.ts';
import { registriesYaml } from '../k3d/config.ts';
import { k3dSettings } from '../k3d/settings.ts';
import { OwnCluster } from '../testing/own_cluster.ts';

const REGISTRY = 'registry.fathom.internal';
const settings = k3dSettings({ name: 'fathom', registry: REGISTRY });
const cluster = new OwnCluster('fathom');

const run = (program: string) => cluster.command(runfile(program));
const kubectl = (...args: readonly string[]) => cluster.kubectl(args);

after(() => cluster.remove());

test('what is pushed to the endpoint of this machine is pulled by its name in the network of k3d', () => {
  cluster.tool('up', '--links', settings.subnet);
  const address = kubectl(
    'get',
    'nodes',
    '--output=jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}',
  );
  assert.equal(address, '172.19.0.11');
  // The same mapping in the words of containerd and of k3s: one name, plain http, one port, an address in the subnet.
  const hosts = readFileSync(join(cluster.folder, 'nodes/node-1/config/registries', REGISTRY, 'hosts.toml'), 'utf8');
  const ours = `http://${address}:${settings.registryNodePort}`;
  assert.match(hosts, new RegExp(`^server = '${ours}'$`, 'm'));
  assert.match(
    registriesYaml(settings).replace(/172\.19\.0\.3\b/, address),
    new RegExp(`"${REGISTRY}":\n.*\n.*"${ours}"`),
  );

  run('fathom/prod/base.apply');
  const image = run('fathom/tools/cluster/tests/push').trim();
  assert.match(image, new RegExp(`^${REGISTRY}/tools/cluster/mapping@sha256:[0-9a-f]{64}$`));
  kubectl('run', 'pulled', `--image=${image}`, '--image-pull-policy=Always');
  kubectl('wait', '--for=condition=Ready', 'pod/pulled', '--timeout=100s');
  assert.equal(kubectl('get', 'pod/pulled', '--output=jsonpath={.status.containerStatuses[0].imageID}'), image);
});
