// The long-running programs of a node, in the order in which they start: pure functions of paths and addresses.
import { join } from 'node:path';
import type { Layout } from './layout.ts';
import { API_PORT, SERVICE_CIDR, POD_CIDR, type ClusterNetwork } from './network.ts';

/** One program that the init process keeps running. */
export interface Program {
  readonly name: string;
  /** Name of its file in the layout's bin folder. */
  readonly file: string;
  readonly args: readonly string[];
  /** An HTTP(S) address that answers 200 when it is ready; absent where nothing has to wait for it. */
  readonly ready?: string;
}

/** Options of {@link nodePrograms}. */
export interface ProgramOptions {
  readonly layout: Layout;
  readonly network: ClusterNetwork;
  readonly node: string;
}

/** Everything that runs in the node's namespaces. */
export function nodePrograms(options: ProgramOptions): readonly Program[] {
  return [
    containerd(options),
    etcd(options),
    apiServer(options),
    controllerManager(options),
    scheduler(options),
    kubelet(options),
    kubeProxy(options),
  ];
}

function flags(values: Readonly<Record<string, string | number | boolean>>): readonly string[] {
  return Object.entries(values).map(([name, value]) => `--${name}=${value}`);
}

function containerd({ layout }: ProgramOptions): Program {
  return { name: 'containerd', file: 'containerd', args: ['--config', join(layout.config, 'containerd.toml')] };
}

function etcd({ layout }: ProgramOptions): Program {
  const certificate = (name: string) => join(layout.certificates, name);
  return {
    name: 'etcd',
    file: 'etcd',
    args: flags({
      name: 'fathom',
      'data-dir': join(layout.data, 'etcd'),
      'listen-client-urls': 'https://127.0.0.1:2379',
      'advertise-client-urls': 'https://127.0.0.1:2379',
      'listen-peer-urls': 'http://127.0.0.1:2380',
      'initial-advertise-peer-urls': 'http://127.0.0.1:2380',
      'initial-cluster': 'fathom=http://127.0.0.1:2380',
      'cert-file': certificate('etcd.crt'),
      'key-file': certificate('etcd.key'),
      'trusted-ca-file': certificate('ca.crt'),
      'client-cert-auth': true,
      'auto-compaction-retention': '1h',
    }),
  };
}

function apiServer({ layout, network }: ProgramOptions): Program {
  const certificate = (name: string) => join(layout.certificates, name);
  return {
    name: 'kube-apiserver',
    file: 'kube-apiserver',
    ready: `https://${network.nodeAddress}:${API_PORT}/readyz`,
    args: flags({
      'advertise-address': network.nodeAddress,
      'bind-address': network.nodeAddress,
      'secure-port': API_PORT,
      'anonymous-auth': false,
      'authorization-mode': 'Node,RBAC',
      'enable-admission-plugins': 'NodeRestriction',
      'allow-privileged': true,
      'client-ca-file': certificate('ca.crt'),
      'tls-cert-file': certificate('apiserver.crt'),
      'tls-private-key-file': certificate('apiserver.key'),
      'etcd-servers': 'https://127.0.0.1:2379',
      'etcd-cafile': certificate('ca.crt'),
      'etcd-certfile': certificate('etcd.crt'),
      'etcd-keyfile': certificate('etcd.key'),
      'kubelet-certificate-authority': certificate('ca.crt'),
      'kubelet-client-certificate': certificate('apiserver-kubelet-client.crt'),
      'kubelet-client-key': certificate('apiserver-kubelet-client.key'),
      'kubelet-preferred-address-types': 'InternalIP',
      'service-account-issuer': 'https://kubernetes.default.svc.cluster.local',
      'service-account-key-file': certificate('service-accounts.pub'),
      'service-account-signing-key-file': certificate('service-accounts.key'),
      'service-cluster-ip-range': SERVICE_CIDR,
      'requestheader-client-ca-file': certificate('ca.crt'),
      'requestheader-allowed-names': 'front-proxy-client',
      'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
      'requestheader-group-headers': 'X-Remote-Group',
      'requestheader-username-headers': 'X-Remote-User',
      'proxy-client-cert-file': certificate('front-proxy-client.crt'),
      'proxy-client-key-file': certificate('front-proxy-client.key'),
      profiling: false,
    }),
  };
}

function controllerManager({ layout }: ProgramOptions): Program {
  const certificate = (name: string) => join(layout.certificates, name);
  const config = join(layout.config, 'controller-manager.kubeconfig');
  return {
    name: 'kube-controller-manager',
    file: 'kube-controller-manager',
    args: flags({
      kubeconfig: config,
      'authentication-kubeconfig': config,
      'authorization-kubeconfig': config,
      'bind-address': '127.0.0.1',
      'tls-cert-file': certificate('controller-manager.crt'),
      'tls-private-key-file': certificate('controller-manager.key'),
      'cluster-cidr': POD_CIDR,
      'cluster-signing-cert-file': certificate('ca.crt'),
      'cluster-signing-key-file': certificate('ca.key'),
      'root-ca-file': certificate('ca.crt'),
      'service-account-private-key-file': certificate('service-accounts.key'),
      'use-service-account-credentials': true,
      // One of each runs: nobody has to be elected.
      'leader-elect': false,
      profiling: false,
    }),
  };
}

function scheduler({ layout }: ProgramOptions): Program {
  const certificate = (name: string) => join(layout.certificates, name);
  const config = join(layout.config, 'scheduler.kubeconfig');
  return {
    name: 'kube-scheduler',
    file: 'kube-scheduler',
    args: flags({
      kubeconfig: config,
      'authentication-kubeconfig': config,
      'authorization-kubeconfig': config,
      'bind-address': '127.0.0.1',
      'tls-cert-file': certificate('scheduler.crt'),
      'tls-private-key-file': certificate('scheduler.key'),
      'leader-elect': false,
      profiling: false,
    }),
  };
}

function kubelet({ layout, network, node }: ProgramOptions): Program {
  return {
    name: 'kubelet',
    file: 'kubelet',
    args: flags({
      config: join(layout.config, 'kubelet.json'),
      kubeconfig: join(layout.config, 'kubelet.kubeconfig'),
      'root-dir': join(layout.data, 'kubelet'),
      'hostname-override': node,
      'node-ip': network.nodeAddress,
    }),
  };
}

function kubeProxy({ layout }: ProgramOptions): Program {
  return { name: 'kube-proxy', file: 'kube-proxy', args: flags({ config: join(layout.config, 'kube-proxy.json') }) };
}
