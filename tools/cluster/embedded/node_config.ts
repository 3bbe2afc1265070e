// The configuration files of one node, as text by file name below its config folder. Pure.
import type { Kit } from '../kit.ts';
import { mirrorEndpoints } from './mirrors.ts';
import { CLUSTER_DOMAIN, REGISTRY_NODE_PORT, addresses, type EmbeddedPlan, type NodePlan } from './plan.ts';

export const CONTAINERD_SOCKET = '/run/containerd/containerd.sock';

/** Options of {@link nodeFiles}. */
export interface NodeFilesOptions {
  readonly plan: EmbeddedPlan;
  readonly node: NodePlan;
  readonly kit: Kit;
  /** The registry's name in manifests: registry.fathom.internal. */
  readonly registry: string;
  /** Path of the node's kit and of its configuration, seen by the node. */
  readonly kitFolder: string;
  readonly configFolder: string;
}

/** All files but the kubeconfigs and certificates. */
export function nodeFiles(options: NodeFilesOptions): Readonly<Record<string, string>> {
  const { plan, node, kit, registry, kitFolder } = options;
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  return {
    'containerd.toml': containerdToml(options),
    // Read anew at each pull, so a registry that comes later needs no restart.
    [`registries/${registry}/hosts.toml`]: hostsToml(`http://${addresses.node(plan, node)}:${REGISTRY_NODE_PORT}`),
    ...Object.fromEntries(
      Object.entries(mirrorEndpoints(plan)).map(([host, url]) => [`registries/${host}/hosts.toml`, hostsToml(url)]),
    ),
    'cni/10-fathom.conflist': json(cniConfig(plan, node)),
    'kubelet.json': json(kubeletConfig(options)),
    'kube-proxy.json': json(kubeProxyConfig(options)),
    'images.json': json({
      ctr: `${kitFolder}/bin/ctr`,
      socket: CONTAINERD_SOCKET,
      record: '/var/lib/containerd/fathom-images',
      images: Object.values(kit.images).map(({ file, reference }) => ({
        path: `${kitFolder}/${file}`,
        reference,
        digest: kit.files.find(({ name }) => name === file)?.digest ?? '',
      })),
    }),
  };
}

/** The cgroup below which a node's pods are: `/fathom-1a2b3c/node-1`. */
export function nodeCgroup(plan: EmbeddedPlan, node: NodePlan): string {
  return `/${clusterCgroup(plan)}/${node.name}`;
}

/** The cgroup of all nodes of a cluster, without a leading slash. */
export function clusterCgroup(plan: EmbeddedPlan): string {
  return `fathom-${plan.id}`;
}

function containerdToml({ kit, kitFolder, configFolder }: NodeFilesOptions): string {
  const cri = `plugins.'io.containerd.cri.v1`;
  return `version = 3
root = '/var/lib/containerd'
state = '/run/containerd'

[grpc]
address = '${CONTAINERD_SOCKET}'

[plugins.'io.containerd.internal.v1.opt']
path = '/var/lib/containerd/opt'

[${cri}.images'.pinned_images]
sandbox = '${kit.images['pause']?.reference ?? ''}'

[${cri}.images'.registry]
config_path = '${configFolder}/registries'

[${cri}.runtime']
disable_apparmor = true
# A machine without CAP_SYS_RESOURCE may not make a process less likely to be killed than its parent.
restrict_oom_score_adj = true

[${cri}.runtime'.cni]
bin_dirs = ['${kitFolder}/bin']
conf_dir = '${configFolder}/cni'

[${cri}.runtime'.containerd.runtimes.runc]
runtime_type = 'io.containerd.runc.v2'

[${cri}.runtime'.containerd.runtimes.runc.options]
BinaryName = '${kitFolder}/bin/runc'
SystemdCgroup = false
`;
}

function hostsToml(server: string): string {
  return `server = '${server}'

[host.'${server}']
capabilities = ['pull', 'resolve']
`;
}

function cniConfig(plan: EmbeddedPlan, node: NodePlan): unknown {
  return {
    cniVersion: '1.0.0',
    name: 'fathom',
    plugins: [
      {
        type: 'bridge',
        bridge: 'cni0',
        isDefaultGateway: true,
        hairpinMode: true,
        ipam: {
          type: 'host-local',
          ranges: [[{ subnet: addresses.nodePods(plan, node) }]],
          // On a tmpfs: a node that starts anew has no pods, so it has no leases.
          dataDir: '/run/cni',
        },
      },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  };
}

function kubeletConfig({ plan, node, configFolder }: NodeFilesOptions): unknown {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: `${configFolder}/ca.crt` },
    },
    authorization: { mode: 'Webhook' },
    tlsCertFile: `${configFolder}/kubelet.crt`,
    tlsPrivateKeyFile: `${configFolder}/kubelet.key`,
    containerRuntimeEndpoint: `unix://${CONTAINERD_SOCKET}`,
    clusterDNS: [addresses.dnsService(plan)],
    clusterDomain: CLUSTER_DOMAIN,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: nodeCgroup(plan, node),
    failCgroupV1: false,
    failSwapOn: false,
    // Lets the kubelet go on where it may not set a kernel parameter or read /dev/kmsg.
    featureGates: { KubeletInUserNamespace: true },
    volumePluginDir: '/var/lib/kubelet/volume-plugins',
    // A developer's disk may be nearly full for good: evict only when it is about to be.
    evictionHard: {
      'memory.available': '100Mi',
      'nodefs.available': '1%',
      'imagefs.available': '1%',
      'nodefs.inodesFree': '1%',
    },
    imageGCHighThresholdPercent: 99,
    imageGCLowThresholdPercent: 98,
    serializeImagePulls: false,
    registerNode: true,
    rotateCertificates: false,
    healthzBindAddress: '127.0.0.1',
    logging: { verbosity: 1 },
  };
}

function kubeProxyConfig({ plan, node, configFolder }: NodeFilesOptions): unknown {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    clientConnection: { kubeconfig: `${configFolder}/kube-proxy.kubeconfig` },
    mode: 'iptables',
    // After a change, the default lets up to a second go by in which a Service leads to pods of before. It is for clusters of
    // thousands of Services.
    iptables: { minSyncPeriod: '100ms' },
    clusterCIDR: plan.podSubnet,
    bindAddress: addresses.node(plan, node),
    metricsBindAddress: '127.0.0.1:10249',
    healthzBindAddress: '127.0.0.1:10256',
    // 0 leaves the kernel's own limits alone: they belong to the host.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
    logging: { verbosity: 1 },
  };
}
