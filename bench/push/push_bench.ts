// `bazel run //bench/push -- [--output FILE]`: what a push of a whole stack costs when the registry has it all, when
// one layer of one image has changed, and when each image is pushed by itself. Prints JSON.
import { writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { runMain } from '../../tools/lib/cli.ts';
import { createLog, formatDuration } from '../../tools/lib/log.ts';
import { userPath } from '../../tools/lib/runfiles.ts';
import { type PushItem, pushImages } from '../../tools/oci/registry/push.ts';
import { peerPath } from '../../tools/oci/testing/peers.ts';
import { startRealRegistry } from '../../tools/oci/testing/real_registry.ts';
import { layeredImage, noise, scratchFolder } from '../../tools/oci/testing/sample_image.ts';

const IMAGES = 25;
const BASE_BYTES = 20_000_000;
const APP_BYTES = 50_000;

interface Measured {
  readonly ms: number;
  readonly requests: Readonly<Record<string, number>>;
  readonly uploadedBytes: number;
}

await runMain(async ({ argv, env, signal }) => {
  const { values } = parseArgs({
    args: [...argv],
    options: { output: { type: 'string' }, rounds: { type: 'string', default: '11' } },
  });
  const rounds = Math.max(1, Number(values.rounds) || 1);
  const log = createLog();
  await using folder = await scratchFolder();
  await using registry = await startRealRegistry(peerPath('OCI_REGISTRY_3'), folder.path);
  const base = noise(BASE_BYTES, 'base');
  const imageOf = async (index: number, version: number): Promise<PushItem> => {
    const repository = `services/s${index}`;
    const app = noise(APP_BYTES, `${repository} ${version}`);
    return {
      repository,
      image: await layeredImage(folder.path, `${repository}v${version}`, [base, app]),
      tags: ['v1'],
    };
  };
  const items: PushItem[] = [];
  for (let index = 0; index < IMAGES; index++) items.push(await imageOf(index, 0));

  const push = async (pushed: readonly PushItem[]): Promise<Measured> => {
    const quiet = createLog(() => undefined);
    const startMs = performance.now();
    const report = await pushImages(pushed, { endpoint: registry.endpoint, plainHttp: true, log: quiet, signal });
    const { requests, uploadedBytes } = report;
    return { ms: performance.now() - startMs, requests, uploadedBytes };
  };
  const oneByOne = async (): Promise<Measured> => {
    const startMs = performance.now();
    let heads = 0;
    for (const item of items) heads += (await push([item])).requests['HEAD'] ?? 0;
    return { ms: performance.now() - startMs, requests: { HEAD: heads }, uploadedBytes: 0 };
  };

  const first = await push(items);
  const results: Record<'unchanged' | 'oneByOne' | 'oneChanged', Measured[]> = {
    unchanged: [],
    oneByOne: [],
    oneChanged: [],
  };
  for (let round = 1; round <= rounds; round++) {
    // Interleaved: what else the machine does meets all alike.
    results.unchanged.push(await push(items));
    results.oneByOne.push(await oneByOne());
    const changed = await imageOf(0, round);
    items[0] = changed;
    results.oneChanged.push(await push(items));
  }
  const summary = Object.fromEntries(Object.entries(results).map(([name, all]) => [name, summarise(all)]));
  const unchangedMs = median(results.unchanged.map(({ ms }) => ms));
  const output = {
    benchmark: 'push',
    registry: 'distribution 3, filesystem, loopback',
    images: IMAGES,
    baseBytes: BASE_BYTES,
    appBytes: APP_BYTES,
    rounds,
    machine: { cpus: cpus().length, memoryBytes: totalmem(), node: process.version },
    first: { ms: Math.round(first.ms), requests: first.requests, uploadedBytes: first.uploadedBytes },
    ...summary,
    ratios: {
      oneByOneToStack: round2(median(results.oneByOne.map(({ ms }) => ms)) / unchangedMs),
      firstToUnchanged: round2(first.ms / unchangedMs),
    },
  };
  log.info(`a push of ${IMAGES} unchanged images: ${formatDuration(unchangedMs)}, the median of ${rounds}`);
  const text = `${JSON.stringify(output, null, 2)}\n`;
  if (values.output === undefined) process.stdout.write(text);
  else await writeFile(userPath(values.output, env), text);
});

function summarise(all: readonly Measured[]) {
  const times = all.map(({ ms }) => ms);
  const { requests, uploadedBytes } = all[all.length - 1] ?? { requests: {}, uploadedBytes: 0 };
  return {
    medianMs: Math.round(median(times)),
    minMs: Math.round(Math.min(...times)),
    maxMs: Math.round(Math.max(...times)),
    requests,
    uploadedBytes,
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function round2(value: number): number {
  return Math.round(value * 100) / 100;
}
