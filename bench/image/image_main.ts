// `bazel run //bench/image -- [--write] [--pairs 9]`: an image built anew after one line of one file, with an image of
// 100 MB or of 1 GB below it: Bazel with Fathom's rules, warm, against Docker and buildah of Debian and their caches; a
// program in Go against ko.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createWorkspace } from '../../tools/ci/services/workspace.ts';
import { peerPath } from '../../tools/oci/testing/peers.ts';
import { startRealRegistry } from '../../tools/oci/testing/real_registry.ts';
import { scratchFolder } from '../../tools/oci/testing/sample_image.ts';
import { createBuildah } from '../builders/buildah.ts';
import { missing } from '../builders/builder.ts';
import { startDocker } from '../builders/docker.ts';
import { type BenchContext, benchMain } from '../lib/bench.ts';
import { comparePairs, measurementOf } from '../lib/compare.ts';
import type { Comparison, Measurement, Pair } from '../lib/result.ts';
import { timed } from '../lib/timed.ts';
import { bazelVersion } from '../testbed/bazel.ts';
import { fathomGoSide, koSide } from './go_sides.ts';
import { GO_LOADS } from './go_sources.ts';
import { type Side, buildTools, dockerfileSide, fathomSide } from './sides.ts';
import { BELOW, type Below } from './sources.ts';

const AIM_S = 0.5;
/** Whatever is below: a tenth is what the machine's mood is good for. */
const INDEPENDENT = 1 / 1.1;
const WARM_UPS = 3;

await benchMain({
  name: 'image',
  description: 'An image built anew after one line, with a small and a large image below it.',
  async run(context) {
    const { root, env, signal, log } = context;
    await using folder = await scratchFolder();
    await using docker = await startDocker(signal);
    await using buildah = await createBuildah(signal);
    const leftOut = [...(docker ? [] : [missing('docker', 'docker.io')]), ...(buildah ? [] : [missing('buildah')])];
    for (const text of leftOut) log.warn(`Left out is ${text}`);
    await using registry = await startRealRegistry(peerPath('OCI_REGISTRY_3'), folder.path);
    const workspace = await createWorkspace(root, env, GO_LOADS);
    try {
      await buildTools(workspace);
      const peers: Side[] = [];
      for (const builder of [docker, buildah]) {
        if (builder === undefined) continue;
        const place = join(folder.path, `peer${peers.length}`);
        await mkdir(place);
        peers.push(dockerfileSide(builder, place));
      }
      const koPlace = join(folder.path, 'ko');
      await mkdir(koPlace);
      const ours = fathomSide(workspace);
      const contests: readonly Contest[] = [
        { what: 'one line', ours, peers },
        { what: 'one line of Go', ours: fathomGoSide(workspace), peers: [await koSide(registry, koPlace, signal)] },
      ];
      const found: Found = { comparisons: [], measurements: [] };
      for (const contest of contests) await compareAll(contest, context, found);
      await compareBelow(ours, context, found);
      const others = leftOut.length === 0 ? {} : { 'left out': leftOut.join('; ') };
      return { versions: { bazel: await bazelVersion(workspace), ...others }, ...found };
    } finally {
      await workspace.end();
    }
  },
});

interface Contest {
  readonly what: string;
  readonly ours: Side;
  readonly peers: readonly Side[];
}

interface Found {
  readonly comparisons: Comparison[];
  readonly measurements: Measurement[];
}

async function compareAll({ what, ours, peers }: Contest, context: BenchContext, found: Found): Promise<void> {
  const { pairs, signal, log, only } = context;
  for (const below of BELOW) {
    const name = `${what}, ${below.name} below`;
    if (only !== undefined && !name.includes(only)) continue;
    for (const side of [ours, ...peers]) {
      log.info(`${side.name}: making the image of ${name} …`);
      await side.prepare(below);
      await warmUp(side, below);
    }
    const own: number[] = [];
    const run = async (round: number) => {
      const seconds = await oneLine(ours, below, `${round} ${own.length}`);
      own.push(seconds);
      return seconds;
    };
    for (const peer of peers) {
      const theirs = (round: number) => oneLine(peer, below, `${round} p`);
      found.comparisons.push(
        await comparePairs({
          name,
          peer: peer.name,
          pairs,
          signal,
          onPair: said(log, name, peer.name),
          run: { ours: run, peer: theirs },
        }),
      );
    }
    if (own.length > 0) found.measurements.push(measurementOf(own, { name, unit: 's', aim: AIM_S }));
  }
}

/** Whether what is below costs anything. */
async function compareBelow(ours: Side, { pairs, signal, log, only }: BenchContext, found: Found): Promise<void> {
  const [small, large] = BELOW;
  const name = 'one line, with 1 GB below against 100 MB';
  if (small === undefined || large === undefined || (only !== undefined && !name.includes(only))) return;
  for (const below of BELOW) {
    await ours.prepare(below);
    await warmUp(ours, below);
  }
  const peer = 'fathom with 100 MB below';
  const runOf = (below: Below) => (round: number) => oneLine(ours, below, `${round} of ${below.folder}`);
  const run = { ours: runOf(large), peer: runOf(small) };
  const onPair = said(log, name, peer);
  // A tenth of so little is a hundredth of a second: it takes many pairs to tell it from chance.
  found.comparisons.push(await comparePairs({ name, peer, pairs: pairs * 5, signal, run, aim: INDEPENDENT, onPair }));
}

function said(log: BenchContext['log'], name: string, peer: string) {
  return (pair: Pair) => log.info(`${name}, ${peer}: ${pair.ours.toFixed(3)} s, ${pair.peer.toFixed(3)} s`);
}

/** What a side does at its first times, as to read files from the disk or to compile its own code, is no part of it. */
async function warmUp(side: Side, below: Below): Promise<void> {
  for (let round = 0; round < WARM_UPS; round++) await oneLine(side, below, `warm-up ${round}`);
}

/** Seconds from the saved line to the image that has it. */
async function oneLine(side: Side, below: Below, version: string): Promise<number> {
  await side.write(below, version);
  const seconds = await timed(() => side.build(below));
  // Whoever did nothing is not compared.
  if (!(await side.built(below)).includes(side.lineOf(version))) {
    throw new Error(`${side.name} has not built what was written`);
  }
  return seconds;
}
