// `bazel run //bench/render -- [--write] [--pairs 7]`: one Jsonnet program with different engines; and what it takes to render
// and check 50, 100 and 200 generated services in four environments: a first build, one without changes, one with a change.
import { type Workspace, createWorkspace } from '../../tools/ci/services/workspace.ts';
import { scratchFolder } from '../../tools/oci/testing/sample_image.ts';
import { type BenchContext, benchMain } from '../lib/bench.ts';
import { comparePairs, measurementOf } from '../lib/compare.ts';
import type { Comparison, Measurement } from '../lib/result.ts';
import { type BenchEnvironment, changedService, workspaceFiles } from '../testbed/services.ts';
import { SERVICES, createEngines } from './engines.ts';

const SIZES = [50, 100, 200];
/** A first build takes a minute: more of them than this tell nothing new. */
const MOST_BUILDS = 3;
/** No slower than the fastest engine, and a fifth. */
const AIM = 1 / 1.2;
/** They deploy pins, so that no image is built. */
const environments = ['prod', 'staging', 'dev', 'test'].map((name): BenchEnvironment => ({ name, isBuilt: false }));

await benchMain({
  name: 'render',
  description: 'Jsonnet: engines on one program, and builds of many services in four environments.',
  pairs: 7,
  run: async (context) => ({
    versions: {},
    comparisons: await compareEngines(context),
    measurements: await measureBuilds(context),
  }),
});

async function compareEngines({ pairs, signal, log, root, only }: BenchContext): Promise<readonly Comparison[]> {
  const cases = [1, SERVICES].map((services) => ({ services, name: `${services} services by one process` }));
  const wanted = cases.filter(({ name }) => only === undefined || name.includes(only));
  if (wanted.length === 0) return [];
  await using folder = await scratchFolder();
  const { ours, peers } = await createEngines(folder.path, root);
  const comparisons: Comparison[] = [];
  for (const { services, name } of wanted) {
    for (const peer of peers.filter(({ most }) => services <= most)) {
      comparisons.push(
        await comparePairs({
          ...{ name, peer: peer.name, pairs, signal, aim: AIM },
          run: { ours: () => ours.render(services), peer: () => peer.render(services) },
          onPair: (pair) => log.info(`${name}, ${peer.name}: ${pair.ours.toFixed(3)} s, ${pair.peer.toFixed(3)} s`),
        }),
      );
    }
  }
  return comparisons;
}

async function measureBuilds({ pairs, signal, log, root, env, only }: BenchContext): Promise<readonly Measurement[]> {
  const nameOf = (size: number, what: string) => `${size} services in ${environments.length} environments, ${what}`;
  const sizes = SIZES.filter((size) => only === undefined || nameOf(size, 'built').includes(only));
  if (sizes.length === 0) return [];
  const measurements: Measurement[] = [];
  const workspace = await createWorkspace(root, env);
  try {
    // Fathom's own tools are no part of what is measured.
    await build(workspace, 1, 'tools');
    for (const size of sizes) {
      const times: Times[] = [];
      for (let round = 0; round < Math.min(pairs, MOST_BUILDS); round++) {
        signal.throwIfAborted();
        // Like no others, so that no cache has them.
        times.push(await build(workspace, size, `${Date.now().toString(36)}_${size}`));
        log.info(`${size} services: ${JSON.stringify(times.at(-1))}`);
      }
      for (const what of ['first', 'again', 'oneChange'] as const) {
        const told = { first: 'built', again: 'built again', oneChange: 'one has changed' }[what];
        const values = times.map((one) => one[what]);
        measurements.push(measurementOf(values, { name: nameOf(size, told), unit: 's' }));
      }
    }
    return measurements;
  } finally {
    await workspace.end();
  }
}

interface Times {
  readonly first: number;
  readonly again: number;
  readonly oneChange: number;
}

/** Builds services that nobody has built before, then again, then with one changed. */
async function build(workspace: Workspace, count: number, seed: string): Promise<Times> {
  await workspace.writeServices({});
  await workspace.write(workspaceFiles({ count, environments, seed }));
  const first = await timed(workspace);
  const again = await timed(workspace);
  await workspace.write(changedService(count - 1, 1, { environments, seed }));
  return { first, again, oneChange: await timed(workspace) };
}

async function timed(workspace: Workspace): Promise<number> {
  const startMs = performance.now();
  const { succeeded, output } = await workspace.bazel('build', '--color=no', '--curses=no', '//services/...');
  if (!succeeded) throw new Error(output.slice(-5000));
  return (performance.now() - startMs) / 1000;
}
