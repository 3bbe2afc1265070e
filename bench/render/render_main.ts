// `bazel run //bench/render -- [--write] [--pairs 7]`: Jsonnet with different engines; and what it takes Bazel to render and
// check 50, 100 and 200 generated services in four environments: a first build, one without changes, one with a change.
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Workspace, createWorkspace } from '../../tools/ci/services/workspace.ts';
import { scratchFolder } from '../../tools/oci/testing/sample_image.ts';
import { type BenchContext, type Findings, benchMain } from '../lib/bench.ts';
import { comparePairs, measurementOf } from '../lib/compare.ts';
import type { Comparison, Measurement } from '../lib/result.ts';
import { timed } from '../lib/timed.ts';
import { bazelVersion, runBazel } from '../testbed/bazel.ts';
import { type BenchEnvironment, changedService, workspaceFiles } from '../testbed/services.ts';
import { type Engine, contentsOf, createEngines } from './engines.ts';
import { ENVIRONMENTS, type Program, SERVICES, TOGETHER, WATCHED, WATCHED_FEW, writePrograms } from './programs.ts';

const SIZES = [50, 100, 200];
/** No slower than the fastest engine, and a fifth. */
const AIM = 1 / 1.2;
/** They deploy pins, so that no image is built. */
const environments = ENVIRONMENTS.map((name): BenchEnvironment => ({ name, isBuilt: false }));
/** As the .bazelrc of this repo and of the examples has it. */
const BUILD_FLAGS = ['--nobuild_runfile_links'];

await benchMain({
  name: 'render',
  description: 'Jsonnet: engines on the same programs, and builds of many services in four environments.',
  pairs: 7,
  async run(context) {
    const engines = await compareEngines(context);
    const builds = await measureBuilds(context);
    return { ...builds, ...engines, versions: { ...builds.versions, ...engines.versions } };
  },
});

async function compareEngines({ pairs, signal, log, root, only }: BenchContext): Promise<Findings> {
  await using folder = await scratchFolder();
  const { each, together, watched, watchedFew } = await writePrograms(folder.path);
  const { ours, goJsonnet, python } = createEngines(root);
  const rjsonnet = { engine: python('rjsonnet'), peer: 'jrsonnet, processor time', unit: 'processor' as const };
  // A hundred services take it a minute, and a monitoring stack of twenty two.
  const jsonnet = { engine: python('jsonnet'), peer: 'C++ Jsonnet, processor time', unit: 'processor' as const };
  const goEach = { engine: goJsonnet, peer: goJsonnet.name, unit: 'wall' as const };
  const inAll = `${SERVICES} services in ${ENVIRONMENTS.length} environments, one after the other`;
  const cases = [
    { name: inAll, programs: each, peers: [goEach, rjsonnet] },
    { name: '10 services, one after the other', programs: each.slice(0, 10), peers: [jsonnet] },
    { name: `${TOGETHER} services by one program`, programs: [together], peers: [goEach, rjsonnet] },
    { name: `a monitoring stack of ${WATCHED} services`, programs: [watched], peers: [goEach, rjsonnet] },
    { name: `a monitoring stack of ${WATCHED_FEW} services`, programs: [watchedFew], peers: [jsonnet] },
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
  const versions = {
    'go-jsonnet': await goJsonnet.version(),
    rjsonnet: await rjsonnet.engine.version(),
    jsonnet: await jsonnet.engine.version(),
  };
  return { versions, comparisons };
}

async function textOf(engine: Engine, programs: readonly Program[], parent: string): Promise<string> {
  return (await renderedBy(engine, programs, parent)).text;
}

/** Lets an engine render into a folder that is gone afterwards. */
async function renderedBy(engine: Engine, programs: readonly Program[], parent: string) {
  const out = await mkdtemp(join(parent, 'out-'));
  try {
    return { took: await engine.render(programs, out), text: await contentsOf(out) };
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

async function measureBuilds({ pairs, signal, log, root, env, only }: BenchContext): Promise<Findings> {
  const nameOf = (size: number, what: string) => `${size} services in ${environments.length} environments, ${what}`;
  const sizes = SIZES.filter((size) => only === undefined || nameOf(size, 'built').includes(only));
  if (sizes.length === 0) return { versions: {} };
  const measurements: Measurement[] = [];
  const workspace = await createWorkspace(root, env);
  try {
    // Fathom's own tools are no part of what is measured.
    await build(workspace, 1, 'tools');
    for (const size of sizes) {
      const times: Times[] = [];
      for (let round = 0; round < pairs; round++) {
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
    return { versions: { bazel: await bazelVersion(workspace) }, measurements };
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
  const timedBuild = () => timed(() => runBazel(workspace, 'build', ...BUILD_FLAGS, '//services/...'));
  const first = await timedBuild();
  const again = await timedBuild();
  await workspace.write(changedService(count - 1, 1, { environments, seed }));
  return { first, again, oneChange: await timedBuild() };
}
