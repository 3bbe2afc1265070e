// Metrics of the nodes, on each of them.
local common = import 'common.libsonnet';
local k = import 'jsonnet/kubernetes.libsonnet';
local labels = import 'jsonnet/labels.libsonnet';
local namespaced = import 'jsonnet/namespace.libsonnet';

local name = 'node-exporter';
// One of its own, as the standard is that of a whole namespace.
local namespace = 'monitoring-node';
local port = 9100;
local limitMiB = 48;

// image: its name in manifests.
function(image) k.files({
  // What it tells of is the node: its folders and its network interfaces, which the restricted standard keeps from pods. It
  // has neither root nor capabilities, and writes nothing.
  namespace: namespaced({ name: namespace, level: 'privileged' }).namespace,
  serviceaccount: k.serviceAccount(name, namespace, common.labels(name)),
  daemonset: k.daemonSet(name, namespace, {
    selector: { matchLabels: labels.selector(name) },
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '10%' } },
    template: {
      metadata: { labels: common.labels(name) },
      spec: {
        serviceAccountName: name,
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        hostNetwork: true,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 65532,
          runAsGroup: 65532,
          seccompProfile: { type: 'RuntimeDefault' },
        },
        // On every node, whatever else it keeps away.
        tolerations: [{ operator: 'Exists' }],
        containers: [{
          name: name,
          image: image,
          imagePullPolicy: 'IfNotPresent',
          args: [
            '--web.listen-address=:%d' % port,
            '--path.rootfs=/host',
            '--path.procfs=/host/proc',
            '--path.sysfs=/host/sys',
            // Mounts and interfaces of pods come and go, and the kubelet tells of them.
            '--collector.filesystem.mount-points-exclude=^/(dev|proc|run|sys|var/lib/(containerd|kubelet))($|/)',
            '--collector.netclass.ignored-devices=^(veth.*|lo)$',
            '--collector.netdev.device-exclude=^veth.*$',
            '--log.format=json',
            '--log.level=warn',
          ] + ['--no-collector.' + one for one in [
            // What machines that run pods do not have, or what costs more than it tells.
            'arp',
            'bcache',
            'bcachefs',
            'bonding',
            'btrfs',
            'dmi',
            'edac',
            'fibrechannel',
            'hwmon',
            'infiniband',
            'ipvs',
            'mdadm',
            'nfs',
            'nfsd',
            'nvme',
            'powersupplyclass',
            'rapl',
            'selinux',
            'tapestats',
            'thermal_zone',
            'timex',
            'watchdog',
            'xfs',
            'zfs',
          ]],
          env: [{ name: 'GOMEMLIMIT', value: common.goMemory(limitMiB).GOMEMLIMIT }],
          ports: [{ name: 'metrics', containerPort: port, hostPort: port, protocol: 'TCP' }],
          resources: { requests: { cpu: '20m', memory: '24Mi' }, limits: { memory: '%dMi' % limitMiB } },
          readinessProbe: { httpGet: { path: '/', port: 'metrics' }, periodSeconds: 5 },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
          volumeMounts: [{ name: 'host', mountPath: '/host', readOnly: true, mountPropagation: 'HostToContainer' }],
          terminationMessagePolicy: 'FallbackToLogsOnError',
        }],
        volumes: [{ name: 'host', hostPath: { path: '/' } }],
      },
    },
  }, common.labels(name), {
    // As the namespace says.
    'fathom.internal/allow': 'host-namespaces, host-path',
  }),
  // In the node's own network it is no pod to NetworkPolicies; there is none.
  podmonitor: k.object('monitoring.coreos.com/v1', 'PodMonitor', name, namespace, common.labels(name)) {
    spec: {
      selector: { matchLabels: labels.selector(name) },
      podMetricsEndpoints: [{
        port: 'metrics',
        relabelings: [{ sourceLabels: ['__meta_kubernetes_pod_node_name'], targetLabel: 'node' }],
      }],
    },
  },
})
