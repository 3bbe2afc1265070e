// What a node must let through to and from its pods, as data. Pure.
// Semantics: https://kubernetes.io/docs/concepts/services-networking/network-policies/
import { BlockList, isIP } from 'node:net';
import { type ClusterView, type NetworkPolicy, type Peer, type Pod, type PolicyPort, selects } from './model.ts';
import { type Ports, hasNamedPort, portsOf } from './ports.ts';

/** Who is on the other side: anybody, some addresses, or a range without some parts of it. */
export type Others =
  | { readonly kind: 'anybody' }
  | { readonly kind: 'addresses'; readonly addresses: readonly string[] }
  | { readonly kind: 'block'; readonly cidr: string; readonly except: readonly string[] };

/** What is let through. */
export interface Allowed {
  readonly others: Others;
  readonly ports: Ports;
}

/** A pod of the node that is isolated in a direction: only this is let through. */
export interface Isolated {
  readonly pod: Pod;
  readonly allowed: readonly Allowed[];
}

/** The isolated pods of one node. */
export interface NodeRules {
  readonly ingress: readonly Isolated[];
  readonly egress: readonly Isolated[];
}

/** The rules of `node`. */
export function compile(view: ClusterView, node: string): NodeRules {
  const own = view.pods.filter((pod) => pod.node === node);
  const isolated = (type: string, allowedBy: (policy: NetworkPolicy, pod: Pod) => Allowed[]): Isolated[] =>
    own.flatMap((pod) => {
      const policies = view.policies.filter(
        (policy) =>
          policy.namespace === pod.namespace &&
          policy.policyTypes.includes(type) &&
          selects(policy.podSelector, pod.labels),
      );
      return policies.length === 0 ? [] : [{ pod, allowed: policies.flatMap((policy) => allowedBy(policy, pod)) }];
    });
  return {
    ingress: isolated('Ingress', (policy, pod) =>
      policy.ingress.flatMap(({ from, ports }) =>
        othersOf(from, policy.namespace, view).map((others) => ({ others, ports: portsOf(ports, pod) })),
      ),
    ),
    egress: isolated('Egress', (policy) =>
      policy.egress.flatMap(({ to, ports }) =>
        othersOf(to, policy.namespace, view).flatMap((others) =>
          hasNamedPort(ports) ? byPod(others, ports, view) : [{ others, ports: portsOf(ports, undefined) }],
        ),
      ),
    ),
  };
}

/** A port's name means the number that each called pod has for it; what is no pod has no names. */
function byPod(others: Others, ports: readonly PolicyPort[] | undefined, { pods }: ClusterView): Allowed[] {
  const isMeant = isAmong(others);
  const called = pods.filter(({ address }) => isMeant(address));
  const named = called.map((pod): Allowed => ({
    others: { kind: 'addresses', addresses: [pod.address] },
    ports: portsOf(ports, pod),
  }));
  return [{ others, ports: portsOf(ports, undefined) }, ...named];
}

/** Whether an address is one of those on the other side: a block may have pods in it. */
function isAmong(others: Others): (address: string) => boolean {
  if (others.kind === 'anybody') return () => true;
  if (others.kind === 'addresses') return (address) => others.addresses.includes(address);
  const [within, without] = [blockList([others.cidr]), blockList(others.except)];
  return (address) => {
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    return within.check(address, family) && !without.check(address, family);
  };
}

function blockList(cidrs: readonly string[]): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [base = '', bits = ''] = cidr.split('/');
    list.addSubnet(base, Number(bits), isIP(base) === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}

function othersOf(peers: readonly Peer[] | undefined, namespace: string, view: ClusterView): Others[] {
  if (peers === undefined || peers.length === 0) return [{ kind: 'anybody' }];
  return peers.map((peer): Others => {
    if (peer.ipBlock !== undefined) {
      return { kind: 'block', cidr: peer.ipBlock.cidr, except: peer.ipBlock.except ?? [] };
    }
    const { namespaceSelector, podSelector = {} } = peer;
    const isNear = (pod: Pod) =>
      namespaceSelector === undefined
        ? pod.namespace === namespace
        : selects(namespaceSelector, view.namespaces.get(pod.namespace) ?? {});
    const pods = view.pods.filter((pod) => isNear(pod) && selects(podSelector, pod.labels));
    return { kind: 'addresses', addresses: pods.map(({ address }) => address) };
  });
}
