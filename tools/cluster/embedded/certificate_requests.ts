// Who needs a certificate in a cluster, and as whom.
import type { CertificateRequest } from './certificates.ts';
import { API_SERVICE_ADDRESS, type ClusterNetwork } from './network.ts';

/** The certificates of a cluster with one node called `node`. */
export function certificateRequests(network: ClusterNetwork, node: string): readonly CertificateRequest[] {
  const apiNames = [
    network.nodeAddress,
    API_SERVICE_ADDRESS,
    '127.0.0.1',
    'localhost',
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
  ];
  return [
    { file: 'etcd', commonName: 'etcd', servers: ['127.0.0.1', 'localhost'] },
    { file: 'apiserver', commonName: 'kube-apiserver', servers: apiNames },
    { file: 'apiserver-kubelet-client', commonName: 'kube-apiserver-kubelet-client', organization: 'system:masters' },
    { file: 'front-proxy-client', commonName: 'front-proxy-client' },
    { file: 'controller-manager', commonName: 'system:kube-controller-manager', servers: ['127.0.0.1', 'localhost'] },
    { file: 'scheduler', commonName: 'system:kube-scheduler', servers: ['127.0.0.1', 'localhost'] },
    { file: 'kube-proxy', commonName: 'system:kube-proxy' },
    {
      file: 'kubelet',
      commonName: `system:node:${node}`,
      organization: 'system:nodes',
      servers: [node, network.nodeAddress],
    },
    { file: 'admin', commonName: 'fathom-admin', organization: 'system:masters' },
  ];
}
