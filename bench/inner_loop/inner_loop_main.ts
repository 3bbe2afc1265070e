// `bazel run //bench/inner_loop -- [--write] [--pairs 9]`: from one saved line of a TypeScript service to its answer in a
// cluster: `bazel run …:myns.apply` against a well-layered Dockerfile, push, `kubectl set image` and `rollout status`. Both
// in one cluster of this repo, of one node, with the registry in it. Needs root.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { OwnCluster } from '../../tools/cluster/testing/own_cluster.ts';
import { runfile } from '../../tools/lib/runfiles.ts';
import { eventually } from '../../tools/lib/testing/eventually.ts';
import { personalNamespace } from '../../tools/lib/user.ts';
import { scratchFolder } from '../../tools/oci/testing/sample_image.ts';
import { missing } from '../builders/builder.ts';
import { startBuildkit } from '../builders/buildkit.ts';
import { startDocker } from '../builders/docker.ts';
import { type BenchContext, benchMain } from '../lib/bench.ts';
import { comparePairs, measurementOf, ratioOf } from '../lib/compare.ts';
import type { Comparison, Measurement, Pair } from '../lib/result.ts';
import { METHOD, NAME, PORT, createGreeter, greetingOf } from './greeter.ts';
import { type Rival, copyManifests, dockerfileRival, fathomRival, resolved } from './rivals.ts';
import { type Witness, startWitness } from './witness.ts';

const AIM = 4;
const AIM_S = 2.5;
const OWN_NAMESPACE = 'bench-fathom';
const ANSWERS_WITHIN_MS = 120_000;
const SETTLES_WITHIN_MS = 90_000;
/** How often a kubelet looks at its containers. */
const TICK_MS = 1000;

await benchMain({
  name: 'inner_loop',
  description: 'From a saved line of a service to its answer in a cluster.',
  async run(context) {
    const { root, env, signal, log, only } = context;
    await using folder = await scratchFolder();
    await using docker = await startDocker(signal);
    const leftOut = docker === undefined ? [missing('docker', 'docker.io')] : [];
    for (const text of leftOut) log.warn(`Left out is ${text}`);
    const cluster = new OwnCluster('fathom');
    try {
      log.info('Starting the cluster …');
      cluster.tool('up');
      cluster.command(runfile('fathom/prod/base.apply'));
      const own = { ...env, ...cluster.env, FATHOM_USER: OWN_NAMESPACE };
      if (personalNamespace({ env: own }) !== OWN_NAMESPACE) throw new Error('The namespace has another name');
      log.info('Writing the service …');
      await using workspace = await createGreeter(root, join(folder.path, 'fathom'), own);
      const ours = fathomRival({ workspace, namespace: OWN_NAMESPACE });
      await ours.deploy('0');
      const comparisons: Comparison[] = [];
      const measurements: Measurement[] = [];
      await using buildkit = await startBuildkit(`127.0.0.1:${cluster.registryPort}`, signal);
      for (const builder of [docker, buildkit]) {
        if (builder === undefined || (only !== undefined && !builder.name.includes(only))) continue;
        const namespace = `bench-${builder.name.split(' ')[0]}`;
        log.info(`${builder.name}: making the images below …`);
        const place = join(folder.path, namespace);
        await mkdir(place);
        const peer = await dockerfileRival({ builder, workspace, cluster, folder: place, namespace, signal });
        await workspace.bazel('build', `//services/${NAME}:myns.resolve`);
        copyManifests(cluster, await resolved(workspace, own), { from: OWN_NAMESPACE, to: namespace });
        const found = await compare({ ours, peer, cluster, context });
        comparisons.push(...found.comparisons);
        measurements.push(...found.measurements);
      }
      const kubernetes = (JSON.parse(cluster.kubectl(['version', '--output=json'])) as KubernetesVersion).serverVersion;
      return {
        versions: {
          kubernetes: kubernetes.gitVersion,
          ...(leftOut.length === 0 ? {} : { 'left out': leftOut.join('; ') }),
        },
        comparisons,
        measurements,
      };
    } finally {
      cluster.remove();
    }
  },
});

interface KubernetesVersion {
  readonly serverVersion: { readonly gitVersion: string };
}

interface Contest {
  readonly ours: Rival;
  readonly peer: Rival;
  readonly cluster: OwnCluster;
  readonly context: BenchContext;
}

async function compare({ ours, peer, cluster, context }: Contest) {
  const { pairs, signal, log } = context;
  using ourWitness = await witnessOf(cluster, ours);
  using peerWitness = await witnessOf(cluster, peer);
  const ends: Record<'ours' | 'peer', number[]> = { ours: [], peer: [] };
  // No cache has what an earlier run or another peer's turn has built.
  const salt = `${peer.namespace}-${Date.now().toString(36)}`;
  const runOf = (side: 'ours' | 'peer', rival: Rival, witness: Witness) => async (round: number) => {
    // What a node does once a second ended the run before: one that begins with that would meet the same wait every time.
    await sleep(Math.random() * TICK_MS, undefined, { signal });
    const { answeredS, endedS, said } = await oneLine(rival, witness, `${salt}-${round}`);
    log.info(`${rival.name}: ${said}`);
    ends[side][round] = endedS;
    await settled(cluster, rival);
    return answeredS;
  };
  // What a side does at its first time is no part of what is compared.
  await runOf('ours', ours, ourWitness)(pairs);
  await runOf('peer', peer, peerWitness)(pairs);
  const name = 'a saved line answers';
  const answered = await comparePairs({
    ...{ name, peer: peer.name, pairs, signal, aim: AIM },
    run: { ours: runOf('ours', ours, ourWitness), peer: runOf('peer', peer, peerWitness) },
    onPair: (pair, round) =>
      log.info(
        `${name}, ${peer.name}: ${shown(pair)}; ended after ${shown({ ours: ends.ours[round] ?? NaN, peer: ends.peer[round] ?? NaN })}`,
      ),
  });
  const endPairs = Array.from({ length: pairs }, (_, round) => ({
    ours: ends.ours[round] ?? NaN,
    peer: ends.peer[round] ?? NaN,
  }));
  const ended: Comparison = {
    name: 'all commands have ended',
    peer: peer.name,
    unit: 's',
    pairs: endPairs,
    ratio: ratioOf(endPairs),
  };
  const seconds = answered.pairs.map((pair) => pair.ours);
  return {
    comparisons: [answered, ended],
    measurements: [measurementOf(seconds, { name: `${name}, beside ${peer.name}`, unit: 's', aim: AIM_S })],
  };
}

function shown({ ours, peer }: Pair): string {
  return `${ours.toFixed(2)} s, ${peer.toFixed(2)} s`;
}

async function witnessOf(cluster: OwnCluster, { namespace }: Rival): Promise<Witness> {
  const ip = cluster.kubectl(['get', 'service', NAME, '--namespace', namespace, '--output=jsonpath={.spec.clusterIP}']);
  return startWitness(cluster, { target: `${ip}:${PORT}`, method: METHOD, withinMs: ANSWERS_WITHIN_MS });
}

/** Saves a line and deploys it: seconds until the cluster answers with it, and until the last command has ended. */
async function oneLine(rival: Rival, witness: Witness, version: string) {
  const answered = witness.sees(greetingOf(version));
  // Of two failures the deployment's says more.
  answered.catch(() => undefined);
  const startMs = performance.timeOrigin + performance.now();
  await rival.save(version);
  const said = await rival.deploy(version);
  const endMs = performance.timeOrigin + performance.now();
  return { answeredS: ((await answered) - startMs) / 1000, endedS: (endMs - startMs) / 1000, said };
}

/** Waits until the old pod is gone: what it does at its end would slow the other side. */
async function settled(cluster: OwnCluster, { namespace }: Rival): Promise<void> {
  const count = () => {
    const pods = cluster.kubectl(['get', 'pods', '--namespace', namespace, '--output=name']).trim().split('\n');
    return pods.length === 1 ? true : undefined;
  };
  await eventually(`one pod in ${namespace}`, count, SETTLES_WITHIN_MS, 250);
}
