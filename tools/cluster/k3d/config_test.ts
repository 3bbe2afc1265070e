// The files of a k3d cluster against what k3d and k3s accept, as far as that is published: neither runs here.
import { Ajv } from 'ajv';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { runfile } from '../../lib/runfiles.ts';
import { k3dConfig, registriesYaml } from './config.ts';
import { REGISTRY_TARBALL } from './files.ts';
import { containers, K3S_IMAGE, k3dSettings, server } from './settings.ts';
import { shown } from './step.ts';
import { upSteps } from './steps.ts';
import { SIMPLE_SCHEMA } from './testing/simple_schema.ts';

const settings = k3dSettings({ name: 'fathom', registry: 'registry.fathom.internal', nodes: 3 });
const validate = new Ajv({ allErrors: true }).compile(SIMPLE_SCHEMA);

interface Config {
  readonly [field: string]: unknown;
  readonly kubeAPI: { readonly hostIP: string; readonly hostPort: string };
  readonly ports: readonly { readonly port: string }[];
  readonly registries: { readonly config: string };
}

const config = (): Config => parse(k3dConfig(settings)) as Config;

function problems(value: unknown): readonly string[] {
  return validate(value)
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

test('the config file is one that k3d accepts', () => {
  assert.deepEqual(problems(config()), []);
  assert.equal(config()['network'], 'k3d-network');
  assert.deepEqual([config()['servers'], config()['agents']], [1, 2]);
});

for (const [what, wrong] of Object.entries<(good: Config) => unknown>({
  'an unknown field': (good) => ({ ...good, name: 'fathom' }),
  'an unknown field deep inside': (good) => ({ ...good, kubeAPI: { ...good.kubeAPI, port: '6550' } }),
  'an older version': (good) => ({ ...good, apiVersion: 'k3d.io/v1alpha4' }),
  'another kind': (good) => ({ ...good, kind: 'Cluster' }),
  'no kind': ({ kind: _kind, ...rest }) => rest,
  'a port that is a number': (good) => ({ ...good, kubeAPI: { ...good.kubeAPI, hostPort: 6550 } }),
  'an address that is a name': (good) => ({ ...good, kubeAPI: { ...good.kubeAPI, hostIP: 'localhost' } }),
  'no server': (good) => ({ ...good, servers: 0 }),
  'a name that no host can have': (good) => ({ ...good, metadata: { name: 'a_b' } }),
  'a timeout without unit': (good) => ({ ...good, options: { k3d: { timeout: '300' } } }),
  'a filter for nodes that there are not': (good) => ({ ...good, ports: [{ port: '1:2', nodeFilters: ['worker:0'] }] }),
  'registries as an object': (good) => ({ ...good, registries: { config: { mirrors: {} } } }),
  'a subnet for a network that is there': (good) => ({ ...good, subnet: '172.19.0.0/26' }),
})) {
  test(`the schema refuses ${what}`, () => {
    assert.notDeepEqual(problems(wrong(config())), []);
  });
}

test('the schema lets a subnet stand alone, and k3d choose one', () => {
  const { network: _network, ...alone } = config();
  assert.deepEqual(problems({ ...alone, subnet: '172.19.0.0/26' }), []);
  assert.deepEqual(problems({ ...config(), subnet: 'auto' }), []);
});

test('nothing listens beyond the loopback', () => {
  const { kubeAPI, ports, registries } = config();
  assert.equal(kubeAPI.hostIP, '127.0.0.1');
  assert.deepEqual(
    ports.map(({ port }) => port.split(':')[0]),
    ['127.0.0.1'],
  );
  // k3d's own registry would be one more port.
  assert.deepEqual(Object.keys(registries), ['config']);
});

test('nobody else’s kubeconfig is touched', () => {
  assert.deepEqual((config()['options'] as { kubeconfig: unknown }).kubeconfig, {
    updateDefaultKubeconfig: false,
    switchCurrentContext: false,
  });
});

test('nodes reach the registry by its name, over plain http, at the fixed address of the server', () => {
  const expected = { mirrors: { 'registry.fathom.internal': { endpoint: ['http://172.19.0.3:30500'] } } };
  assert.deepEqual(parse(registriesYaml(settings)), expected);
  assert.deepEqual(parse(config().registries.config), expected);
});

test('the files of //tools/cluster:k3d_yaml and :registries_yaml are those that k3d gets', () => {
  const plain = k3dSettings({ name: 'fathom', registry: 'registry.fathom.internal' });
  const file = (name: string) => readFileSync(runfile(`fathom/tools/cluster/${name}`), 'utf8');
  assert.equal(file('k3d.yaml'), k3dConfig(plain));
  assert.equal(file('registries.yaml'), registriesYaml(plain));
});

test('docs/clusters.md has our values, and the very commands', () => {
  const docs = readFileSync(runfile('fathom/docs/clusters.md'), 'utf8');
  const plain = k3dSettings({ name: 'fathom', registry: 'registry.fathom.internal' });
  const files = {
    config: 'bazel-bin/tools/cluster/k3d.yaml',
    kubeconfig: '',
    image: { tar: `bazel-bin/${REGISTRY_TARBALL}`, digest: '', reference: '' },
  };
  const commands = upSteps(plain, files).flatMap(({ act }) => act.map(shown));
  for (const start of ['docker network create ', 'k3d cluster create ', 'k3d image import ']) {
    const command = commands.find((one) => one.startsWith(start));
    assert.ok(command !== undefined && docs.includes(`\n    ${command}\n`), `missing: ${command}`);
  }
  const { network, subnet, image, apiPort, registryPort, registryNodePort, registry } = plain;
  const { name, address } = server(plain);
  for (const value of [
    ...[
      `\`${network}\`, ${subnet}`,
      `\`${name}\`, always ${address}`,
      `127.0.0.1:${apiPort}`,
      `127.0.0.1:${registryPort}`,
    ],
    ...[
      `http://${address}:${registryNodePort}, called \`${registry}\``,
      `\`${image}\``,
      '    bazel run //prod:base.apply\n',
    ],
  ]) {
    assert.ok(docs.includes(value), `missing: ${value}`);
  }
});

test('containers have the addresses that an empty network gives them, none twice', () => {
  assert.deepEqual(
    containers(settings).map(({ name, address }) => `${name} ${address}`),
    [
      'k3d-fathom-server-0 172.19.0.3',
      'k3d-fathom-agent-0 172.19.0.4',
      'k3d-fathom-agent-1 172.19.0.5',
      'k3d-fathom-serverlb 172.19.0.6',
    ],
  );
});

test('as many nodes as the network has room for, and no more', () => {
  const last = containers(k3dSettings({ name: 'x', registry: 'r', nodes: 59 })).at(-1);
  assert.equal(last?.address, '172.19.0.62');
  assert.throws(() => k3dSettings({ name: 'x', registry: 'r', nodes: 60 }), {
    code: 'K3D_SETTINGS',
    message: 'Planning 60 nodes: 172.19.0.0/26 has room for 59',
  });
});

test('k3s has the minor version of the Kubernetes that the repo builds', () => {
  const modules = readFileSync(runfile('fathom/third_party/go/kubernetes/go.mod'), 'utf8');
  const ours = /^\tk8s\.io\/kubernetes v(\d+\.\d+)\.\d+$/m.exec(modules)?.[1];
  assert.equal(/:v(\d+\.\d+)\.\d+-k3s\d+$/.exec(K3S_IMAGE)?.[1], ours);
});
