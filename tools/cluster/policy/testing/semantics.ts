// Who may connect to whom, read out of the API's documentation pair by pair: what rules are compared with.
// https://kubernetes.io/docs/concepts/services-networking/network-policies/
import { BlockList } from 'node:net';
import {
  type ClusterView,
  type NetworkPolicy,
  type Peer,
  type Pod,
  type PolicyPort,
  type Protocol,
  selects,
} from '../model.ts';

/** One end of a connection: a pod, or an address outside of the cluster. */
export type End = Pod | { readonly address: string };

/** A connection that is tried. */
export interface Call {
  readonly from: End;
  readonly to: End;
  readonly protocol: Protocol;
  /** Of `to`. */
  readonly port: number;
}

/** Whether the caller's egress allows a call. */
export function mayLeave(view: ClusterView, call: Call): boolean {
  const rules = rulesOf(view, call.from, 'Egress');
  return rules === undefined || rules.some((rule) => fits(view, rule, call.to, call));
}

/** Whether the ingress of the called one allows a call. */
export function mayEnter(view: ClusterView, call: Call): boolean {
  const rules = rulesOf(view, call.to, 'Ingress');
  return rules === undefined || rules.some((rule) => fits(view, rule, call.from, call));
}

interface Rule {
  readonly policy: NetworkPolicy;
  readonly peers: readonly Peer[];
  readonly ports: readonly PolicyPort[];
}

/** What is allowed in a direction; undefined where the end is not isolated in it. */
function rulesOf(view: ClusterView, end: End, type: 'Ingress' | 'Egress'): Rule[] | undefined {
  if (!('name' in end)) return undefined;
  const policies = view.policies.filter(
    ({ namespace, podSelector, policyTypes }) =>
      namespace === end.namespace && selects(podSelector, end.labels) && policyTypes.includes(type),
  );
  if (policies.length === 0) return undefined;
  return policies.flatMap((policy) =>
    type === 'Ingress'
      ? policy.ingress.map(({ from = [], ports = [] }) => ({ policy, peers: from, ports }))
      : policy.egress.map(({ to = [], ports = [] }) => ({ policy, peers: to, ports })),
  );
}

function fits(view: ClusterView, { policy, peers, ports }: Rule, other: End, { to, protocol, port }: Call): boolean {
  return (
    (peers.length === 0 || peers.some((peer) => isPeer(view, policy, peer, other))) &&
    (ports.length === 0 || ports.some((one) => isPort(one, to, protocol, port)))
  );
}

function isPeer(view: ClusterView, policy: NetworkPolicy, peer: Peer, other: End): boolean {
  if (peer.ipBlock !== undefined) {
    const { cidr, except = [] } = peer.ipBlock;
    return isIn(cidr, other.address) && !except.some((one) => isIn(one, other.address));
  }
  if (!('name' in other)) return false;
  if (peer.namespaceSelector === undefined && other.namespace !== policy.namespace) return false;
  if (
    peer.namespaceSelector !== undefined &&
    !selects(peer.namespaceSelector, view.namespaces.get(other.namespace) ?? {})
  ) {
    return false;
  }
  return peer.podSelector === undefined || selects(peer.podSelector, other.labels);
}

function isPort(one: PolicyPort, to: End, protocol: Protocol, port: number): boolean {
  if ((one.protocol ?? 'TCP') !== protocol) return false;
  if (one.port === undefined) return true;
  if (typeof one.port === 'number') return port >= one.port && port <= (one.endPort ?? one.port);
  return 'name' in to && to.ports.some((p) => p.name === one.port && p.protocol === protocol && p.port === port);
}

function isIn(cidr: string, address: string): boolean {
  const [base = '', bits = ''] = cidr.split('/');
  const list = new BlockList();
  list.addSubnet(base, Number(bits), base.includes(':') ? 'ipv6' : 'ipv4');
  return list.check(address);
}
