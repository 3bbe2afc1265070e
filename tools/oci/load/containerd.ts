// An image into a containerd, through its own ctr; of its blobs only those that are missing.
import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ToolError } from '../../lib/errors.ts';
import { imageBlobs, type OciImage } from '../image/oci_image.ts';
import { layoutEntries } from '../image/layout_tar.ts';
import { tarBytes } from '../layer/blob.ts';
import { arrange } from '../layer/entries.ts';
import type { LoadReport } from './docker.ts';

export interface LoadContainerdOptions {
  readonly image: OciImage;
  /** `registry/repository:tag`. */
  readonly names: readonly string[];
  /** The ctr program. */
  readonly ctr: string;
  /** containerd's socket. */
  readonly address: string;
  /** containerd's namespace: Kubernetes looks into `k8s.io`. */
  readonly namespace: string;
  /** Whether to unpack the image at once; else that is done when it is first used. */
  readonly unpack: boolean;
  /** Whether to send blobs that containerd has, too. Default: false. */
  readonly allLayers?: boolean;
  readonly signal: AbortSignal;
}

/** Imports the image. Throws OCI_CTR_FAILED with ctr's own words. */
export async function loadContainerd(options: LoadContainerdOptions): Promise<LoadReport> {
  const { image, names } = options;
  const known = options.allLayers === true ? '' : await ctr(options, ['content', 'list', '--quiet']);
  const present = new Set(known.split('\n'));
  const isPresent = (digest: string) => present.has(digest);
  const archive = tarBytes(await arrange(layoutEntries(image, names, isPresent)));
  await ctr(options, ['images', 'import', ...(options.unpack ? [] : ['--no-unpack']), '-'], archive);
  const sent = imageBlobs(image).filter(({ digest }) => !isPresent(digest) && digest !== image.config.digest);
  return { sentLayers: sent.length, presentLayers: image.layers.length - sent.length };
}

async function ctr(
  options: LoadContainerdOptions,
  args: readonly string[],
  input?: AsyncIterable<Buffer>,
): Promise<string> {
  const { address, namespace, signal } = options;
  const child = spawn(options.ctr, ['--address', address, '--namespace', namespace, ...args], {
    signal,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let [output, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const ended = new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  // ctr may end before it has read everything: then its own words say why.
  const fed = pipeline(input === undefined ? Readable.from([]) : Readable.from(input), child.stdin).catch(
    () => undefined,
  );
  const fail = (problem: string, cause?: unknown) =>
    new ToolError(
      'OCI_CTR_FAILED',
      `Loading the image into containerd at ${address}: ${args[0]} ${args[1]}: ${problem}`,
      {
        cause,
        hint: 'Check that containerd runs there, and name its ctr with --ctr.',
      },
    );
  const code = await ended.catch((error: unknown) => {
    throw fail(`${options.ctr} could not be started`, error);
  });
  await fed;
  if (code !== 0) throw fail(errors.trim() || `exit code ${code}`);
  return output;
}
