// One node's machine: containerd, kubelet, kube-proxy, network policies, under the paths that Kubernetes software expects. Pure.
//
// Inside its namespaces a node has its own /run, /tmp, /var/lib and /var/log, so nothing is left on the host, two nodes
// never meet, and no path depends on where the state folder is.
import { join } from 'node:path';
import type { InitSpec, MountSpec } from '../init/spec.ts';
import type { Context } from './control_plane.ts';
import { API_PORT, addresses, contextName, linkPrefix, type NodePlan } from './plan.ts';
import { SPEC_FILE } from './layout.ts';
import { CONTAINERD_SOCKET, nodeCgroup } from './node_config.ts';

/** Where a node finds the kit, inside. */
export const NODE_KIT = '/run/fathom/kit';
/** Where a node finds its configuration, inside. */
export const NODE_CONFIG = '/run/fathom/config';

const PATH = `${NODE_KIT}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;

/** The init spec of a node. */
export function nodeSpec({ plan, layout, kit }: Context, node: NodePlan): InitSpec {
  const folder = layout.node(node.name);
  const address = addresses.node(plan, node);
  const others = plan.nodes.filter((other) => other.name !== node.name);
  const log = '/var/log/fathom';
  // Built in the node's own folder and moved to /run and /var/lib at the end: the state folder may be below either.
  const run = join(folder, 'mounts', 'run');
  const lib = join(folder, 'mounts', 'lib');
  const bind = (source: string, target: string): MountSpec => ({ kind: 'bind', source, target });
  // What starts before the API answers asks again only after ten seconds and more.
  const awaits = (path: string) => ({
    kind: 'https' as const,
    url: `https://${addresses.control(plan)}:${API_PORT}${path}`,
    ca: `${NODE_CONFIG}/ca.crt`,
    cert: `${NODE_CONFIG}/kubelet.crt`,
    key: `${NODE_CONFIG}/kubelet.key`,
  });
  return {
    version: 1,
    name: node.name,
    reloadFrom: `${NODE_CONFIG}/${SPEC_FILE}`,
    logFolder: log,
    statusFile: join(log, 'status.json'),
    mounts: [
      { kind: 'tmpfs', target: run },
      bind(kit.folder, `${run}/fathom/kit`),
      bind(join(folder, 'config'), `${run}/fathom/config`),
      { kind: 'tmpfs', target: lib },
      bind(join(folder, 'containerd'), `${lib}/containerd`),
      bind(join(folder, 'kubelet'), `${lib}/kubelet`),
      bind(join(folder, 'volumes'), `${lib}/local-path`),
      bind(join(folder, 'log'), '/var/log'),
      { kind: 'move', source: run, target: '/run' },
      { kind: 'move', source: lib, target: '/var/lib' },
      { kind: 'tmpfs', target: '/tmp' },
      { kind: 'tmpfs', target: '/opt' },
      { kind: 'proc', target: '/proc' },
    ],
    sysctls: [
      { path: 'net/ipv4/ip_forward', value: '1' },
      // What a network policy refuses is told to each caller, however many there are.
      { path: 'net/ipv4/icmp_ratelimit', value: '0' },
      // Pods on one node reach each other through a service only if bridged packets pass kube-proxy's rules.
      { path: 'net/bridge/bridge-nf-call-iptables', value: '1', optional: true },
    ],
    cgroup: nodeCgroup(plan, node).slice(1),
    awaitLink: 'eth0',
    setup: [
      ['mount', '-n', '--make-rshared', '/'],
      ['ip', 'link', 'set', 'lo', 'up'],
      ['ip', 'address', 'replace', `${address}/${linkPrefix(plan)}`, 'dev', 'eth0'],
      ['ip', 'link', 'set', 'eth0', 'up'],
      // Gives service addresses a route, so that kube-proxy gets to see what the node itself sends to them.
      ['ip', 'route', 'replace', plan.serviceSubnet, 'dev', 'eth0'],
      ...others.map((other) => [
        'ip',
        'route',
        'replace',
        addresses.nodePods(plan, other),
        'via',
        addresses.node(plan, other),
      ]),
    ],
    services: [
      {
        name: 'containerd',
        command: [`${NODE_KIT}/bin/containerd`, '--config', `${NODE_CONFIG}/containerd.toml`, '--log-level', 'warn'],
        env: { PATH },
        ready: { kind: 'socket', path: CONTAINERD_SOCKET },
      },
      {
        name: 'images',
        command: [`${NODE_KIT}/bin/node`, `${NODE_KIT}/js/init.mjs`, 'import-images', `${NODE_CONFIG}/images.json`],
        env: { PATH },
        task: true,
        after: ['containerd'],
      },
      {
        name: 'kubelet',
        command: [
          `${NODE_KIT}/bin/kubernetes`,
          'kubelet',
          `--config=${NODE_CONFIG}/kubelet.json`,
          `--kubeconfig=${NODE_CONFIG}/kubelet.kubeconfig`,
          `--hostname-override=${node.name}`,
          `--node-ip=${address}`,
          '--root-dir=/var/lib/kubelet',
        ],
        env: { PATH },
        after: ['images'],
        // What a kubelet may do, the node authorizer knows by itself: it needs no roles, so it starts while the API
        // server still writes those, which it does before it calls itself ready.
        awaits: awaits('/api/v1/services?limit=1'),
      },
      {
        name: 'kube-proxy',
        command: [
          `${NODE_KIT}/bin/kubernetes`,
          'kube-proxy',
          `--config=${NODE_CONFIG}/kube-proxy.json`,
          `--hostname-override=${node.name}`,
        ],
        env: { PATH },
        awaits: awaits('/readyz'),
      },
      {
        name: 'network-policy',
        command: [
          `${NODE_KIT}/bin/node`,
          `${NODE_KIT}/js/policy.mjs`,
          `${NODE_CONFIG}/network-policy.kubeconfig`,
          contextName(plan.name),
          node.name,
        ],
        env: { PATH },
        awaits: awaits('/readyz'),
      },
    ],
  };
}
