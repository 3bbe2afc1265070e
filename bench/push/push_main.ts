// `bazel run //bench/push -- [--write] [--pairs 9]`: 25 images of 60 MB that share 55 MB, to distribution's registry on
// loopback: when it has nothing, when it has all of them, when one image has changed; time, and bytes on the wire.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../../tools/lib/log.ts';
import { peerPath } from '../../tools/oci/testing/peers.ts';
import { startRealRegistry } from '../../tools/oci/testing/real_registry.ts';
import { scratchFolder } from '../../tools/oci/testing/sample_image.ts';
import { missing } from '../builders/builder.ts';
import { startDocker } from '../builders/docker.ts';
import { benchMain } from '../lib/bench.ts';
import { type CompareOptions, type Run, comparePairs, measurementOf } from '../lib/compare.ts';
import type { Comparison, Pair } from '../lib/result.ts';
import { type Pusher, cranePusher, dockerPusher, fathomPusher, skopeoPusher } from './contenders.ts';
import { countingProxy } from './counting_proxy.ts';
import { type BenchImage, IMAGES, changedImage, makeImages } from './images.ts';

const AT_ONCE = 8;

await benchMain({
  name: 'push',
  description: `${IMAGES} images that share most of their layers, to a registry on loopback.`,
  async run({ pairs, signal, log, only }) {
    await using folder = await scratchFolder();
    log.info('Making the images …');
    const images = await makeImages(folder.path);
    const changed: BenchImage[] = [];
    for (let round = 0; round < pairs; round++) changed.push(await changedImage(folder.path, round + 1));
    const ours = fathomPusher(folder.path);
    const skopeo = await skopeoPusher();
    if (skopeo === undefined) log.warn(`Not compared with ${missing('skopeo')}`);
    await using docker = await startDocker(signal);
    if (docker === undefined) log.warn(`Not compared with ${missing('docker', 'docker.io')}`);
    const rivals = [
      await cranePusher(1),
      await cranePusher(AT_ONCE),
      ...(skopeo === undefined ? [] : [skopeo]),
      ...(docker === undefined ? [] : [dockerPusher(docker, signal)]),
    ];
    const comparisons: Comparison[] = [];
    const compare = async (options: Pick<CompareOptions, 'name' | 'peer' | 'aim' | 'unit' | 'run'>) => {
      if (only !== undefined && !options.name.includes(only)) return;
      comparisons.push(await comparePairs({ ...options, pairs, signal, onPair: said(log, options) }));
    };
    for (const rival of rivals) {
      const { name: peer } = rival;
      const both = (runOf: (pusher: Pusher) => Run) => ({ ours: runOf(ours), peer: runOf(rival) });
      const cold = both((pusher) => () => emptyRegistry(folder.path, (to) => timedPush(pusher, images, to)));
      await compare({ name: 'nothing is there', peer, aim: 1, run: cold });
      // What one has pushed is not there for the other: Docker makes layers of its own, by the same tags.
      await filledRegistry(folder.path, ours, images, (mine) =>
        filledRegistry(folder.path, rival, images, async (theirs) => {
          const again = both((pusher) => () => timedPush(pusher, images, pusher === ours ? mine : theirs));
          await compare({ name: 'all is there', peer, run: again });
        }),
      );
      for (const unit of ['s', 'bytes'] as const) {
        const run = both((pusher) => (round) => onChange(folder.path, pusher, { images, changed, round, unit }));
        const name = unit === 's' ? 'one image has changed' : 'bytes of one image that has changed';
        await compare({ name, peer, unit, run });
      }
    }
    const own = comparisons.find(({ name }) => name === 'all is there')?.pairs.map((pair) => pair.ours) ?? [];
    const measurements =
      own.length === 0 ? [] : [measurementOf(own, { name: `${IMAGES} images that are there`, unit: 's', aim: 1 })];
    return { versions: { registry: 'distribution 3' }, comparisons, measurements };
  },
});

function said(log: Log, { name, peer, unit }: Pick<CompareOptions, 'name' | 'peer' | 'unit'>) {
  return (pair: Pair) =>
    log.info(`${name}, ${peer}: ${pair.ours.toFixed(3)} against ${pair.peer.toFixed(3)} ${unit ?? 's'}`);
}

async function timedPush(pusher: Pusher, images: readonly BenchImage[], endpoint: string): Promise<number> {
  await pusher.prepare?.(images, endpoint);
  const startMs = performance.now();
  await pusher.push(images, endpoint);
  return (performance.now() - startMs) / 1000;
}

/** A registry that has nothing, for the time of `use`. */
async function emptyRegistry<T>(folder: string, use: (endpoint: string) => Promise<T>): Promise<T> {
  const place = await mkdtemp(join(folder, 'registry-'));
  await mkdir(place, { recursive: true });
  try {
    await using registry = await startRealRegistry(peerPath('OCI_REGISTRY_3'), place);
    return await use(registry.endpoint);
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

/** A registry that has what `pusher` has pushed, for the time of `use`. */
function filledRegistry(
  folder: string,
  pusher: Pusher,
  images: readonly BenchImage[],
  use: (endpoint: string) => Promise<void>,
): Promise<void> {
  return emptyRegistry(folder, async (endpoint) => {
    await timedPush(pusher, images, endpoint);
    await use(endpoint);
  });
}

interface Change {
  readonly images: readonly BenchImage[];
  readonly changed: readonly BenchImage[];
  readonly round: number;
  readonly unit: 's' | 'bytes';
}

/** A push of all images, of which the registry lacks the newest first one. */
function onChange(folder: string, pusher: Pusher, { images, changed, round, unit }: Change): Promise<number> {
  return emptyRegistry(folder, async (endpoint) => {
    await timedPush(pusher, images, endpoint);
    const now = images.map((image, index) => (index === 0 ? (changed[round] ?? image) : image));
    if (unit === 's') return timedPush(pusher, now, endpoint);
    await using proxy = await countingProxy(endpoint);
    await timedPush(pusher, now, proxy.endpoint);
    return proxy.take();
  });
}
