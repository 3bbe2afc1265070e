// The init of a whole cluster: switch, registry forwarder, control plane and nodes, as one tree of processes. Pure.
//
// It is the one process that the host sees: when it ends, for whatever reason, every process, mount, interface,
// network namespace and firewall rule of the cluster ends with it, and `up` starts it again from the state folder.
import type { InitSpec, ServiceSpec } from '../init/spec.ts';
import type { Context } from './control_plane.ts';
import { mirrorServices } from './mirrors.ts';
import { clusterCgroup } from './node_config.ts';
import { REGISTRY_NODE_PORT, addresses, linkPrefix, macOf, runningNodes, type NodePlan } from './plan.ts';

/** The init of a machine or of the cluster: tini reaps what is orphaned, node runs the spec. */
export function initCommand({ kit }: Context, specPath: string): readonly string[] {
  return [kit.path('bin/tini'), '--', kit.path('bin/node'), kit.path('js/init.mjs'), specPath];
}

/** The interface of the host that leads into the cluster. */
export function hostLinkName(id: string): string {
  return `fathom-${id}`;
}

/** The init spec of a cluster. */
export function clusterSpec(context: Context): InitSpec {
  const { plan, layout, kit } = context;
  const machine = (name: string, link: string, address: string): ServiceSpec => ({
    name,
    command: initCommand(context, layout.spec(name)),
    isolate: ['net', 'mount', 'pid'],
    link: { name: link, mac: macOf(address) },
    after: ['switch'],
  });
  const node = (node: NodePlan): ServiceSpec => ({
    ...machine(node.name, node.name, addresses.node(plan, node)),
    ...(node.stopped === true ? { suspended: true } : {}),
  });
  // Any node leads to all services.
  const [first] = runningNodes(plan);
  const firstNode = first === undefined ? addresses.control(plan) : addresses.node(plan, first);
  return {
    version: 1,
    name: 'cluster',
    reloadFrom: layout.spec('cluster'),
    logFolder: layout.machineLogs('cluster'),
    statusFile: layout.status('cluster'),
    mounts: [{ kind: 'proc', target: '/proc' }],
    sysctls: [],
    // Pods of all nodes together leave some memory to the machine's owner.
    cgroup: clusterCgroup(plan),
    limits: { memoryShare: 0.75, pids: 16_384 },
    setup: [],
    switch: {
      service: 'switch',
      hostLink: hostLinkName(plan.id),
      hostAddress: `${addresses.host(plan)}/${linkPrefix(plan)}`,
      routes: [
        ...plan.nodes.map((node) => ({ to: addresses.nodePods(plan, node), via: addresses.node(plan, node) })),
        { to: plan.serviceSubnet, via: firstNode },
      ],
    },
    services: [
      { name: 'switch', command: ['sleep', 'infinity'], isolate: ['net'] },
      {
        name: 'registry-forwarder',
        command: [
          ...[kit.path('bin/node'), kit.path('js/init.mjs'), 'forward', `${plan.registryPort}`],
          ...[firstNode, `${REGISTRY_NODE_PORT}`],
        ],
        ready: { kind: 'port', host: '127.0.0.1', port: plan.registryPort },
      },
      ...mirrorServices(context),
      machine('control', 'control', addresses.control(plan)),
      ...plan.nodes.map(node),
    ],
  };
}
