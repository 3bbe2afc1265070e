// Writes everything that a cluster's processes read: certificates, kubeconfigs, configuration, specs.
import { copyFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { digestOf } from '../../lib/digest.ts';
import { kitId } from '../kit.ts';
import { CLUSTER_AUTHORITY, FRONT_PROXY_AUTHORITY, SERVICE_ACCOUNT_KEYS, certificatesOf } from './certificates.ts';
import { clusterSpec } from './cluster_spec.ts';
import { controlPlaneSpec, type Context } from './control_plane.ts';
import { kubeconfig } from './kubeconfig.ts';
import { SPEC_FILE } from './layout.ts';
import { mirrorFiles } from './mirrors.ts';
import { NODE_CONFIG, NODE_KIT, nodeSpec } from './node.ts';
import { nodeFiles } from './node_config.ts';
import { ensurePki } from './pki.ts';
import { API_PORT, addresses, contextName, type NodePlan } from './plan.ts';

/** Options of {@link writeClusterFiles}. */
export interface ClusterFilesOptions extends Context {
  /** The registry's name in manifests. */
  readonly registry: string;
}

/** Writes all files; returns a digest of all that the running processes were started from. */
export async function writeClusterFiles(options: ClusterFilesOptions): Promise<string> {
  const { plan, layout, kit } = options;
  for (const folder of [layout.pki, layout.config, layout.etcd, layout.logs]) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  }
  const certificates = certificatesOf(plan);
  await ensurePki({
    folder: layout.pki,
    authorities: [CLUSTER_AUTHORITY, FRONT_PROXY_AUTHORITY],
    certificates,
    keyPairs: [SERVICE_ACCOUNT_KEYS],
  });
  const content = [kitId(kit.kit)];
  for (const { name } of certificates) content.push(await readFile(join(layout.pki, `${name}.crt`), 'utf8'));
  const write = async (path: string, text: string) => {
    content.push(path, text);
    await writeIfChanged(path, text);
  };
  const loopback = `https://127.0.0.1:${API_PORT}`;
  const control = `https://${addresses.control(plan)}:${API_PORT}`;
  const context = contextName(plan.name);
  const config = (certificate: string, server: string) => kubeconfig({ pki: layout.pki, certificate, server, context });
  await writeIfChanged(layout.kubeconfig, await config('admin', control));
  for (const name of ['controller-manager', 'scheduler']) {
    await write(join(layout.config, `${name}.kubeconfig`), await config(name, loopback));
  }
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  for (const node of plan.nodes) {
    await writeNode(options, node, write, {
      kubelet: await config(`kubelet-${node.name}`, control),
      'kube-proxy': await config('kube-proxy', control),
      'network-policy': await config('network-policy', control),
    });
  }
  for (const [path, text] of Object.entries(mirrorFiles(plan, layout))) await write(path, text);
  // A cluster that runs carries its spec out as soon as it changes: what a new node starts from has to be there.
  await write(layout.spec('control'), json(controlPlaneSpec(options)));
  await write(layout.spec('cluster'), json(clusterSpec(options)));
  return digestOf(content.join('\n'));
}

async function writeNode(
  { plan, layout, kit, registry }: ClusterFilesOptions,
  node: NodePlan,
  write: (path: string, text: string) => Promise<void>,
  kubeconfigs: Readonly<Record<string, string>>,
): Promise<void> {
  const folder = layout.node(node.name);
  // Also the sources of the node's bind mounts.
  for (const name of ['config', 'containerd', 'kubelet', 'volumes', 'log']) {
    await mkdir(join(folder, name), { recursive: true, mode: 0o700 });
  }
  const files = {
    [SPEC_FILE]: `${JSON.stringify(nodeSpec({ plan, layout, kit }, node), null, 2)}\n`,
    ...nodeFiles({ plan, node, kit: kit.kit, registry, kitFolder: NODE_KIT, configFolder: NODE_CONFIG }),
    ...Object.fromEntries(Object.entries(kubeconfigs).map(([name, text]) => [`${name}.kubeconfig`, text])),
  };
  for (const [name, text] of Object.entries(files)) await write(join(folder, 'config', name), text);
  await copyFile(join(layout.pki, 'ca.crt'), join(folder, 'config', 'ca.crt'));
  for (const ending of ['crt', 'key']) {
    await copyFile(join(layout.pki, `kubelet-${node.name}.${ending}`), join(folder, 'config', `kubelet.${ending}`));
  }
}

async function writeIfChanged(path: string, text: string): Promise<void> {
  if ((await readFile(path, 'utf8').catch(() => undefined)) === text) return;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(`${path}.draft`, text, { mode: 0o600 });
  await rename(`${path}.draft`, path);
}
