// `bazel run //bench/deep_apply -- [--write] [--pairs 7]`: 10, 50 and 200 generated services, each with an image of its own,
// brought up by one `…-deep.apply`: when nothing is there, when all is there, when one service has changed. Against the same
// manifests by crane, kubectl apply and kubectl rollout status. Compared are programs, of what was built before: Bazel is in
// one measurement alone, which says so. It starts a Bazel of its own, an API server with controllers, and registries; KWOK
// answers for the node, so no container is started.
import { createWorkspace } from '../../tools/ci/services/workspace.ts';
import { peerPath } from '../../tools/oci/testing/peers.ts';
import { startRealRegistry } from '../../tools/oci/testing/real_registry.ts';
import { scratchFolder } from '../../tools/oci/testing/sample_image.ts';
import type { BenchContext, BenchOptions } from '../lib/bench.ts';
import { comparePairs, measurementOf } from '../lib/compare.ts';
import type { Comparison, Measurement, Pair } from '../lib/result.ts';
import { bazelVersion } from '../testbed/bazel.ts';
import { startBenchCluster } from '../testbed/cluster.ts';
import { runProgram } from '../testbed/program.ts';
import { PERSONAL, workspaceFiles } from '../testbed/services.ts';
import { type Place, writeState } from '../testbed/state.ts';
import { type Contender, bazelRun, fathom } from './contenders.ts';
import { type RivalOptions, craneAndKubectl } from './rival.ts';
import { CASES, type Case, type Stage, buildStacks, createStage } from './stage.ts';

const SIZES = [10, 50, 200];
/** How many times as many pairs a size has: of what is short, chance is a large part. */
const REPEATS: Readonly<Record<number, number>> = { 10: 3, 50: 2 };
const nameOf = (size: number, one: Case) => `${size} services, ${CASES[one].name}`;
/** What an apply of this many services that finds nothing to do may take, in seconds, for whoever waits for it. */
const AGAIN = { services: 50, aim: 1.5 };
const AGAIN_BY_BAZEL = `${nameOf(AGAIN.services, 'again')}, by bazel run`;

/** What `bazel run //bench/deep_apply` runs. */
export const BENCHMARK: BenchOptions = {
  name: 'deep_apply',
  description: 'Stacks of generated services, brought up by one verb, or by crane and kubectl.',
  pairs: 7,
  async run(context) {
    const isWanted = (name: string) => name.includes(context.only ?? '');
    const casesOf = (size: number) => (Object.keys(CASES) as Case[]).filter((one) => isWanted(nameOf(size, one)));
    const isByBazel = (size: number) => size === AGAIN.services && isWanted(AGAIN_BY_BAZEL);
    const sizes = SIZES.filter((size) => isByBazel(size) || casesOf(size).length > 0);
    if (sizes.length === 0) return { versions: {} };
    await using folder = await scratchFolder();
    await using cluster = await startBenchCluster();
    await using other = await startRealRegistry(peerPath('OCI_REGISTRY_3'), folder.path);
    const byBazel = { cluster, folder: folder.path, namespace: 'bench-by-bazel', registry: other.endpoint };
    // Bazel has its caches in the home that it knows.
    const { HOME: _home, ...state } = await writeState(byBazel);
    const workspace = await createWorkspace(context.root, { ...context.env, ...state });
    try {
      const most = Math.max(...sizes);
      context.log.info(`Building ${most} services …`);
      await workspace.write(workspaceFiles({ count: most, environments: [PERSONAL], stacks: sizes }));
      await buildStacks(workspace, sizes);
      const rivalOf = (waits: RivalOptions['waits']) => craneAndKubectl({ cluster, other: other.endpoint, waits });
      const rivals = [await rivalOf('together'), await rivalOf('one by one')];
      const found: Found = { comparisons: [], measurements: [] };
      for (const size of sizes) {
        await using stage = createStage({ cluster, workspace, size, folder: folder.path });
        for (const rival of rivals) {
          for (const one of casesOf(size)) await compare({ context, stage, size, one, rival }, found);
        }
        if (isByBazel(size)) {
          const seconds = await secondsOf(stage, { contender: bazelRun(workspace), place: byBazel, size, context });
          found.measurements.push(measurementOf(seconds, { name: AGAIN_BY_BAZEL, unit: 's', aim: AGAIN.aim }));
          await cluster.removeNamespace(byBazel.namespace);
        }
        await stage.clear();
      }
      return { versions: { bazel: await bazelVersion(workspace), kwok: await kwokVersion() }, ...found };
    } finally {
      await workspace.end();
    }
  },
};

interface Found {
  readonly comparisons: Comparison[];
  readonly measurements: Measurement[];
}

interface Contest {
  readonly context: BenchContext;
  readonly stage: Stage;
  readonly size: number;
  readonly one: Case;
  readonly rival: Contender;
}

async function compare({ context, stage, size, one, rival }: Contest, found: Found): Promise<void> {
  const name = nameOf(size, one);
  const { aim } = CASES[one];
  const note = rival.note?.(size);
  const sides = { ours: await stage.runOf(one, fathom), peer: await stage.runOf(one, rival) };
  const seconds: number[] = [];
  const megabytes: number[] = [];
  const comparison = await comparePairs({
    ...{ name, peer: rival.name, pairs: context.pairs * (REPEATS[size] ?? 1), signal: context.signal },
    ...(aim === undefined ? {} : { aim }),
    ...(note === undefined ? {} : { note }),
    run: {
      ours: async (round) => {
        const sample = await sides.ours(round);
        seconds.push(sample.seconds);
        megabytes.push(sample.megabytes);
        return sample.seconds;
      },
      peer: async (round) => (await sides.peer(round)).seconds,
    },
    onPair: (pair: Pair) => context.log.info(`${name}: ${pair.ours.toFixed(2)} s, ${pair.peer.toFixed(2)} s`),
  });
  found.comparisons.push(comparison);
  const memory = `memory of the engine: ${name}`;
  if (found.measurements.some((known) => known.name === memory)) return;
  if (one === 'again' && size === AGAIN.services)
    found.measurements.push(measurementOf(seconds, { name, unit: 's', aim: AGAIN.aim }));
  found.measurements.push(measurementOf(megabytes, { name: memory, unit: 'MB' }));
}

interface Alone {
  readonly contender: Contender;
  readonly place: Place;
  readonly size: number;
  readonly context: BenchContext;
}

/** What a contender takes where all is there. */
async function secondsOf(stage: Stage, { contender, place, size, context }: Alone): Promise<readonly number[]> {
  await stage.deploy(contender, place, size);
  const seconds: number[] = [];
  for (let round = 0; round < context.pairs; round++) {
    context.signal.throwIfAborted();
    const sample = await stage.deploy(contender, place, 0);
    context.log.info(`${contender.name}: ${sample.seconds.toFixed(2)} s`);
    seconds.push(sample.seconds);
  }
  return seconds;
}

async function kwokVersion(): Promise<string> {
  const output = await runProgram(peerPath('KWOK'), ['--version']);
  return /version v?(\S+)/.exec(output)?.[1] ?? 'that names no version';
}
