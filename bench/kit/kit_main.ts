// `bazel run //bench/kit -- [--output FILE] [--pairs N] [--seconds S]`: what the service kit costs a server, in pairs of
// runs that alternate between the kit and grpc-js alone. Prints JSON.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { load, type Sample } from './load.ts';
import { CONTENDERS, type Contender, type Running, serve, startServer, stopServer } from './servers.ts';
import { intervalOf, medianOf } from '../lib/statistics.ts';

const CONCURRENCY = 64;
const WARM_UP_MS = 4000;

interface Pair {
  readonly kit: Sample;
  readonly bare: Sample;
}

async function measure(pairs: number, durationMs: number, log: (text: string) => void): Promise<readonly Pair[]> {
  const folder = await mkdtemp('/tmp/bench-kit-');
  const servers: Running[] = [];
  try {
    for (const contender of CONTENDERS) servers.push(await startServer(contender, folder));
    const run = (contender: Contender, ms: number) => {
      const server = servers.find((candidate) => candidate.contender === contender);
      if (server?.child.pid === undefined) throw new Error(`The server ${contender} does not run`);
      return load({ port: server.port, pid: server.child.pid, durationMs: ms, concurrency: CONCURRENCY });
    };
    for (const contender of CONTENDERS) await run(contender, WARM_UP_MS);
    const all: Pair[] = [];
    for (let index = 0; index < pairs; index++) {
      // Who comes first changes: what else the machine does meets both alike.
      const order = index % 2 === 0 ? CONTENDERS : CONTENDERS.toReversed();
      const found: Partial<Record<Contender, Sample>> = {};
      for (const contender of order) found[contender] = await run(contender, durationMs);
      const { kit, bare } = found;
      if (kit === undefined || bare === undefined) throw new Error('A pair lacks one of its two');
      all.push({ kit, bare });
      log(`pair ${index + 1}: kit ${Math.round(kit.callsPerSecond)}/s, bare ${Math.round(bare.callsPerSecond)}/s`);
    }
    return all;
  } finally {
    for (const server of servers) await stopServer(server);
    await rm(folder, { recursive: true });
  }
}

const round = (value: number) => Math.round(value * 1000) / 1000;

function figuresOf(samples: readonly Sample[]) {
  const median = (pick: (sample: Sample) => number) => round(medianOf(samples.map(pick)));
  return {
    callsPerSecond: Math.round(median((sample) => sample.callsPerSecond)),
    p50Ms: median((sample) => sample.p50Ms),
    p99Ms: median((sample) => sample.p99Ms),
    serverCpu: median((sample) => sample.serverCpu),
    cpuMicrosecondsPerCall: median((sample) => sample.cpuMicrosecondsPerCall),
  };
}

function ratioOf(pairs: readonly Pair[], pick: (sample: Sample) => number) {
  const ratios = pairs.map(({ kit, bare }) => pick(kit) / pick(bare));
  const { low, high, confidence } = intervalOf(ratios);
  return {
    median: round(medianOf(ratios)),
    interval: [round(low), round(high)],
    confidence: round(confidence),
    all: ratios.map(round),
  };
}

const { values } = parseArgs({
  options: {
    output: { type: 'string' },
    pairs: { type: 'string', default: '9' },
    seconds: { type: 'string', default: '6' },
    serve: { type: 'string' },
  },
});
const contender = CONTENDERS.find((name) => name === values.serve);
if (contender !== undefined) await serve(contender);
else {
  const count = Math.max(1, Number(values.pairs) || 1);
  const durationMs = Math.max(0.5, Number(values.seconds) || 1) * 1000;
  const pairs = await measure(count, durationMs, (text) => process.stderr.write(`${text}\n`));
  const output = {
    benchmark: 'kit',
    what: 'GetFeature from a store in memory: a server by the kit with its defaults against grpc-js alone',
    pairs: pairs.length,
    secondsEach: durationMs / 1000,
    concurrency: CONCURRENCY,
    machine: { cpus: cpus().length, memoryBytes: totalmem(), node: process.version },
    kit: figuresOf(pairs.map(({ kit }) => kit)),
    bare: figuresOf(pairs.map(({ bare }) => bare)),
    ratios: {
      callsPerSecond: ratioOf(pairs, (sample) => sample.callsPerSecond),
      p99Ms: ratioOf(pairs, (sample) => sample.p99Ms),
      cpuPerCall: ratioOf(pairs, (sample) => sample.cpuMicrosecondsPerCall),
    },
  };
  const text = `${JSON.stringify(output, null, 2)}\n`;
  if (values.output === undefined) process.stdout.write(text);
  else await writeFile(resolve(process.env['BUILD_WORKING_DIRECTORY'] ?? '.', values.output), text);
}
