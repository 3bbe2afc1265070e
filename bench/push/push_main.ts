// `bazel run //bench/push -- [--write] [--pairs 9]`: 25 images of 60 MB that share 55 MB, to distribution's registry on
// loopback: when it has nothing, when it has all of them, when one image has changed; time, and bytes on the wire. Fathom's
// side is a program of this benchmark (pusher_main.ts): what a verb does when it pushes the images of a stack, without the
// plan and the deploy around it.
import type { Log } from '../../tools/lib/log.ts';
import { peerPath } from '../../tools/oci/testing/peers.ts';
import { scratchFolder } from '../../tools/oci/testing/sample_image.ts';
import { missing, run } from '../builders/builder.ts';
import { startDocker } from '../builders/docker.ts';
import { benchMain } from '../lib/bench.ts';
import { type CompareOptions, type Run, comparePairs, measurementOf } from '../lib/compare.ts';
import type { Comparison, Pair } from '../lib/result.ts';
import { type Change, changedBytes, emptyRegistry, filledRegistry, onChange, timedPush } from './cases.ts';
import { type Pusher, cranePusher, dockerPusher, fathomPusher, skopeoPusher } from './contenders.ts';
import { type BenchImage, IMAGES, changedImage, makeImages } from './images.ts';

const AT_ONCE = 8;
/**
 * Bytes sent are bytes changed. Heads of HTTP are counted as well, a question and its answer for each of 25 images: 1 % is
 * 2 kB for each of them, and no room for any other layer, of which the smallest has 5 MB.
 */
const AS_FEW = 0.99;
const BYTES = 'bytes of one image that has changed';

await benchMain({
  name: 'push',
  description: `${IMAGES} images that share most of their layers, to a registry on loopback.`,
  async run({ pairs, signal, log, only }) {
    await using folder = await scratchFolder();
    log.info('Making the images …');
    const images = await makeImages(folder.path);
    const changed: BenchImage[] = [];
    for (let round = 0; round < pairs; round++) changed.push(await changedImage(folder.path, round + 1));
    const changeOf = (round: number): Change => ({
      before: images,
      after: images.map((image, index) => (index === 0 ? (changed[round] ?? image) : image)),
    });
    const ours = fathomPusher(folder.path);
    const skopeo = await skopeoPusher();
    await using docker = await startDocker(signal);
    const leftOut = [...(skopeo ? [] : [missing('skopeo')]), ...(docker ? [] : [missing('docker', 'docker.io')])];
    for (const text of leftOut) log.warn(`Left out is ${text}`);
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
    const onChangeOf = (pusher: Pusher, unit: 's' | 'bytes') => (round: number) =>
      onChange(folder.path, pusher, changeOf(round), unit);
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
        const name = unit === 's' ? 'one image has changed' : BYTES;
        await compare({ name, peer, unit, run: both((pusher) => onChangeOf(pusher, unit)) });
      }
    }
    await compare({
      ...{ name: BYTES, peer: 'its new layer, configuration and manifest', unit: 'bytes', aim: AS_FEW },
      run: { ours: onChangeOf(ours, 'bytes'), peer: async (round) => changedBytes(changeOf(round)) },
    });
    const own = comparisons.find(({ name }) => name === 'all is there')?.pairs.map((pair) => pair.ours) ?? [];
    const measurements =
      own.length === 0 ? [] : [measurementOf(own, { name: `${IMAGES} images that are there`, unit: 's', aim: 1 })];
    const others = leftOut.length === 0 ? {} : { 'left out': leftOut.join('; ') };
    return { versions: { registry: await registryVersion(signal), ...others }, comparisons, measurements };
  },
});

function said(log: Log, { name, peer, unit }: Pick<CompareOptions, 'name' | 'peer' | 'unit'>) {
  return (pair: Pair) =>
    log.info(`${name}, ${peer}: ${pair.ours.toFixed(3)} against ${pair.peer.toFixed(3)} ${unit ?? 's'}`);
}

/** What the program says after its own name and its module's: `…/registry github.com/distribution/distribution/v3 v3.1.2`. */
async function registryVersion(signal: AbortSignal): Promise<string> {
  const output = await run(peerPath('OCI_REGISTRY_3'), ['--version'], { signal });
  return `distribution ${/ v(\S+)\s*$/.exec(output)?.[1] ?? 'that names no version'}`;
}
