// Images for the nodes of an embedded cluster that come from a file.
import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { ToolError } from '../../lib/errors.ts';
import { step, type Log } from '../../lib/log.ts';
import { run } from '../init/run.ts';
import { layoutOf, type Layout } from './layout.ts';
import { NODE_KIT } from './node.ts';
import { CONTAINERD_SOCKET } from './node_config.ts';
import { commandLines, type CommandLine } from './pid_record.ts';
import { runningNodes } from './plan.ts';
import { statusEmbedded } from './status.ts';

const TIMEOUT_MS = 300_000;

/** Options of {@link loadEmbedded}. */
export interface LoadOptions {
  /** The cluster's state folder. */
  readonly folder: string;
  /** An archive as `docker save` and oci_load write it. */
  readonly tar: string;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Gives the archive's images to every node that runs; returns their names. Throws CLUSTER_LOAD. */
export async function loadEmbedded({ folder, tar, log, signal }: LoadOptions): Promise<readonly string[]> {
  const layout = layoutOf(folder);
  const status = await statusEmbedded(folder);
  if (status?.running !== true) {
    throw new ToolError('CLUSTER_NOT_UP', `Loading ${tar}: the cluster does not run`, { hint: 'Run `./fathom up`.' });
  }
  const references = await referencesOf(tar, signal);
  for (const { name } of runningNodes(status.plan)) {
    await step(`Loading ${tar} into ${name}`, () => importInto(layout, name, { tar, signal }), { log });
  }
  return references;
}

const HINT = 'It must be an archive of images that have names, as `docker save` and the targets of oci_load write it.';
const IMAGE_NAME = 'io.containerd.image.name';

/** The names of the images in an archive: an OCI layout, or what `docker save` writes. */
async function referencesOf(tar: string, signal: AbortSignal): Promise<readonly string[]> {
  const read = async (name: string): Promise<unknown> => {
    const command = ['tar', '--extract', '--to-stdout', `--file=${tar}`, name];
    return JSON.parse(await run(command, { signal, timeoutMs: TIMEOUT_MS }));
  };
  const names = await read('index.json')
    .then(namesInLayout)
    .catch(() => [])
    .then(async (found) => (found.length > 0 ? found : namesInDockerArchive(await read('manifest.json'))))
    .catch((cause: unknown) => {
      throw new ToolError('CLUSTER_LOAD', `Loading ${tar}: it is no archive of images`, { cause, hint: HINT });
    });
  if (names.length > 0) return names;
  throw new ToolError('CLUSTER_LOAD', `Loading ${tar}: none of its images has a name`, { hint: HINT });
}

function namesInLayout(index: unknown): readonly string[] {
  const { manifests } = index as { readonly manifests: readonly { readonly annotations?: Record<string, string> }[] };
  return manifests.flatMap(({ annotations }) => annotations?.[IMAGE_NAME] ?? []);
}

function namesInDockerArchive(manifest: unknown): readonly string[] {
  const images = manifest as readonly { readonly RepoTags?: readonly string[] | null }[];
  return images.flatMap(({ RepoTags }) => RepoTags ?? []);
}

async function importInto(
  layout: Layout,
  node: string,
  { tar, signal }: Pick<LoadOptions, 'tar' | 'signal'>,
): Promise<void> {
  const fail = (why: string) =>
    new ToolError('CLUSTER_LOAD', `Loading ${tar} into ${node}: ${why}`, {
      hint: `${HINT} \`./fathom status\` shows whether the node runs.`,
    });
  const pid = initPidOf(layout, node);
  if (pid === undefined) throw fail('its machine does not run');
  const ctr = [`${NODE_KIT}/bin/ctr`, '--address', CONTAINERD_SOCKET, '--namespace', 'k8s.io'];
  // The node has a /tmp of its own: the archive comes by the standard input.
  const archive = await open(tar);
  try {
    const child = spawn(
      'nsenter',
      [`--target=${pid}`, '--mount', '--net', '--pid', '--', ...ctr, 'images', 'import', '-'],
      {
        stdio: [archive.fd, 'ignore', 'pipe'],
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      },
    );
    let stderr = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
    if (code !== 0) throw fail(stderr.trim().split('\n').at(-1) || `ctr exited with ${code}`);
  } finally {
    await archive.close();
  }
}

/** The first process of a node's machine, as the host counts it: the one that was started from its spec. */
function initPidOf(layout: Layout, node: string): number | undefined {
  const isInit = ({ words }: CommandLine) =>
    words[0]?.endsWith('/bin/tini') === true && words.at(-1) === layout.spec(node);
  return commandLines().find(isInit)?.pid;
}
