// `bazel run //bench/scale -- [--write] [--pairs 7]`: workspaces of 100, 300 and 1,000 generated services in four environments,
// each with a Bazel of its own: what an analysis of everything and of one service takes, and an apply of one service that
// finds nothing to do, against the same in the smallest. It shows how cost grows with the repo.
import { type Workspace, createWorkspace } from '../../tools/ci/services/workspace.ts';
import { peerPath } from '../../tools/oci/testing/peers.ts';
import { startRealRegistry } from '../../tools/oci/testing/real_registry.ts';
import { scratchFolder } from '../../tools/oci/testing/sample_image.ts';
import type { BenchOptions } from '../lib/bench.ts';
import { comparePairs, measurementOf } from '../lib/compare.ts';
import type { Comparison, Measurement } from '../lib/result.ts';
import { medianOf } from '../lib/statistics.ts';
import { bazelVersion } from '../testbed/bazel.ts';
import { startBenchCluster } from '../testbed/cluster.ts';
import { FOUR, packageOf, workspaceFiles } from '../testbed/services.ts';
import { writeState } from '../testbed/state.ts';
import { CASES, type Repo, countsOf, engineOf, memoryOf } from './cases.ts';

const SIZES = [100, 300, 1000];
/** What is not slower by more than this is as fast: two runs of the same differ by as much. */
const AS_FAST = 0.85;

/** What `bazel run //bench/scale` runs. */
export const BENCHMARK: BenchOptions = {
  name: 'scale',
  description: 'How the cost of analysis and of a deploy grows with the number of services.',
  pairs: 7,
  async run({ pairs, signal, log, root, env, only }) {
    await using folder = await scratchFolder();
    await using cluster = await startBenchCluster();
    await using registry = await startRealRegistry(peerPath('OCI_REGISTRY_3'), folder.path);
    const workspaces: Workspace[] = [];
    try {
      const repos: Repo[] = [];
      for (const size of SIZES) {
        const place = { cluster, folder: folder.path, namespace: `scale-${size}`, registry: registry.endpoint };
        const state: Record<string, string> = { ...(await writeState(place)), KUBECONFIG: cluster.kubeconfig };
        // Bazel has its caches in the home that it knows.
        const { HOME: _home, ...own } = state;
        const workspace = await createWorkspace(root, { ...env, ...own });
        workspaces.push(workspace);
        await workspace.write(workspaceFiles({ count: size, environments: FOUR }));
        repos.push({ size, workspace, service: `//${packageOf(Math.floor(size / 2))}`, env: state });
        log.info(`A workspace of ${size} services is there`);
      }
      const [smallest, ...larger] = repos;
      if (smallest === undefined) throw new Error('There are no sizes');
      const comparisons: Comparison[] = [];
      for (const { name, run, grows, repeats = 1 } of CASES.filter((one) => one.name.includes(only ?? ''))) {
        // Repositories are fetched, and what is built is built, once before.
        for (const repo of repos) for (let time = repeats; time > 0; time--) await run(repo, -time);
        for (const repo of larger) {
          const factor = grows ? repo.size / smallest.size : 1;
          const found = await comparePairs({
            ...{ name: `${name} of ${repo.size}`, pairs: pairs * repeats, signal, aim: AS_FAST },
            peer: grows ? `${factor} × that of ${smallest.size}` : `that of ${smallest.size}`,
            run: {
              ours: (round) => run(repo, round),
              peer: async (round) => factor * (await run(smallest, round)),
            },
            onPair: (pair) => log.info(`${name} of ${repo.size}: ${pair.ours.toFixed(2)} s, ${pair.peer.toFixed(2)} s`),
          });
          comparisons.push({ ...found, note: growth(found, factor, repo.size / smallest.size) });
        }
      }
      const measurements: Measurement[] = [];
      for (const repo of repos.filter(() => only === undefined || only === 'memory')) {
        const counts = await countsOf(repo);
        for (const [what, value] of Object.entries({ ...counts, ...(await memoryOf(repo)) })) {
          const unit = what in counts ? 'count' : 'MB';
          measurements.push(measurementOf([value], { name: `${what}, ${repo.size} services`, unit }));
        }
        const megabytes: number[] = [];
        for (let time = 0; time < pairs; time++) megabytes.push((await engineOf(repo)).megabytes);
        const name = `memory of the engine for one service of ${repo.size}`;
        measurements.push(measurementOf(megabytes, { name, unit: 'MB' }));
      }
      return { versions: { bazel: await bazelVersion(smallest.workspace) }, comparisons, measurements };
    } finally {
      for (const workspace of workspaces) await workspace.end();
    }
  },
};

/** By which power of the number of services a time grows. */
function growth({ pairs }: Comparison, factor: number, times: number): string {
  const [ours, peer] = [medianOf(pairs.map((pair) => pair.ours)), medianOf(pairs.map((pair) => pair.peer / factor))];
  const power = Math.log(ours / peer) / Math.log(times);
  return `it grows with the number of services to the power of ${power.toFixed(2)}`;
}
