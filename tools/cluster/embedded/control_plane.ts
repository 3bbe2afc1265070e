// The machine of the control plane: etcd, API server, controller manager, scheduler. Pure.
import { join } from 'node:path';
import type { InstalledKit } from '../kit.ts';
import type { InitSpec } from '../init/spec.ts';
import type { Layout } from './layout.ts';
import { API_PORT, addresses, linkPrefix, type EmbeddedPlan } from './plan.ts';

const ETCD_PORT = 2379;

/** What the parts of a cluster are made from. */
export interface Context {
  readonly plan: EmbeddedPlan;
  readonly layout: Layout;
  readonly kit: InstalledKit;
}

const flags = (values: Readonly<Record<string, string>>) =>
  Object.entries(values).map(([name, value]) => `--${name}=${value}`);

/** The init spec of the control plane. Ports other than the API's are on its own loopback only. */
export function controlPlaneSpec({ plan, layout, kit }: Context): InitSpec {
  const pki = (name: string) => join(layout.pki, name);
  const kubeconfig = (name: string) => join(layout.config, `${name}.kubeconfig`);
  const kubernetes = kit.path('bin/kubernetes');
  const address = addresses.control(plan);
  return {
    version: 1,
    name: 'control',
    reloadFrom: layout.spec('control'),
    logFolder: layout.machineLogs('control'),
    statusFile: layout.status('control'),
    mounts: [{ kind: 'proc', target: '/proc' }],
    sysctls: [],
    awaitLink: 'eth0',
    setup: [
      ['ip', 'link', 'set', 'lo', 'up'],
      ['ip', 'address', 'replace', `${address}/${linkPrefix(plan)}`, 'dev', 'eth0'],
      ['ip', 'link', 'set', 'eth0', 'up'],
      ...plan.nodes.map((node) => [
        'ip',
        'route',
        'replace',
        addresses.nodePods(plan, node),
        'via',
        addresses.node(plan, node),
      ]),
    ],
    services: [
      {
        name: 'etcd',
        command: [kit.path('bin/etcd'), ...etcdFlags(layout, pki)],
        ready: { kind: 'port', host: '127.0.0.1', port: ETCD_PORT },
      },
      {
        name: 'apiserver',
        command: [kubernetes, 'kube-apiserver', ...apiServerFlags(plan, pki)],
        after: ['etcd'],
        // The others must not ask before the roles that allow them to are there.
        ready: {
          kind: 'https',
          url: `https://127.0.0.1:${API_PORT}/readyz`,
          ca: pki('ca.crt'),
          cert: pki('admin.crt'),
          key: pki('admin.key'),
        },
      },
      {
        name: 'controller-manager',
        command: [
          kubernetes,
          'kube-controller-manager',
          ...controllerManagerFlags(plan, { pki, kubeconfig, volumePlugins: join(layout.config, 'volume-plugins') }),
        ],
        after: ['apiserver'],
      },
      {
        name: 'scheduler',
        command: [kubernetes, 'kube-scheduler', ...schedulerFlags(kubeconfig)],
        after: ['apiserver'],
      },
    ],
  };
}

type Named = (name: string) => string;

function etcdFlags(layout: Layout, pki: Named): readonly string[] {
  return flags({
    name: 'control',
    'data-dir': layout.etcd,
    'listen-client-urls': `https://127.0.0.1:${ETCD_PORT}`,
    'advertise-client-urls': `https://127.0.0.1:${ETCD_PORT}`,
    'listen-peer-urls': 'https://127.0.0.1:2380',
    'initial-advertise-peer-urls': 'https://127.0.0.1:2380',
    'initial-cluster': 'control=https://127.0.0.1:2380',
    'client-cert-auth': 'true',
    'trusted-ca-file': pki('ca.crt'),
    'cert-file': pki('etcd.crt'),
    'key-file': pki('etcd.key'),
    'peer-client-cert-auth': 'true',
    'peer-trusted-ca-file': pki('ca.crt'),
    'peer-cert-file': pki('etcd.crt'),
    'peer-key-file': pki('etcd.key'),
    'auto-compaction-retention': '1h',
    'log-level': 'warn',
  });
}

function apiServerFlags(plan: EmbeddedPlan, pki: Named): readonly string[] {
  return flags({
    'advertise-address': addresses.control(plan),
    // All interfaces of its own network namespace: its loopback, and the link to the cluster's switch.
    'bind-address': '0.0.0.0',
    'secure-port': `${API_PORT}`,
    'anonymous-auth': 'false',
    'authorization-mode': 'Node,RBAC',
    'enable-admission-plugins': 'NodeRestriction',
    'allow-privileged': 'true',
    'client-ca-file': pki('ca.crt'),
    'tls-cert-file': pki('apiserver.crt'),
    'tls-private-key-file': pki('apiserver.key'),
    'etcd-servers': `https://127.0.0.1:${ETCD_PORT}`,
    'etcd-cafile': pki('ca.crt'),
    'etcd-certfile': pki('apiserver-etcd-client.crt'),
    'etcd-keyfile': pki('apiserver-etcd-client.key'),
    'kubelet-certificate-authority': pki('ca.crt'),
    'kubelet-client-certificate': pki('apiserver-kubelet-client.crt'),
    'kubelet-client-key': pki('apiserver-kubelet-client.key'),
    'kubelet-preferred-address-types': 'InternalIP',
    'service-cluster-ip-range': plan.serviceSubnet,
    'service-account-issuer': 'https://kubernetes.default.svc.cluster.local',
    'service-account-key-file': pki('service-account.pub'),
    'service-account-signing-key-file': pki('service-account.key'),
    'requestheader-client-ca-file': pki('front-proxy-ca.crt'),
    'requestheader-allowed-names': 'front-proxy-client',
    'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
    'requestheader-group-headers': 'X-Remote-Group',
    'requestheader-username-headers': 'X-Remote-User',
    'proxy-client-cert-file': pki('front-proxy-client.crt'),
    'proxy-client-key-file': pki('front-proxy-client.key'),
    // The control plane has routes to pods but no kube-proxy: webhooks are called at a pod's address.
    'enable-aggregator-routing': 'true',
    profiling: 'false',
  });
}

function controllerManagerFlags(
  plan: EmbeddedPlan,
  {
    pki,
    kubeconfig,
    volumePlugins,
  }: { readonly pki: Named; readonly kubeconfig: Named; readonly volumePlugins: string },
): readonly string[] {
  const config = kubeconfig('controller-manager');
  return flags({
    kubeconfig: config,
    'authentication-kubeconfig': config,
    'authorization-kubeconfig': config,
    'bind-address': '127.0.0.1',
    'cluster-signing-cert-file': pki('ca.crt'),
    'cluster-signing-key-file': pki('ca.key'),
    'root-ca-file': pki('ca.crt'),
    'service-account-private-key-file': pki('service-account.key'),
    'use-service-account-credentials': 'true',
    'cluster-cidr': plan.podSubnet,
    // Each node's range follows from its number in the plan.
    'allocate-node-cidrs': 'false',
    // Its default is a folder of the host, which it would make.
    'flex-volume-plugin-dir': volumePlugins,
    'leader-elect': 'false',
    ...UNHURRIED,
    profiling: 'false',
  });
}

/** The API server is on the same machine and looks after itself: the usual 20 and 50 requests a second only cost time. */
const UNHURRIED = { 'kube-api-qps': '500', 'kube-api-burst': '1000' };

function schedulerFlags(kubeconfig: Named): readonly string[] {
  const config = kubeconfig('scheduler');
  return flags({
    kubeconfig: config,
    'authentication-kubeconfig': config,
    'authorization-kubeconfig': config,
    'bind-address': '127.0.0.1',
    'leader-elect': 'false',
    ...UNHURRIED,
    profiling: 'false',
  });
}
