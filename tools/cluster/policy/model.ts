// What of the API's objects decides who may connect to whom.
// https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/

export type Labels = Readonly<Record<string, string>>;

/** A label selector as the API has it; one without terms selects everything. */
export interface LabelSelector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly {
    readonly key: string;
    /** In, NotIn, Exists or DoesNotExist. */
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

export type Protocol = 'TCP' | 'UDP' | 'SCTP';

/** A pod that runs, with an address of its own. */
export interface Pod {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  /** IPv4. */
  readonly address: string;
  readonly node: string;
  /** Its containers' named ports. */
  readonly ports: readonly { readonly name: string; readonly protocol: Protocol; readonly port: number }[];
}

/** Who is on the other side of a connection. */
export interface Peer {
  readonly podSelector?: LabelSelector;
  readonly namespaceSelector?: LabelSelector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}

/** Ports of the pod that is called. Without `port`: all of the protocol. */
export interface PolicyPort {
  /** Default: TCP. */
  readonly protocol?: string;
  /** A number, or the name of a container's port. */
  readonly port?: number | string;
  /** With a number: the last of a range. */
  readonly endPort?: number;
}

export interface IngressRule {
  /** Missing or empty: everybody. */
  readonly from?: readonly Peer[];
  /** Missing or empty: all. */
  readonly ports?: readonly PolicyPort[];
}

export interface EgressRule {
  readonly to?: readonly Peer[];
  readonly ports?: readonly PolicyPort[];
}

export interface NetworkPolicy {
  readonly namespace: string;
  readonly name: string;
  readonly podSelector: LabelSelector;
  readonly policyTypes: readonly string[];
  readonly ingress: readonly IngressRule[];
  readonly egress: readonly EgressRule[];
}

/** All that the rules of a node follow from. */
export interface ClusterView {
  readonly pods: readonly Pod[];
  /** Labels of namespaces, by name. */
  readonly namespaces: ReadonlyMap<string, Labels>;
  readonly policies: readonly NetworkPolicy[];
}

/** Whether labels fit a selector. An operator that is unknown fits nothing. */
export function selects(selector: LabelSelector, labels: Labels): boolean {
  const byLabels = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
  return (
    byLabels &&
    (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
      const value = labels[key];
      if (operator === 'In') return value !== undefined && values.includes(value);
      if (operator === 'NotIn') return value === undefined || !values.includes(value);
      if (operator === 'Exists') return value !== undefined;
      return operator === 'DoesNotExist' && value === undefined;
    })
  );
}
