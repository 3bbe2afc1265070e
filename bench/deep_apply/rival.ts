// What people use in Fathom's place: processes that end when all is ready, on the same images and manifests.
import { constants, copyFile, mkdir, mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { digestOf } from '../../tools/lib/digest.ts';
import { mapLimited } from '../../tools/lib/limit.ts';
import { readImage } from '../../tools/oci/index.ts';
import { peerPath } from '../../tools/oci/testing/peers.ts';
import { measure } from '../lib/measure.ts';
import type { BenchCluster } from '../testbed/cluster.ts';
import { runProgram } from '../testbed/program.ts';
import { type Place, writeState } from '../testbed/state.ts';
import type { Contender, Stack } from './contenders.ts';

/** Processes at once, of those that wait for one Deployment each. */
const WAITING_AT_ONCE = 8;
/** So many Deployments one `kubectl rollout status` asks for before it keeps to five requests a second. */
const KUBECTL_BURST = 10;

/** Options of {@link craneAndKubectl}. */
export interface RivalOptions {
  readonly cluster: BenchCluster;
  /** A registry that nobody looks into, for what is prepared. */
  readonly other: string;
  /**
   * One `kubectl rollout status` for all Deployments, as people write it, which keeps to five requests a second by itself
   * after the first ten; or a process for each, eight at once.
   */
  readonly waits: 'together' | 'one by one';
}

/** crane for one image after the other, as rules_k8s pushes; kubectl of the same Kubernetes. */
export async function craneAndKubectl({ cluster, other, waits }: RivalOptions): Promise<Contender> {
  const crane = peerPath('CRANE');
  const home = await mkdtemp(join(cluster.server.folder, 'kubectl-'));
  const program = join(home, 'kubectl');
  await symlink(peerPath('KUBERNETES'), program);
  const kubectl = (...args: readonly string[]) =>
    runProgram(program, ['--kubeconfig', cluster.kubeconfig, ...args], { env: { HOME: home } });
  const version = (await runProgram(crane, ['version'])).trim();
  const made = new Set<string>();
  const deployments = new Map<string, readonly string[]>();
  return {
    name: `crane ${version} by image, kubectl apply --server-side, rollout status${waits === 'together' ? '' : ' for each, 8 at once'}`,
    note: (services) =>
      waits === 'together' && services > KUBECTL_BURST
        ? 'one kubectl rollout status for all keeps itself to five requests a second after the first ten, which is a part of its time'
        : undefined,
    async prepare(stack, place) {
      await writeManifests(stack, { ...place, registry: other });
      if (waits === 'one by one') deployments.set(place.folder, await namesOf(place.folder));
      await Promise.all(stack.packages.map((path) => writeLayout(stack, path, place)));
    },
    deploy: (stack, { folder, namespace, registry }) =>
      measure(async () => {
        if (!made.has(namespace)) await kubectl('create', 'namespace', namespace);
        made.add(namespace);
        for (const path of stack.packages)
          await runProgram(crane, ['push', '--insecure', join(folder, 'layouts', path), `${registry}/${path}:latest`]);
        await kubectl('apply', '--server-side', '--namespace', namespace, '-f', join(folder, 'all.json'));
        const wait = ['rollout', 'status', '--namespace', namespace, '--timeout=10m'];
        if (waits === 'together') await kubectl(...wait, '-f', join(folder, 'deployments.json'));
        else {
          const names = deployments.get(folder) ?? [];
          await mapLimited(names, WAITING_AT_ONCE, (name) => kubectl(...wait, `deployment/${name}`));
        }
      }),
  };
}

/** What Fathom's `resolve` prints for this namespace: the very same objects, digests included. */
async function writeManifests(stack: Stack, place: Place): Promise<void> {
  const text = await runProgram(`${stack.verb}.resolve`, [], { env: await writeState(place) });
  await writeFile(join(place.folder, 'all.json'), text);
  const isDeployment = (document: string) => /^kind: Deployment$/m.test(document);
  await writeFile(join(place.folder, 'deployments.json'), text.split(/^---$/m).filter(isDeployment).join('---\n'));
}

async function namesOf(folder: string): Promise<readonly string[]> {
  const text = await readFile(join(folder, 'deployments.json'), 'utf8');
  return parseAllDocuments(text).map((document) => String(document.getIn(['metadata', 'name'])));
}

/** An image as an OCI layout, which is what crane reads. */
async function writeLayout(stack: Stack, path: string, { folder }: Place): Promise<void> {
  const layout = join(folder, 'layouts', path);
  const blobs = join(layout, 'blobs/sha256');
  await mkdir(blobs, { recursive: true });
  const runfiles = `${stack.verb}.apply.runfiles`;
  const image = await readImage(join(runfiles, 'services', path, 'image.json'), (name) => join(runfiles, name));
  for (const blob of [image.manifest, image.config, ...image.layers]) {
    const copy = join(blobs, blob.digest.slice('sha256:'.length));
    // crane takes no links.
    await copyFile(blob.path, copy, constants.COPYFILE_EXCL).catch(ignoreExisting);
  }
  const { mediaType, digest, size } = image.manifest;
  if (digestOf(await readFile(image.manifest.path)) !== digest) throw new Error(`${path} is not what it says`);
  await writeFile(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  await writeFile(
    join(layout, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [{ mediaType, digest, size }] }),
  );
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
