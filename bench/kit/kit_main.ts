// `bazel run //bench/kit -- [--write] [--pairs 9]`: what the service kit costs a server, in pairs of runs that alternate between
// the kit and grpc-js alone: GetFeature from a store in memory, of a server with the kit's defaults.
import { mkdtemp, rm } from 'node:fs/promises';
import { type BenchContext, type Findings, benchMain } from '../lib/bench.ts';
import { comparePairs, comparisonOf } from '../lib/compare.ts';
import { type Sample, load } from './load.ts';
import { CONTENDERS, type Contender, type Running, serve, startServer, stopServer } from './servers.ts';

const CONCURRENCY = 64;
const WARM_UP_MS = 4000;
const RUN_MS = 6000;
/** Figures are told of this many calls: those of one are too small for a table. */
const CALLS = 100_000;
const PEER = 'grpc-js alone';

/** What is compared, and how it follows from a run. */
const WHAT: Readonly<Record<string, (sample: Sample) => number>> = {
  [`${CALLS} calls`]: ({ callsPerSecond }) => CALLS / callsPerSecond,
  [`processor time of the server for ${CALLS} calls`]: ({ cpuMicrosecondsPerCall }) =>
    (cpuMicrosecondsPerCall * CALLS) / 1e6,
  '99th percentile of a call': ({ p99Ms }) => p99Ms / 1000,
};

async function run({ pairs, signal, log }: BenchContext): Promise<Findings> {
  const folder = await mkdtemp('/tmp/bench-kit-');
  const servers: Running[] = [];
  try {
    for (const contender of CONTENDERS) servers.push(await startServer(contender, folder));
    const runOf = (contender: Contender, ms: number) => {
      const server = servers.find((candidate) => candidate.contender === contender);
      if (server?.child.pid === undefined) throw new Error(`The server ${contender} does not run`);
      return load({ port: server.port, pid: server.child.pid, durationMs: ms, concurrency: CONCURRENCY });
    };
    for (const contender of CONTENDERS) await runOf(contender, WARM_UP_MS);
    const samples: Record<Contender, Sample[]> = { kit: [], bare: [] };
    const side = (contender: Contender) => async () => {
      const sample = await runOf(contender, RUN_MS);
      samples[contender].push(sample);
      return CALLS / sample.callsPerSecond;
    };
    await comparePairs({
      ...{ name: 'calls', peer: PEER, pairs, signal },
      run: { ours: side('kit'), peer: side('bare') },
      onPair: ({ ours, peer }) => log.info(`${CALLS} calls: ${ours.toFixed(2)} s, ${peer.toFixed(2)} s`),
    });
    const comparisons = Object.entries(WHAT).map(([name, of]) => {
      const both = samples.kit.map((sample, index) => ({ ours: of(sample), peer: of(samples.bare[index] ?? sample) }));
      return comparisonOf(both, { name, peer: PEER });
    });
    return { versions: {}, comparisons };
  } finally {
    for (const server of servers) await stopServer(server);
    await rm(folder, { recursive: true });
  }
}

// The servers are this very program, started with `--serve=<contender>`.
const contender = CONTENDERS.find((name) => process.argv.includes(`--serve=${name}`));
if (contender !== undefined) await serve(contender);
else {
  const description = 'What the service kit costs a server, against grpc-js alone.';
  await benchMain({ name: 'kit', description, run });
}
