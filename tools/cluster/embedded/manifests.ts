// What runs in every cluster before anything else: DNS, a default StorageClass, and where tools find the registry.
import { DNS_SERVICE_ADDRESS } from './network.ts';

/** Options of {@link systemManifests}. */
export interface SystemManifestOptions {
  /** Image names as the node holds them. */
  readonly images: { readonly coredns: string; readonly provisioner: string; readonly busybox: string };
  /** Folder on the node in which volumes are made. */
  readonly volumes: string;
  /** `host:port` of the registry seen from the machine. */
  readonly registryEndpoint: string;
  readonly registryReference: string;
}

type KubernetesObject = Readonly<Record<string, unknown>>;

/** The objects, to be applied in this order. */
export function systemManifests(options: SystemManifestOptions): readonly KubernetesObject[] {
  return [...dns(options), ...storage(options), localRegistryHosting(options)];
}

const restricted = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  readOnlyRootFilesystem: true,
};

const criticalPod = {
  priorityClassName: 'system-cluster-critical',
  tolerations: [{ operator: 'Exists' }],
};

function dns({ images }: SystemManifestOptions): readonly KubernetesObject[] {
  const name = 'coredns';
  const namespace = 'kube-system';
  const labels = { 'k8s-app': 'kube-dns' };
  const corefile = `.:5353 {
    errors
    health :8080
    ready :8181
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 5
    }
    forward . /etc/resolv.conf
    cache 5
    reload
    loadbalance
}
`;
  return [
    serviceAccount(name, namespace),
    ...clusterRole(`system:${name}`, { name, namespace }, [
      { apiGroups: [''], resources: ['endpoints', 'services', 'pods', 'namespaces'], verbs: ['list', 'watch'] },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
    ]),
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data: { Corefile: corefile } },
    deployment(name, namespace, labels, {
      ...criticalPod,
      serviceAccountName: name,
      dnsPolicy: 'Default',
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name,
          image: images.coredns,
          imagePullPolicy: 'Never',
          args: ['-conf', '/etc/coredns/Corefile'],
          ports: [
            { name: 'dns', containerPort: 5353, protocol: 'UDP' },
            { name: 'dns-tcp', containerPort: 5353, protocol: 'TCP' },
          ],
          readinessProbe: { httpGet: { path: '/ready', port: 8181 }, periodSeconds: 1 },
          livenessProbe: { httpGet: { path: '/health', port: 8080 }, initialDelaySeconds: 30 },
          resources: { requests: { cpu: '50m', memory: '32Mi' }, limits: { memory: '128Mi' } },
          securityContext: restricted,
          volumeMounts: [{ name: 'config', mountPath: '/etc/coredns', readOnly: true }],
        },
      ],
      volumes: [{ name: 'config', configMap: { name } }],
    }),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'kube-dns', namespace, labels },
      spec: {
        clusterIP: DNS_SERVICE_ADDRESS,
        selector: labels,
        ports: [
          { name: 'dns', port: 53, targetPort: 5353, protocol: 'UDP' },
          { name: 'dns-tcp', port: 53, targetPort: 5353, protocol: 'TCP' },
        ],
      },
    },
  ];
}

function storage({ images, volumes }: SystemManifestOptions): readonly KubernetesObject[] {
  const name = 'local-path-provisioner';
  const namespace = 'local-path-storage';
  const provisioner = 'fathom.internal/local-path';
  const helperPod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'helper-pod' },
    spec: { ...criticalPod, containers: [{ name: 'helper-pod', image: images.busybox, imagePullPolicy: 'Never' }] },
  };
  const config = { nodePathMap: [{ node: 'DEFAULT_PATH_FOR_NON_LISTED_NODES', paths: [volumes] }] };
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    serviceAccount(name, namespace),
    ...clusterRole(name, { name, namespace }, [
      {
        apiGroups: [''],
        resources: ['nodes', 'persistentvolumeclaims', 'configmaps', 'pods', 'pods/log'],
        verbs: ['get', 'list', 'watch'],
      },
      {
        apiGroups: [''],
        resources: ['persistentvolumes'],
        verbs: ['get', 'list', 'watch', 'create', 'patch', 'update', 'delete'],
      },
      { apiGroups: [''], resources: ['pods'], verbs: ['create', 'delete'] },
      { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
      {
        apiGroups: ['', 'coordination.k8s.io'],
        resources: ['endpoints', 'leases'],
        verbs: ['get', 'list', 'watch', 'create', 'update', 'patch'],
      },
      { apiGroups: ['storage.k8s.io'], resources: ['storageclasses'], verbs: ['get', 'list', 'watch'] },
    ]),
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'local-path-config', namespace },
      data: {
        'config.json': JSON.stringify(config),
        setup: '#!/bin/sh\nset -eu\nmkdir -m 0777 -p "$VOL_DIR"\n',
        teardown: '#!/bin/sh\nset -eu\nrm -rf "$VOL_DIR"\n',
        'helperPod.yaml': JSON.stringify(helperPod),
      },
    },
    deployment(
      name,
      namespace,
      { 'app.kubernetes.io/name': name },
      {
        ...criticalPod,
        serviceAccountName: name,
        securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [
          {
            name,
            image: images.provisioner,
            imagePullPolicy: 'Never',
            args: [
              'start',
              '--config=/etc/config/config.json',
              `--provisioner-name=${provisioner}`,
              `--helper-image=${images.busybox}`,
            ],
            env: [{ name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } }],
            resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '128Mi' } },
            securityContext: restricted,
            volumeMounts: [{ name: 'config', mountPath: '/etc/config/' }],
          },
        ],
        volumes: [{ name: 'config', configMap: { name: 'local-path-config' } }],
      },
    ),
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'local-path', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
      provisioner,
      volumeBindingMode: 'WaitForFirstConsumer',
      reclaimPolicy: 'Delete',
    },
  ];
}

/** Where tools find the cluster's registry (KEP-1755). */
function localRegistryHosting({ registryEndpoint, registryReference }: SystemManifestOptions): KubernetesObject {
  const hosting = [
    `host: "${registryEndpoint}"`,
    `hostFromClusterNetwork: "${registryReference}"`,
    `hostFromContainerRuntime: "${registryReference}"`,
    'help: "docs/architecture.md"',
  ];
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'local-registry-hosting', namespace: 'kube-public' },
    data: { 'localRegistryHosting.v1': `${hosting.join('\n')}\n` },
  };
}

function serviceAccount(name: string, namespace: string): KubernetesObject {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } };
}

function clusterRole(
  name: string,
  account: { readonly name: string; readonly namespace: string },
  rules: readonly object[],
): readonly KubernetesObject[] {
  return [
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name }, rules },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: [{ kind: 'ServiceAccount', ...account }],
    },
  ];
}

function deployment(
  name: string,
  namespace: string,
  labels: Readonly<Record<string, string>>,
  spec: object,
): KubernetesObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, labels },
    spec: {
      replicas: 1,
      revisionHistoryLimit: 2,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec },
    },
  };
}
