// The configuration files of the node's programs, as text: pure functions of names, paths and addresses.
import { join } from 'node:path';
import type { Layout } from './layout.ts';
import { DNS_SERVICE_ADDRESS, POD_CIDR, REGISTRY_NODE_PORT, type ClusterNetwork } from './network.ts';

/** What the files depend on. */
export interface ConfigOptions {
  readonly layout: Layout;
  readonly network: ClusterNetwork;
  readonly node: string;
  /** Below every cgroup hierarchy; the node's own. */
  readonly cgroupRoot: string;
  readonly pauseImage: string;
  /** The registry's name in manifests. */
  readonly registryReference: string;
}

/** Path below `layout.config` → content. */
export function configFiles(options: ConfigOptions): ReadonlyMap<string, string> {
  return new Map([
    ['containerd.toml', containerdConfig(options)],
    ['kubelet.json', `${JSON.stringify(kubeletConfig(options), null, 2)}\n`],
    ['kube-proxy.json', `${JSON.stringify(kubeProxyConfig(options), null, 2)}\n`],
    ['cni/10-fathom.conflist', `${JSON.stringify(cniConfig(options), null, 2)}\n`],
    [`registries/${options.registryReference}/hosts.toml`, registryHosts(options)],
  ]);
}

/** containerd's configuration, version 3 (containerd 2). */
function containerdConfig({ layout, pauseImage }: ConfigOptions): string {
  return `version = 3
root = ${toml(join(layout.data, 'containerd'))}
state = "/run/containerd"

[grpc]
  address = "/run/containerd/containerd.sock"

[plugins.'io.containerd.cri.v1.images']
  snapshotter = "overlayfs"
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = ${toml(pauseImage)}
  [plugins.'io.containerd.cri.v1.images'.registry]
    config_path = ${toml(join(layout.config, 'registries'))}

[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = [${toml(layout.bin)}]
    conf_dir = ${toml(join(layout.config, 'cni'))}
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
      BinaryName = ${toml(join(layout.bin, 'runc'))}
      SystemdCgroup = false
`;
}

function toml(text: string): string {
  return JSON.stringify(text);
}

/** KubeletConfiguration: what cgroup v1, swap and a user's machine ask for stands beside the usual. */
function kubeletConfig({ layout, network, node, cgroupRoot }: ConfigOptions): object {
  const certificate = (name: string) => join(layout.certificates, name);
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: network.nodeAddress,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: certificate('ca.crt') },
    },
    authorization: { mode: 'Webhook' },
    tlsCertFile: certificate('kubelet.crt'),
    tlsPrivateKeyFile: certificate('kubelet.key'),
    healthzBindAddress: '127.0.0.1',
    containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
    cgroupDriver: 'cgroupfs',
    cgroupRoot,
    failCgroupV1: false,
    failSwapOn: false,
    featureGates: { KubeletInUserNamespace: true },
    clusterDomain: 'cluster.local',
    clusterDNS: [DNS_SERVICE_ADDRESS],
    podLogsDir: join(layout.data, 'pod-logs'),
    seccompDefault: true,
    // A laptop's disk is rarely empty: pods are evicted late.
    evictionHard: {
      'memory.available': '100Mi',
      'nodefs.available': '1%',
      'imagefs.available': '1%',
      'nodefs.inodesFree': '1%',
    },
    imageGCHighThresholdPercent: 100,
    maxPods: 250,
    nodeStatusUpdateFrequency: '5s',
    registerWithTaints: [],
    serializeImagePulls: false,
    providerID: `fathom://${node}`,
  };
}

function kubeProxyConfig({ layout, node }: ConfigOptions): object {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    bindAddress: '0.0.0.0',
    clientConnection: { kubeconfig: join(layout.config, 'kube-proxy.kubeconfig') },
    clusterCIDR: POD_CIDR,
    // The machine's limits are not the node's to change.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
    hostnameOverride: node,
    healthzBindAddress: '127.0.0.1:10256',
    metricsBindAddress: '127.0.0.1:10249',
    mode: 'iptables',
  };
}

function cniConfig({ layout }: ConfigOptions): object {
  return {
    cniVersion: '1.0.0',
    name: 'fathom',
    plugins: [
      {
        type: 'bridge',
        bridge: 'cni0',
        isGateway: true,
        ipMasq: true,
        hairpinMode: true,
        ipam: {
          type: 'host-local',
          ranges: [[{ subnet: POD_CIDR }]],
          routes: [{ dst: '0.0.0.0/0' }],
          dataDir: join(layout.data, 'cni'),
        },
      },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  };
}

/** Where the node finds the registry that manifests call by its reference: its own node port, plain http. */
function registryHosts({ network, registryReference }: ConfigOptions): string {
  const endpoint = `http://${network.nodeAddress}:${REGISTRY_NODE_PORT}`;
  return `# ${registryReference} is known to no DNS.\nserver = "${endpoint}"\n\n[host."${endpoint}"]\n  capabilities = ["pull", "resolve"]\n`;
}
