// Brings a cluster up. Each step looks first, acts where something is missing, and may be repeated.
import { createHash } from 'node:crypto';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Log, step } from '../../lib/log.ts';
import { runfile } from '../../lib/runfiles.ts';
import { clusterFolder, writeClusterState, type ClusterState } from '../../lib/state.ts';
import { waitForApi } from './api.ts';
import { certificateRequests } from './certificate_requests.ts';
import { ensureCertificates } from './certificates.ts';
import { cgroupRootOf, nodeName } from './names.ts';
import { configFiles } from './configs.ts';
import { type Kit, installPrograms } from './kit.ts';
import { kubeconfig } from './kubeconfig.ts';
import { type Layout, layoutOf } from './layout.ts';
import { systemManifests } from './manifests.ts';
import { API_PORT, type ClusterNetwork, REGISTRY_NODE_PORT, clusterNetwork } from './network.ts';
import { insideNode, isNodeRunning, startNode, stopNode } from './node.ts';
import { run } from './run.ts';

/** Options of {@link up}. */
export interface UpOptions {
  readonly cluster: string;
  readonly kit: Kit;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Starts the cluster, or makes sure that it runs; resolves to its state once DNS and storage serve. */
export async function up(options: UpOptions): Promise<ClusterState> {
  const { cluster, kit, log, signal, env = process.env } = options;
  const layout = layoutOf(clusterFolder(cluster, env));
  for (const folder of [layout.root, layout.config, layout.logs, layout.data])
    await mkdir(folder, { recursive: true, mode: 0o700 });
  const network = await clusterNetwork(layout.network, layout.root);
  const endpoint = `${network.nodeAddress}:${REGISTRY_NODE_PORT}`;
  const state: ClusterState = {
    version: 1,
    name: cluster,
    provider: 'embedded',
    kubeconfig: layout.kubeconfig,
    registry: { reference: kit.registryReference, endpoint, plainHttp: true },
  };
  const changed = await writeFiles(options, layout, network);
  if (changed && (await isNodeRunning(layout))) {
    log.info('The node starts anew: its programs or their configuration changed');
    await stopNode(layout, network, cgroupRootOf(layout.root));
  }
  if (!(await isNodeRunning(layout))) {
    await step('Starting the node', () => startNode(layout, network, signal), { log });
  }
  const url = `https://${network.nodeAddress}:${API_PORT}`;
  await step(
    'Waiting for the API server',
    () => waitForApi({ url, certificates: layout.certificates, timeoutMs: 120_000, signal, logs: layout.logs }),
    { log },
  );
  await importImages(kit, layout, log, signal);
  await step('Setting up DNS and storage', () => applySystem(kit, layout, endpoint, signal), { log });
  await writeClusterState(state, env);
  return state;
}

/** Programs, certificates and configuration; resolves to whether a running node has to start anew. */
async function writeFiles({ cluster, kit }: UpOptions, layout: Layout, network: ClusterNetwork): Promise<boolean> {
  const node = nodeName(cluster);
  await installPrograms(kit, layout.bin);
  await ensureCertificates(layout.certificates, certificateRequests(network, node));
  const server = `https://${network.nodeAddress}:${API_PORT}`;
  const context = `fathom-${cluster}`;
  const component = (user: string) => kubeconfig({ server, certificates: layout.certificates, user, context });
  const files = new Map(
    configFiles({
      layout,
      network,
      node,
      cgroupRoot: cgroupRootOf(layout.root),
      pauseImage: imageName(kit, 'pause'),
      registryReference: kit.registryReference,
    }),
  );
  files.set('node.json', `${JSON.stringify({ node, cgroupRoot: cgroupRootOf(layout.root) })}\n`);
  for (const user of ['controller-manager', 'scheduler', 'kubelet', 'kube-proxy'])
    files.set(`${user}.kubeconfig`, await component(user));
  await writeFile(layout.kubeconfig, await component('admin'), { mode: 0o600 });
  for (const [name, content] of files) {
    const path = join(layout.config, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content, { mode: 0o600 });
  }
  const hash = createHash('sha256');
  for (const [name, content] of [...files].sort()) hash.update(`${name}\0${content}\0`);
  for (const name of Object.keys(kit.programs).sort())
    hash.update(`${name} ${(await stat(join(layout.bin, name))).mtimeMs}\0`);
  const record = join(layout.root, 'files.digest');
  const digest = hash.digest('hex');
  const before = await readFile(record, 'utf8').catch(() => '');
  await writeFile(record, digest);
  return before !== digest;
}

/** The name of an image of the kit by its repository's last part. */
function imageName(kit: Kit, name: string): string {
  const image = kit.images.find((candidate) => basename(candidate.name.split(':')[0] ?? '') === name);
  if (image === undefined) throw new Error(`the kit has no image ${name}`);
  return image.name;
}

/** Loads the images that must exist before there is a registry; those that the node has already are left out. */
async function importImages(kit: Kit, layout: Layout, log: Log, signal: AbortSignal): Promise<void> {
  const record = join(layout.data, 'images.json');
  const loaded: Record<string, string> = JSON.parse(await readFile(record, 'utf8').catch(() => '{}'));
  for (const image of kit.images) {
    const file = runfile(image.file);
    const { size, mtimeMs } = await stat(file);
    const version = `${size} ${mtimeMs}`;
    if (loaded[image.name] === version) continue;
    await step(
      `Loading image ${image.name}`,
      async () => {
        const inside = await insideNode(layout);
        const ctr = [join(layout.bin, 'ctr'), '--address=/run/containerd/containerd.sock', '--namespace=k8s.io'];
        await retryUntil(
          () =>
            run([...inside, ...ctr, 'images', 'import', '--no-unpack=false', file] as [string, ...string[]], {
              signal,
              timeoutMs: 60_000,
            }),
          20_000,
        );
      },
      { log },
    );
    loaded[image.name] = version;
    await writeFile(record, JSON.stringify(loaded));
  }
}

/** Repeats `work` until it succeeds, for as long as containerd may take to listen. */
async function retryUntil<T>(work: () => Promise<T>, timeoutMs: number): Promise<T> {
  const deadlineMs = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() > deadlineMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function applySystem(kit: Kit, layout: Layout, registryEndpoint: string, signal: AbortSignal): Promise<void> {
  const images = {
    coredns: imageName(kit, 'coredns'),
    provisioner: imageName(kit, 'local_path_provisioner'),
    busybox: imageName(kit, 'busybox'),
  };
  const manifests = systemManifests({
    images,
    volumes: join(layout.data, 'volumes'),
    registryEndpoint,
    registryReference: kit.registryReference,
  });
  const kubectl = [join(layout.bin, 'kubectl'), `--kubeconfig=${layout.kubeconfig}`];
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests });
  await mkdir(join(layout.data, 'volumes'), { recursive: true, mode: 0o755 });
  await run(
    [
      ...kubectl,
      'apply',
      '--server-side',
      '--field-manager=fathom-cluster',
      '--force-conflicts',
      '-f',
      '-',
    ] as unknown as [string, ...string[]],
    { input, signal, timeoutMs: 60_000 },
  );
  await run(
    [...kubectl, 'wait', '--for=condition=Ready', 'node', '--all', '--timeout=90s'] as unknown as [string, ...string[]],
    { signal, timeoutMs: 100_000 },
  );
  for (const [namespace, name] of [
    ['kube-system', 'coredns'],
    ['local-path-storage', 'local-path-provisioner'],
  ]) {
    await run(
      [
        ...kubectl,
        'rollout',
        'status',
        `deployment/${name}`,
        `--namespace=${namespace}`,
        '--timeout=90s',
      ] as unknown as [string, ...string[]],
      { signal, timeoutMs: 100_000 },
    );
  }
}
