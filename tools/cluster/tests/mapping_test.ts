// What k3d can't be tried with here: a cluster whose nodes are in k3d's network, and find the registry by its name there.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runfile } from '../../lib/runfiles.ts';
import { registriesYaml } from '../k3d/config.ts';
import { k3dSettings } from '../k3d/settings.ts';

const REGISTRY = 'registry.fathom.internal';
const settings = k3dSettings({ name: 'fathom', registry: REGISTRY });
const state = mkdtempSync(join(tmpdir(), 'fathom-mapping-'));
const folder = join(state, 'fathom');

function run(program: string, ...args: readonly string[]): string {
  const env = { ...process.env, FATHOM_STATE: state, KUBECONFIG: '' };
  const { status, stdout, stderr } = spawnSync(program, [...args], { env, encoding: 'utf8', timeout: 240_000 });
  assert.equal(status, 0, stderr);
  return stdout;
}

const cluster = (...args: readonly string[]) => run(runfile('fathom/tools/cluster/cluster'), ...args);
const kubectl = (...args: readonly string[]) =>
  run(join(folder, 'kit/bin/kubernetes'), 'kubectl', '--kubeconfig', join(folder, 'kubeconfig'), ...args);

after(() => {
  cluster('down');
  rmSync(state, { recursive: true, force: true });
});

test('what is pushed to the endpoint of this machine is pulled by its name in the network of k3d', () => {
  cluster('up', '--links', settings.subnet);
  const address = kubectl(
    'get',
    'nodes',
    '--output=jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}',
  );
  assert.equal(address, '172.19.0.11');
  // The same mapping in the words of containerd and of k3s: one name, plain http, one port, an address in the subnet.
  const hosts = readFileSync(join(folder, 'nodes/node-1/config/registries', REGISTRY, 'hosts.toml'), 'utf8');
  const ours = `http://${address}:${settings.registryNodePort}`;
  assert.match(hosts, new RegExp(`^server = '${ours}'$`, 'm'));
  assert.match(
    registriesYaml(settings).replace(/172\.19\.0\.3\b/, address),
    new RegExp(`"${REGISTRY}":\n.*\n.*"${ours}"`),
  );

  run(runfile('fathom/prod/prod.apply'));
  const image = run(runfile('fathom/tools/cluster/mapping_push')).trim();
  assert.match(image, new RegExp(`^${REGISTRY}/tools/cluster/mapping@sha256:[0-9a-f]{64}$`));
  kubectl('run', 'pulled', `--image=${image}`, '--image-pull-policy=Always');
  kubectl('wait', '--for=condition=Ready', 'pod/pulled', '--timeout=100s');
  assert.equal(kubectl('get', 'pod/pulled', '--output=jsonpath={.status.containerStatuses[0].imageID}'), image);
});
