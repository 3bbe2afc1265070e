// Which certificates a cluster has, and for whom. Pure.
import type { CertificateSpec } from './pki.ts';
import { CLUSTER_DOMAIN, addresses, type EmbeddedPlan } from './plan.ts';

/** Signs who may talk to the API, to kubelets and to etcd. */
export const CLUSTER_AUTHORITY = 'ca';
/** Signs the API server when it calls extension API servers on a user's behalf. */
export const FRONT_PROXY_AUTHORITY = 'front-proxy-ca';
export const SERVICE_ACCOUNT_KEYS = 'service-account';

/** Who enforces network policies on the nodes: it reads pods, namespaces and policies. */
export const NETWORK_POLICY_USER = 'fathom:network-policy';

const ADMINISTRATORS = 'system:masters';

/** All certificates of a cluster. */
export function certificatesOf(plan: EmbeddedPlan): readonly CertificateSpec[] {
  const client = (name: string, commonName: string, organization?: string): CertificateSpec => ({
    name,
    authority: CLUSTER_AUTHORITY,
    commonName,
    ...(organization === undefined ? {} : { organization }),
    use: ['client'],
  });
  const service = 'kubernetes.default.svc';
  return [
    {
      name: 'apiserver',
      authority: CLUSTER_AUTHORITY,
      commonName: 'kube-apiserver',
      use: ['server'],
      dnsNames: ['localhost', 'kubernetes', 'kubernetes.default', service, `${service}.${CLUSTER_DOMAIN}`],
      addresses: ['127.0.0.1', addresses.control(plan), addresses.kubernetesService(plan)],
    },
    {
      name: 'etcd',
      authority: CLUSTER_AUTHORITY,
      commonName: 'etcd',
      use: ['server', 'client'],
      dnsNames: ['localhost'],
      addresses: ['127.0.0.1'],
    },
    client('apiserver-etcd-client', 'kube-apiserver-etcd-client'),
    client('apiserver-kubelet-client', 'kube-apiserver-kubelet-client', ADMINISTRATORS),
    { ...client('front-proxy-client', 'front-proxy-client'), authority: FRONT_PROXY_AUTHORITY },
    client('admin', 'fathom-admin', ADMINISTRATORS),
    client('controller-manager', 'system:kube-controller-manager'),
    client('scheduler', 'system:kube-scheduler'),
    client('kube-proxy', 'system:kube-proxy'),
    client('network-policy', NETWORK_POLICY_USER),
    ...plan.nodes.map((node) => ({
      ...client(`kubelet-${node.name}`, `system:node:${node.name}`, 'system:nodes'),
      use: ['client', 'server'] as const,
      dnsNames: [node.name],
      addresses: [addresses.node(plan, node)],
    })),
  ];
}
