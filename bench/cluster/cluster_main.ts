// `bazel run //bench/cluster -- [--output FILE] [--rounds 5]`: how long an embedded cluster takes to be there, and to be well
// again after a kill -9 of each of its parts. Its programs and images are built before. A look at whether it is well starts a
// pod, which takes three seconds of each recovery. Needs root.
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { OwnCluster } from '../../tools/cluster/testing/own_cluster.ts';
import { PARTS, deployCallers, killPart, untilWell } from '../../tools/cluster/testing/parts.ts';
import { runMain } from '../../tools/lib/cli.ts';
import { ToolError } from '../../tools/lib/errors.ts';
import { createLog } from '../../tools/lib/log.ts';
import { runfile, userPath } from '../../tools/lib/runfiles.ts';

/** Seconds from the start of `up` from nothing. */
interface Start {
  readonly api: number;
  readonly node: number;
  /** `up` has ended: DNS and storage are there too. */
  readonly up: number;
  /** `//prod:apply` has ended: the registry is there too. */
  readonly registry: number;
}

const log = createLog();

await runMain(async ({ argv, env }) => {
  const { values } = parseArgs({
    args: [...argv],
    options: { output: { type: 'string' }, rounds: { type: 'string', default: '5' } },
  });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new ToolError('BENCH_USAGE', `Reading --rounds: '${values.rounds}' is no number of rounds`, {
      hint: 'Say how many: --rounds 5.',
    });
  }
  const starts: Start[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const cluster = new OwnCluster('fathom');
    try {
      starts.push(await start(cluster));
      log.info(JSON.stringify(starts.at(-1)));
    } finally {
      cluster.remove();
    }
  }
  const result = {
    benchmark: 'cluster',
    machine: { cpus: cpus().length, memoryBytes: totalmem(), node: process.version },
    rounds,
    startSeconds: {
      api: summary(starts.map(({ api }) => api)),
      node: summary(starts.map(({ node }) => node)),
      up: summary(starts.map(({ up }) => up)),
      registry: summary(starts.map(({ registry }) => registry)),
    },
    recoverySeconds: await recoveries(rounds),
  };
  const text = `${JSON.stringify(result, null, 2)}\n`;
  if (values.output === undefined) process.stdout.write(text);
  else await writeFile(userPath(values.output, env), text);
  return 0;
});

async function start(cluster: OwnCluster): Promise<Start> {
  const startMs = performance.now();
  const since = () => round((performance.now() - startMs) / 1000);
  const times: Record<string, number> = {};
  const child = spawn(OwnCluster.tool, ['up', '--name', cluster.name], {
    env: { ...cluster.env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  for await (const line of createInterface({ input: child.stderr })) {
    const step = /Waiting for (the API server|node-1 to be Ready): done/.exec(line)?.[1];
    if (step !== undefined) times[step] = since();
  }
  if ((await ended) !== 0) throw new Error('the cluster did not come up');
  const up = since();
  const { status, stderr } = cluster.run(runfile('fathom/prod/prod.apply'), []);
  if (status !== 0) throw new Error(stderr);
  return { api: times['the API server'] ?? NaN, node: times['node-1 to be Ready'] ?? NaN, up, registry: since() };
}

/** Seconds by part, each killed as often as there are rounds. */
async function recoveries(rounds: number): Promise<Readonly<Record<string, Summary>>> {
  const cluster = new OwnCluster('recovery');
  const seconds: Record<string, number[]> = {};
  try {
    cluster.tool('up', '--nodes', '2');
    deployCallers(cluster);
    for (let turn = 0; turn < rounds; turn += 1) {
      for (const part of PARTS) {
        await untilWell(cluster);
        const { ms } = await killPart(cluster, part);
        (seconds[part.part] ??= []).push(round(ms / 1000));
        log.info(`${part.part}: ${seconds[part.part]?.at(-1)} s`);
      }
    }
  } finally {
    cluster.remove();
  }
  return Object.fromEntries(Object.entries(seconds).map(([part, list]) => [part, summary(list)]));
}

interface Summary {
  readonly median: number;
  readonly all: readonly number[];
}

function summary(all: readonly number[]): Summary {
  const sorted = [...all].sort((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)] ?? NaN, all };
}

function round(seconds: number): number {
  return Math.round(seconds * 100) / 100;
}
