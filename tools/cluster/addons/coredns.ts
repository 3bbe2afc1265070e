// Cluster DNS: CoreDNS answers for cluster.local from the API; other names go to the resolvers of the node.
import { MOVES_SOON, addonLabels, imageAnnotations, type AddonOptions, type AnyObject } from './addon.ts';

const NAME = 'coredns';
const NAMESPACE = 'kube-system';
// What other software looks for.
const KNOWN_AS = { 'k8s-app': 'kube-dns' };

/** The objects of CoreDNS. */
export function corednsObjects(options: AddonOptions): readonly AnyObject[] {
  const labels = addonLabels(NAME);
  const metadata = { name: NAME, namespace: NAMESPACE, labels };
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'system:coredns', labels },
      rules: [
        { apiGroups: [''], resources: ['endpoints', 'services', 'pods', 'namespaces'], verbs: ['list', 'watch'] },
        { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
      ],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'system:coredns', labels },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:coredns' },
      subjects: [{ kind: 'ServiceAccount', name: NAME, namespace: NAMESPACE }],
    },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { Corefile: corefile(options.clusterDomain) } },
    deployment(options, labels),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'kube-dns', namespace: NAMESPACE, labels: { ...labels, ...KNOWN_AS } },
      spec: {
        clusterIP: options.dnsAddress,
        selector: { 'app.kubernetes.io/name': NAME },
        ports: [
          { name: 'dns', port: 53, protocol: 'UDP', targetPort: 'dns' },
          { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 'dns-tcp' },
          { name: 'metrics', port: 9153, protocol: 'TCP', targetPort: 'metrics' },
        ],
      },
    },
  ];
}

function corefile(clusterDomain: string): string {
  return `.:53 {
    errors
    health :8080
    ready :8181
    kubernetes ${clusterDomain} in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 5
    }
    prometheus :9153
    forward . /etc/resolv.conf {
        max_concurrent 1000
    }
    cache 30 {
        disable success ${clusterDomain}
        disable denial ${clusterDomain}
    }
    reload 5s
    loadbalance
}
`;
}

function deployment({ images }: AddonOptions, labels: Readonly<Record<string, string>>): AnyObject {
  const port = (name: string, containerPort: number, protocol = 'TCP') => ({ name, containerPort, protocol });
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: NAME, namespace: NAMESPACE, labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: { 'app.kubernetes.io/name': NAME } },
      template: {
        // By k8s-app network policies know it.
        metadata: { labels: { ...labels, ...KNOWN_AS }, annotations: imageAnnotations(images.coredns) },
        spec: {
          serviceAccountName: NAME,
          priorityClassName: 'system-cluster-critical',
          dnsPolicy: 'Default',
          tolerations: MOVES_SOON,
          containers: [
            {
              name: NAME,
              image: images.coredns.reference,
              imagePullPolicy: 'IfNotPresent',
              args: ['-conf', '/etc/coredns/Corefile'],
              // 53, as network policies are about ports of pods: the rules that everybody writes for DNS say 53.
              ports: [port('dns', 53, 'UDP'), port('dns-tcp', 53), port('metrics', 9153)],
              // A name server that lags stops the whole cluster, so it may use what is free.
              resources: { requests: { cpu: '50m', memory: '40Mi' }, limits: { memory: '170Mi' } },
              readinessProbe: { httpGet: { path: '/ready', port: 8181 }, periodSeconds: 2 },
              livenessProbe: { httpGet: { path: '/health', port: 8080 }, initialDelaySeconds: 30 },
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                runAsNonRoot: true,
                runAsUser: 65532,
                capabilities: { drop: ['ALL'] },
                seccompProfile: { type: 'RuntimeDefault' },
              },
              volumeMounts: [{ name: 'config', mountPath: '/etc/coredns', readOnly: true }],
            },
          ],
          volumes: [{ name: 'config', configMap: { name: NAME } }],
        },
      },
    },
  };
}
