// From the API's objects to the view that rules are made of. What is there was checked by the API server.
import { type KubeObject, asList, at, textAt } from '../../k8s/model/object.ts';
import type { EgressRule, IngressRule, LabelSelector, NetworkPolicy, Pod, Protocol } from './model.ts';

/** The pod, where it has an IPv4 address that is its alone. */
export function readPod(object: KubeObject): Pod | undefined {
  const { metadata } = object;
  const isOver = ['Succeeded', 'Failed'].includes(textAt(object, 'status', 'phase') ?? '');
  const addresses = asList(at(object, 'status', 'podIPs')).map((entry) => textAt(entry, 'ip') ?? '');
  const address = addresses.find((one) => one.includes('.'));
  // A pod on its node's network shares that address with the node, and the address of one that is over may be another's.
  if (at(object, 'spec', 'hostNetwork') === true || isOver || address === undefined) return undefined;
  const containers = ['containers', 'initContainers'].flatMap((list) => asList(at(object, 'spec', list)));
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    labels: metadata.labels ?? {},
    address,
    node: textAt(object, 'spec', 'nodeName') ?? '',
    ports: containers.flatMap((container) => asList(at(container, 'ports')).flatMap(readPort)),
  };
}

function readPort(entry: unknown): Pod['ports'] {
  const [name, port] = [textAt(entry, 'name'), at(entry, 'containerPort')];
  if (name === undefined || typeof port !== 'number') return [];
  return [{ name, port, protocol: (textAt(entry, 'protocol') ?? 'TCP') as Protocol }];
}

/** The policy. The server has filled in its `policyTypes`. */
export function readPolicy(object: KubeObject): NetworkPolicy {
  const list = (field: string) => asList(at(object, 'spec', field));
  return {
    namespace: object.metadata.namespace ?? '',
    name: object.metadata.name,
    podSelector: (at(object, 'spec', 'podSelector') ?? {}) as LabelSelector,
    policyTypes: list('policyTypes') as string[],
    ingress: list('ingress') as IngressRule[],
    egress: list('egress') as EgressRule[],
  };
}
