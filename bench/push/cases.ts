// What is timed and what is counted: pushes to registries that have nothing, all, or all but what has changed.
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { imageBlobs } from '../../tools/oci/image/oci_image.ts';
import { peerPath } from '../../tools/oci/testing/peers.ts';
import { startRealRegistry } from '../../tools/oci/testing/real_registry.ts';
import { timed } from '../lib/timed.ts';
import type { Pusher } from './contenders.ts';
import { countingProxy } from './counting_proxy.ts';
import type { BenchImage } from './images.ts';
import { checkPushed } from './pushed.ts';

/** Pushes all images and resolves to how long it took, in seconds. */
export async function timedPush(pusher: Pusher, images: readonly BenchImage[], endpoint: string): Promise<number> {
  await pusher.prepare?.(images, endpoint);
  const seconds = await timed(() => pusher.push(images, endpoint));
  await checkPushed(pusher, images, endpoint);
  return seconds;
}

/** Pushes all images and resolves to the bytes that went over the wire, in both directions, with all that HTTP adds. */
async function countedPush(pusher: Pusher, images: readonly BenchImage[], endpoint: string): Promise<number> {
  await using proxy = await countingProxy(endpoint);
  await pusher.prepare?.(images, proxy.endpoint);
  await pusher.push(images, proxy.endpoint);
  const bytes = proxy.take();
  // Past the proxy: who looks is not counted.
  await checkPushed(pusher, images, endpoint);
  return bytes;
}

/** A registry that has nothing, for the time of `use`. */
export async function emptyRegistry<T>(folder: string, use: (endpoint: string) => Promise<T>): Promise<T> {
  const place = await mkdtemp(join(folder, 'registry-'));
  try {
    await using registry = await startRealRegistry(peerPath('OCI_REGISTRY_3'), place);
    return await use(registry.endpoint);
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

/** A registry that has what `pusher` has pushed, for the time of `use`. */
export function filledRegistry<T>(
  folder: string,
  pusher: Pusher,
  images: readonly BenchImage[],
  use: (endpoint: string) => Promise<T>,
): Promise<T> {
  return emptyRegistry(folder, async (endpoint) => {
    await timedPush(pusher, images, endpoint);
    return use(endpoint);
  });
}

/** All images before and after a change. */
export interface Change {
  readonly before: readonly BenchImage[];
  readonly after: readonly BenchImage[];
}

/** What a push of all images takes where the registry has them as they were before. */
export function onChange(
  folder: string,
  pusher: Pusher,
  { before, after }: Change,
  unit: 's' | 'bytes',
): Promise<number> {
  const push = unit === 's' ? timedPush : countedPush;
  return filledRegistry(folder, pusher, before, (endpoint) => push(pusher, after, endpoint));
}

/** The bytes that have changed: blobs that a registry with the images of before lacks, and the manifests that it lacks. */
export function changedBytes({ before, after }: Change): number {
  const partsOf = ({ image }: BenchImage) => [...imageBlobs(image), image.manifest];
  const known = new Set(before.flatMap(partsOf).map(({ digest }) => digest));
  const lacking = new Map(after.flatMap(partsOf).map(({ digest, size }) => [digest, size]));
  return [...lacking].reduce((sum, [digest, size]) => (known.has(digest) ? sum : sum + size), 0);
}
