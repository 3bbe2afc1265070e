// `bazel run //bench/deep_apply -- [--write] [--pairs 7]`: 10, 50 and 200 generated services, each with an image of its own,
// brought up by one `…-deep.apply`: when nothing is there, when all is there, when one service has changed. Against the same
// manifests by crane, kubectl apply and kubectl rollout status. It starts a Bazel of its own, an API server with
// controllers, and registries; KWOK answers for the node, so no container is started.
import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { type Workspace, createWorkspace } from '../../tools/ci/services/workspace.ts';
import { peerPath } from '../../tools/oci/testing/peers.ts';
import { startRealRegistry } from '../../tools/oci/testing/real_registry.ts';
import { scratchFolder } from '../../tools/oci/testing/sample_image.ts';
import type { BenchContext, BenchOptions } from '../lib/bench.ts';
import { comparePairs, measurementOf } from '../lib/compare.ts';
import type { Sample } from '../lib/measure.ts';
import type { Comparison, Measurement, Pair } from '../lib/result.ts';
import { runBazel } from '../testbed/bazel.ts';
import { type BenchCluster, startBenchCluster } from '../testbed/cluster.ts';
import { PERSONAL, changedService, packageOf, stackOf, workspaceFiles } from '../testbed/services.ts';
import type { Place } from '../testbed/state.ts';
import { type Contender, type RivalOptions, type Stack, craneAndKubectl, fathom } from './contenders.ts';

const SIZES = [10, 50, 200];
const CASES = {
  cold: { name: 'nothing is there', aim: 3 },
  again: { name: 'all is there', aim: 10 },
  change: { name: 'one service has changed', aim: undefined },
} as const;
type Case = keyof typeof CASES;
/** What an apply of this many services that finds nothing to do may take, in seconds. */
const AGAIN = { services: 50, aim: 1.5 };

const nameOf = (size: number, one: Case) => `${size} services, ${CASES[one].name}`;

/** What `bazel run //bench/deep_apply` runs. */
export const BENCHMARK: BenchOptions = {
  name: 'deep_apply',
  description: 'Stacks of generated services, brought up by one verb, or by crane and kubectl.',
  pairs: 7,
  async run(context) {
    const isWanted = (size: number, one: Case) => nameOf(size, one).includes(context.only ?? '');
    const cases = Object.keys(CASES) as Case[];
    const sizes = SIZES.filter((size) => cases.some((one) => isWanted(size, one)));
    await using folder = await scratchFolder();
    const workspace = await createWorkspace(context.root, context.env);
    try {
      const most = Math.max(...sizes);
      context.log.info(`Building ${most} services …`);
      await workspace.write(workspaceFiles({ count: most, environments: [PERSONAL], stacks: sizes }));
      await build(workspace, sizes);
      await using cluster = await startBenchCluster();
      await using other = await startRealRegistry(peerPath('OCI_REGISTRY_3'), folder.path);
      const rival = (waits: RivalOptions['waits']) => craneAndKubectl({ cluster, other: other.endpoint, waits });
      const rivals = [
        { rival: await rival('together'), of: SIZES },
        { rival: await rival('one by one'), of: [AGAIN.services] },
      ];
      const comparisons: Comparison[] = [];
      const measurements: Measurement[] = [];
      for (const size of sizes) {
        const stage = createStage({ context, cluster, workspace, size, folder: folder.path });
        const runs = rivals
          .filter(({ of }) => of.includes(size))
          .flatMap((each) => cases.map((one) => ({ rival: each.rival, one })));
        for (const { rival, one } of runs.filter((each) => isWanted(size, each.one))) {
          const { aim } = CASES[one];
          const sides = { ours: await stage.runOf(one, fathom), peer: await stage.runOf(one, rival) };
          const seconds: number[] = [];
          const megabytes: number[] = [];
          const found = await comparePairs({
            ...{ name: nameOf(size, one), peer: rival.name, pairs: context.pairs, signal: context.signal },
            ...(aim === undefined ? {} : { aim }),
            run: {
              ours: async (round) => {
                const sample = await sides.ours(round);
                seconds.push(sample.seconds);
                megabytes.push(sample.megabytes);
                return sample.seconds;
              },
              peer: async (round) => (await sides.peer(round)).seconds,
            },
            onPair: (pair: Pair) =>
              context.log.info(`${nameOf(size, one)}: ${pair.ours.toFixed(2)} s, ${pair.peer.toFixed(2)} s`),
          });
          comparisons.push(found);
          const what = `memory of the engine: ${nameOf(size, one)}`;
          if (measurements.some(({ name }) => name === what)) continue;
          if (one === 'again' && size === AGAIN.services)
            measurements.push(measurementOf(seconds, { name: nameOf(size, one), unit: 's', aim: AGAIN.aim }));
          measurements.push(measurementOf(megabytes, { name: what, unit: 'MB' }));
        }
        await stage.end();
      }
      return { versions: { kwok: '0.8.0' }, comparisons, measurements };
    } finally {
      await workspace.end();
    }
  },
};

async function build(workspace: Workspace, sizes: readonly number[]): Promise<void> {
  const targets = sizes.flatMap((size) => [`${stackOf(size)}.apply`, `${stackOf(size)}.resolve`]);
  await runBazel(workspace, 'build', ...targets);
}

interface StageOptions {
  readonly context: BenchContext;
  readonly cluster: BenchCluster;
  readonly workspace: Workspace;
  readonly size: number;
  readonly folder: string;
}

/** Each contender has a namespace and a registry of its own, in which all is there; for `cold`, new ones each time. */
function createStage({ context, cluster, workspace, size, folder }: StageOptions) {
  const stack: Stack = {
    verb: join(workspace.root, 'bazel-bin', stackOf(size).replace('//', '').replace(':', '/')),
    packages: Array.from({ length: size }, (_, index) => packageOf(index)),
  };
  const kept = new Map<Contender, Promise<Place>>();
  const ends: (() => PromiseLike<void>)[] = [];
  let places = 0;
  const makePlace = async () => {
    const namespace = `bench-${size}-${(places += 1)}`;
    const own = await mkdtemp(join(folder, `${namespace}-`));
    const registry = await startRealRegistry(peerPath('OCI_REGISTRY_3'), own);
    const place: Place = { cluster, folder: own, namespace, registry: registry.endpoint };
    const end = async () => {
      await cluster.removeNamespace(namespace);
      await registry[Symbol.asyncDispose]();
    };
    return { place, end };
  };
  /** Whoever did not do it, or did more, is not compared. */
  const deploy = async (contender: Contender, place: Place, changes: number): Promise<Sample> => {
    await contender.prepare?.(stack, place);
    const before = await cluster.generations(place.namespace);
    const sample = await contender.deploy(stack, place);
    const ready = await cluster.readyDeployments(place.namespace);
    if (ready !== size) throw new Error(`${contender.name} ended with ${ready} of ${size} Deployments ready`);
    const after = await cluster.generations(place.namespace);
    const changed = [...after].filter(([name, generation]) => before.get(name) !== generation).length;
    if (changed !== changes) throw new Error(`${contender.name} has changed ${changed} Deployments, not ${changes}`);
    return sample;
  };
  const placeOf = (contender: Contender) => {
    const known =
      kept.get(contender) ??
      makePlace().then(async ({ place, end }) => {
        ends.push(end);
        await deploy(contender, place, size);
        return place;
      });
    kept.set(contender, known);
    return known;
  };
  let built = -1;
  let versions = 0;
  const change = async (round: number) => {
    if (built === round) return;
    built = round;
    versions += 1;
    await workspace.write(changedService(size - 1, versions + size * 1000, { environments: [PERSONAL] }));
    await build(workspace, [size]);
  };
  return {
    async runOf(one: Case, contender: Contender): Promise<(round: number) => Promise<Sample>> {
      if (one === 'cold') {
        return async () => {
          const { place, end } = await makePlace();
          try {
            await mkdir(place.folder, { recursive: true });
            return await deploy(contender, place, size);
          } finally {
            await end();
          }
        };
      }
      const place = await placeOf(contender);
      built = -1;
      return async (round) => {
        if (one === 'change') await change(round);
        return deploy(contender, place, one === 'change' ? 1 : 0);
      };
    },
    async end() {
      for (const end of ends) await end();
      context.log.info(`${size} services are taken away`);
    },
  };
}
