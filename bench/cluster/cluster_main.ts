// `bazel run //bench/cluster -- [--write] [--pairs 9]`: how long an embedded cluster takes to be there, beside etcd and the
// API server started alone; and to be well again after a kill -9 of each of its parts. Its programs and images are built
// before. A look at whether it is well starts a pod, which takes three seconds of each recovery. Needs root.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { OwnCluster } from '../../tools/cluster/testing/own_cluster.ts';
import { PARTS, deployCallers, killPart, untilWell } from '../../tools/cluster/testing/parts.ts';
import { startApiServer } from '../../tools/k8s/testing/apiserver.ts';
import { runfile } from '../../tools/lib/runfiles.ts';
import { type BenchContext, benchMain } from '../lib/bench.ts';
import { comparePairs, measurementOf } from '../lib/compare.ts';
import type { Measurement } from '../lib/result.ts';

/** What is waited for, and how many seconds from the start of `up` it may take. */
const STEPS = {
  api: { name: 'the API server answers', aim: undefined },
  node: { name: 'node Ready', aim: 5 },
  up: { name: '`up` has ended, DNS and storage are there', aim: undefined },
  registry: { name: '`//prod:base.apply` has ended, the registry is there', aim: 20 },
} as const;

type Start = Readonly<Record<keyof typeof STEPS, number>>;

/** Its programs and images are built: what takes longer than this does not come up. */
const UP_WITHIN_MS = 300_000;

/** A container that ends more often within ten minutes is started again only after a pause, which grows. */
const MOST_KILLS = 3;

await benchMain({
  name: 'cluster',
  description: 'How long an embedded cluster takes to be there, and to recover from kills.',
  async run(context) {
    const { pairs, signal, log } = context;
    const starts: Start[] = [];
    const api = await comparePairs({
      name: STEPS.api.name,
      peer: 'etcd and the API server alone',
      ...{ pairs, signal },
      run: {
        ours: async () => {
          const found = await startAndRemove();
          log.info(JSON.stringify(found));
          starts.push(found);
          return found.api;
        },
        peer: startParts,
      },
      note: 'etcd alone does not wait for its disk',
      onPair: (pair) => log.info(`${STEPS.api.name}: ${pair.ours.toFixed(2)} s, ${pair.peer.toFixed(2)} s`),
    });
    const measurements = Object.entries(STEPS).map(([step, { name, aim }]) =>
      measurementOf(
        starts.map((one) => one[step as keyof Start]),
        { name, unit: 's', ...(aim === undefined ? {} : { aim }) },
      ),
    );
    return { versions: {}, comparisons: [api], measurements: [...measurements, ...(await recoveries(context))] };
  },
});

async function startAndRemove(): Promise<Start> {
  const cluster = new OwnCluster('fathom');
  try {
    return await start(cluster);
  } finally {
    cluster.remove();
  }
}

/** What the API server's own start takes. */
async function startParts(): Promise<number> {
  const startMs = performance.now();
  const server = await startApiServer();
  const seconds = (performance.now() - startMs) / 1000;
  await server.stop();
  return seconds;
}

async function start(cluster: OwnCluster): Promise<Start> {
  const startMs = performance.now();
  const since = () => (performance.now() - startMs) / 1000;
  const times: Record<string, number> = {};
  const child = spawn(OwnCluster.tool, ['up', '--name', cluster.name], {
    env: { ...cluster.env },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: UP_WITHIN_MS,
  });
  const ended = new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  for await (const line of createInterface({ input: child.stderr })) {
    const step = /Waiting for (the API server|node-1 to be Ready): done/.exec(line)?.[1];
    if (step !== undefined) times[step] = since();
  }
  if ((await ended) !== 0) throw new Error('the cluster did not come up');
  const up = since();
  const { status, stderr } = cluster.run(runfile('fathom/prod/base.apply'), []);
  if (status !== 0) throw new Error(stderr);
  const [api, node] = [times['the API server'], times['node-1 to be Ready']];
  if (api === undefined || node === undefined) throw new Error('`up` no longer says when its steps have ended');
  return { api, node, up, registry: since() };
}

/** Seconds by part, each killed as often as there are rounds. */
async function recoveries({ pairs, log, signal }: BenchContext): Promise<readonly Measurement[]> {
  const cluster = new OwnCluster('recovery');
  const seconds = new Map<string, number[]>();
  try {
    cluster.tool('up', '--nodes', '2');
    deployCallers(cluster);
    for (let turn = 0; turn < Math.min(pairs, MOST_KILLS); turn += 1) {
      for (const part of PARTS) {
        signal.throwIfAborted();
        await untilWell(cluster);
        const { ms } = await killPart(cluster, part);
        seconds.set(part.part, [...(seconds.get(part.part) ?? []), ms / 1000]);
        log.info(`${part.part}: ${(ms / 1000).toFixed(2)} s`);
      }
    }
  } finally {
    cluster.remove();
  }
  return [...seconds].map(([part, values]) => measurementOf(values, { name: `kill -9 of ${part}`, unit: 's' }));
}
