// Policies as a seed makes them, from few words, so that they meet often.
import type { EgressRule, IngressRule, LabelSelector, NetworkPolicy, Peer, PolicyPort } from '../model.ts';

const WORDS = ['a', 'b', 'c'];
const NAMED = ['web', 'metrics', 'nothing'];
const BLOCKS = ['10.98.0.0/16', '10.98.1.0/24', '10.98.0.0/24', '10.98.1.2/32', '0.0.0.0/0', '2001:db8::/32'];
const PARTS = ['10.98.1.2/32', '10.98.0.10/32', '10.98.1.0/29'];

/** `count` policies in one of `namespaces`. */
export function randomPolicies(random: () => number, namespaces: readonly string[], count: number): NetworkPolicy[] {
  const below = (limit: number) => Math.floor(random() * limit);
  const one = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const some = <T>(limit: number, make: () => T): T[] => Array.from({ length: below(limit + 1) }, make);
  const selector = (): LabelSelector => {
    const kind = below(5);
    if (kind === 0) return {};
    if (kind === 1) {
      return { matchExpressions: [{ key: 'app', operator: one(['In', 'NotIn']), values: [one(WORDS), one(WORDS)] }] };
    }
    if (kind === 2)
      return { matchExpressions: [{ key: one(['app', 'tier']), operator: one(['Exists', 'DoesNotExist']) }] };
    return { matchLabels: { [one(['app', 'app', 'tier'])]: one(WORDS) } };
  };
  const peer = (): Peer => {
    const kind = below(4);
    if (kind === 0) {
      const cidr = one(BLOCKS);
      return {
        ipBlock: {
          cidr,
          ...(cidr.endsWith('/16') || cidr.startsWith('0.') ? { except: some(2, () => one(PARTS)) } : {}),
        },
      };
    }
    if (kind === 1) return { podSelector: selector() };
    if (kind === 2) return { namespaceSelector: selector() };
    return { namespaceSelector: selector(), podSelector: selector() };
  };
  const port = (): PolicyPort => {
    const protocol = one(['TCP', 'TCP', 'UDP', undefined]);
    const own = protocol === undefined ? {} : { protocol };
    const kind = below(4);
    if (kind === 0) return own;
    if (kind === 1) return { ...own, port: one(NAMED) };
    if (kind === 2) return { ...own, port: 8000, endPort: one([8080, 8081, 9000]) };
    return { ...own, port: one([8080, 8081, 9090]) };
  };
  const ingress = (): IngressRule => ({ from: some(3, peer), ports: some(2, port) });
  const egress = (): EgressRule => ({ to: some(3, peer), ports: some(2, port) });
  return Array.from({ length: count }, (_, index) => ({
    namespace: one(namespaces),
    name: `policy-${index}`,
    podSelector: selector(),
    policyTypes: one([['Ingress'], ['Egress'], ['Ingress', 'Egress']]),
    ingress: some(2, ingress),
    egress: some(2, egress),
  }));
}
