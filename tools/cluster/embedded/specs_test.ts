import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addonObjects } from '../addons/objects.ts';
import type { InitSpec } from '../init/spec.ts';
import type { InstalledKit } from '../kit.ts';
import { clusterSpec } from './cluster_spec.ts';
import { controlPlaneSpec } from './control_plane.ts';
import { layoutOf } from './layout.ts';
import { mirrorFiles, parseMirror, withMirrors } from './mirrors.ts';
import { nodeSpec } from './node.ts';
import { nodeFiles } from './node_config.ts';
import { makePlan, withNodeStopped, withNodesJoined, withOneNodeMore } from './plan.ts';

const plan = makePlan({
  name: 'x',
  folder: '/s/x',
  range: { base: 0x0ac90000, prefix: 16 },
  registryPort: 4000,
  nodes: 2,
});
const layout = layoutOf('/s/x');
const kit: InstalledKit = {
  kit: { version: 1, files: [], images: { pause: { file: 'images/pause.tar', reference: 'r/pause:built' } } },
  folder: '/s/x/kits/1',
  path: (name) => `/s/x/kits/1/${name}`,
};
const context = { plan, layout, kit };
const [first] = plan.nodes;
assert.ok(first !== undefined);

const nodeOptions = {
  plan,
  node: first,
  kit: kit.kit,
  registry: 'reg.example',
  kitFolder: '/kit',
  configFolder: '/c',
};
const files = nodeFiles(nodeOptions);

test('listens beyond its loopback with the API alone, and lets nobody in without a certificate', () => {
  const flags = controlPlaneSpec(context).services.flatMap(({ command }) => command);
  const listening = flags.filter((flag) => /^--(listen-.*-urls|bind-address)=/.test(flag));
  assert.deepEqual(
    listening.filter((flag) => !flag.includes('127.0.0.1')),
    ['--bind-address=0.0.0.0'],
  );
  assert.ok(flags.includes('--anonymous-auth=false') && flags.includes('--client-cert-auth=true'));
});

test('keeps each node out of the folders of the host and of the other node', () => {
  const hidden = ['/run', '/var/lib', '/var/log', '/tmp', '/opt'];
  for (const node of plan.nodes) {
    const { mounts } = nodeSpec(context, node);
    for (const folder of hidden)
      assert.ok(
        mounts.some(({ target }) => target === folder),
        folder,
      );
    const sources = mounts.map(({ source = '' }) => source).filter((source) => source.includes('/nodes/'));
    assert.ok(sources.every((source) => source.startsWith(`/s/x/nodes/${node.name}/`)));
  }
});

test('gives each kubelet a cgroup of its own, and no anonymous client', () => {
  const kubelet = JSON.parse(files['kubelet.json'] ?? '') as Record<string, unknown>;
  assert.equal(kubelet['cgroupRoot'], `/fathom-${plan.id}/node-1`);
  assert.deepEqual((kubelet['authentication'] as Record<string, unknown>)['anonymous'], { enabled: false });
});

test('sends pulls from the registry to the port that every node has for it', () => {
  assert.match(files['registries/reg.example/hosts.toml'] ?? '', /^server = 'http:\/\/10\.201\.0\.11:30500'$/m);
  assert.match(files['containerd.toml'] ?? '', /^sandbox = 'r\/pause:built'$/m);
});

test('starts the machines after the switch, each with a link', () => {
  const { services, switch: wiring } = clusterSpec(context);
  const machines = services.filter(({ link }) => link !== undefined);
  assert.deepEqual(
    machines.map(({ name, after }) => [name, after]),
    ['control', 'node-1', 'node-2'].map((name) => [name, ['switch']]),
  );
  assert.deepEqual(wiring?.routes, [
    { to: '10.201.128.0/24', via: '10.201.0.11' },
    { to: '10.201.129.0/24', via: '10.201.0.12' },
    { to: '10.201.64.0/18', via: '10.201.0.11' },
  ]);
});

test('keeps a stopped node from starting, and leads to services through one that runs', () => {
  const stopped = withNodeStopped(plan, 'node-1', true);
  const { services, switch: wiring } = clusterSpec({ ...context, plan: stopped });
  const suspended = services.filter((service) => service.suspended === true).map(({ name }) => name);
  assert.deepEqual(suspended, ['node-1']);
  assert.deepEqual(wiring?.routes.at(-1), { to: '10.201.64.0/18', via: '10.201.0.12' });
  const forwarder = services.find(({ name }) => name === 'registry-forwarder');
  assert.deepEqual(forwarder?.command.slice(-2), ['10.201.0.12', '30500']);
});

test('changes of a running cluster what a new node makes necessary, and nothing else', () => {
  const more = { ...context, plan: withOneNodeMore(plan) };
  const changed = (before: InitSpec, after: InitSpec) =>
    Object.keys(after).filter(
      (key) => JSON.stringify(after[key as keyof InitSpec]) !== JSON.stringify(before[key as keyof InitSpec]),
    );
  assert.deepEqual(changed(controlPlaneSpec(context), controlPlaneSpec(more)), ['setup']);
  assert.deepEqual(changed(nodeSpec(context, first), nodeSpec(more, first)), ['setup']);
  assert.deepEqual(changed(clusterSpec(context), clusterSpec(more)), ['switch', 'services']);
  assert.deepEqual(clusterSpec(more).services.slice(0, -1), clusterSpec(context).services);
});

test('remembers of a node that was added that it has not been Ready yet, until it has', () => {
  const more = withOneNodeMore(plan);
  assert.deepEqual(
    more.nodes.map(({ joining }) => joining === true),
    plan.nodes.map(() => false).concat(true),
  );
  assert.deepEqual(withNodesJoined(more).nodes.slice(0, -1), plan.nodes);
  assert.equal(withNodesJoined(more).nodes.at(-1)?.joining, undefined);
});

test('pulls from mirrored registries through the host, on the link of the cluster alone', () => {
  const mirrored = withMirrors(plan, ['docker.io', 'reg.example:5000=http://192.0.2.1:80'].map(parseMirror));
  const again = withMirrors(mirrored, [parseMirror('docker.io=https://other.example')]);
  assert.deepEqual(again.mirrors, [
    { host: 'docker.io', upstream: 'https://other.example' },
    { host: 'reg.example:5000', upstream: 'http://192.0.2.1' },
  ]);
  assert.equal(withMirrors(plan, []), plan);
  assert.deepEqual(withMirrors(again, [parseMirror('docker.io=none')]).mirrors, [
    { host: 'reg.example:5000', upstream: 'http://192.0.2.1' },
  ]);
  const services = clusterSpec({ ...context, plan: mirrored }).services.filter(({ name }) =>
    name.startsWith('mirror-'),
  );
  assert.deepEqual(
    services.map(({ name, ready }) => [name, ready]),
    [
      ['mirror-docker.io', { kind: 'port', host: '10.201.0.1', port: 5000 }],
      ['mirror-reg.example:5000', { kind: 'port', host: '10.201.0.1', port: 5001 }],
    ],
  );
  const [config = ''] = Object.values(mirrorFiles(mirrored, layout));
  assert.deepEqual((JSON.parse(config) as { proxy: unknown }).proxy, {
    remoteurl: 'https://registry-1.docker.io',
    ttl: '0s',
  });
  const { 'registries/docker.io/hosts.toml': hosts } = nodeFiles({ ...nodeOptions, plan: mirrored });
  assert.match(hosts ?? '', /^server = 'http:\/\/10\.201\.0\.1:5000'$/m);
});

test('refuses a mirror that names no registry', () => {
  for (const text of [
    '',
    'Docker',
    'docker.io/library',
    'docker.io=',
    'Docker=none',
    'a=ftp://b',
    'a=https://b/path',
    'a b',
  ]) {
    assert.throws(() => parseMirror(text), { code: 'CLUSTER_MIRROR' }, text);
  }
});

test('announces the registry as KEP-1755 says, and starts new pods when an image changes', () => {
  const objects = (digest: string) =>
    addonObjects({
      dnsAddress: '10.201.64.10',
      clusterDomain: 'cluster.local',
      networkPolicyUser: 'policies',
      images: {
        coredns: { reference: 'r/coredns:built', digest },
        localPathProvisioner: { reference: 'r/lpp:built', digest: 'sha256:2' },
        helper: { reference: 'r/busybox:built', digest: 'sha256:3' },
      },
      registry: { reference: 'reg.example', endpoint: '127.0.0.1:4000' },
    });
  const hosting = objects('sha256:1').find(({ metadata }) => metadata?.name === 'local-registry-hosting');
  assert.equal(hosting?.metadata?.namespace, 'kube-public');
  assert.deepEqual(hosting?.['data'], {
    'localRegistryHosting.v1': 'host: "127.0.0.1:4000"\nhostFromContainerRuntime: "reg.example"\n',
  });
  const dns = (digest: string) => JSON.stringify(objects(digest).find(({ kind }) => kind === 'Deployment'));
  assert.notEqual(dns('sha256:1'), dns('sha256:9'));
});
