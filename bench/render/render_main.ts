// `bazel run //bench/render -- [--write] [--pairs 7]`: one Jsonnet program with different engines; and what it takes to render
// and check 50, 100 and 200 generated services in four environments: a first build, one without changes, one with a change.
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Workspace, createWorkspace } from '../../tools/ci/services/workspace.ts';
import { scratchFolder } from '../../tools/oci/testing/sample_image.ts';
import { type BenchContext, benchMain } from '../lib/bench.ts';
import { comparePairs, measurementOf } from '../lib/compare.ts';
import type { Comparison, Measurement } from '../lib/result.ts';
import { timed } from '../lib/timed.ts';
import { runBazel } from '../testbed/bazel.ts';
import { type BenchEnvironment, changedService, workspaceFiles } from '../testbed/services.ts';
import { type Engine, contentsOf, createEngines } from './engines.ts';
import { writePrograms } from './programs.ts';

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
  await using folder = await scratchFolder();
  const { each, all } = await writePrograms(folder.path);
  const { ours, goJsonnet, python } = createEngines(root);
  const rjsonnet = {
    engine: python('rjsonnet'),
    peer: 'jrsonnet by rjsonnet 0.5.6, processor time',
    unit: 'processor' as const,
  };
  // A hundred take it a minute.
  const jsonnet = {
    engine: python('jsonnet'),
    peer: 'C++ by jsonnet 0.22.0, processor time',
    unit: 'processor' as const,
  };
  const goEach = { engine: goJsonnet, peer: goJsonnet.name, unit: 'wall' as const };
  const cases = [
    { name: `${each.length} services, one after the other`, programs: each, peers: [goEach, rjsonnet] },
    { name: '10 services, one after the other', programs: each.slice(0, 10), peers: [jsonnet] },
    { name: `${each.length} services by one program`, programs: [all], peers: [goEach, rjsonnet] },
  ];
  const comparisons: Comparison[] = [];
  for (const { name, programs, peers } of cases.filter((one) => only === undefined || one.name.includes(only))) {
    const expected = await textOf(ours, programs, folder.path);
    for (const { engine, peer, unit } of peers) {
      if ((await textOf(engine, programs, folder.path)) !== expected) {
        throw new Error(`${name}: ${peer} has made something else`);
      }
      const run = async (one: Engine) => (await renderedBy(one, programs, folder.path)).took[unit];
      comparisons.push(
        await comparePairs({
          ...{ name, peer, pairs, signal, aim: AIM },
          run: { ours: () => run(ours), peer: () => run(engine) },
          onPair: (pair) => log.info(`${name}, ${peer}: ${pair.ours.toFixed(3)} s, ${pair.peer.toFixed(3)} s`),
        }),
      );
    }
  }
  return comparisons;
}

async function textOf(engine: Engine, programs: readonly string[], parent: string): Promise<string> {
  return (await renderedBy(engine, programs, parent)).text;
}

/** Lets an engine render into a folder that is gone afterwards. */
async function renderedBy(engine: Engine, programs: readonly string[], parent: string) {
  const out = await mkdtemp(join(parent, 'out-'));
  try {
    return { took: await engine.render(programs, out), text: await contentsOf(out) };
  } finally {
    await rm(out, { recursive: true, force: true });
  }
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
  const timedBuild = () => timed(() => runBazel(workspace, 'build', '//services/...'));
  const first = await timedBuild();
  const again = await timedBuild();
  await workspace.write(changedService(count - 1, 1, { environments, seed }));
  return { first, again, oneChange: await timedBuild() };
}
