// `bazel run //bench/apply -- [--write] [--pairs 7]`: Fathom's engine against kubectl, helm and bare requests, whole
// processes on one API server with etcd on loopback: a first apply, one that changes nothing, a diff, one change. Each
// side has namespaces of its own with the same objects.
import { startApiServer } from '../../tools/k8s/testing/apiserver.ts';
import type { BenchOptions } from '../lib/bench.ts';
import { comparePairs, measurementOf } from '../lib/compare.ts';
import type { Comparison, Measurement } from '../lib/result.ts';
import { bareRequests } from './bare.ts';
import { fathom, helm, kubectl } from './contenders.ts';
import { CASES, type Case, type Rival, createStage } from './cases.ts';

const SIZES = [300, 5000];
/** kubectl without --server-side takes 20 seconds for 300 objects without changes, and minutes for more. */
const CLIENT_SIDE_OBJECTS = 300;

/** What `bazel run //bench/apply` runs. */
export const BENCHMARK: BenchOptions = {
  name: 'apply',
  pairs: 7,
  description: 'The engine against kubectl, helm and bare requests, on one API server.',
  async run({ pairs, signal, log, only }) {
    const server = await startApiServer();
    try {
      const ours = fathom(server);
      const rivals: Rival[] = [
        { contender: await kubectl(server, true), aims: { 'no-op': 10 } },
        { contender: await kubectl(server, false), aims: { 'no-op': 10 }, maxObjects: CLIENT_SIDE_OBJECTS },
        // It has no diff of its own.
        { contender: await helm(server), aims: { 'no-op': 10 }, cases: ['first', 'no-op', 'one change'] },
        // What the API server itself allows: the same requests, by a process that does nothing else.
        { contender: bareRequests(server), aims: { first: 1 / 1.5 }, cases: ['first'] },
      ];
      const comparisons: Comparison[] = [];
      const megabytes: Measurement[] = [];
      for (const objects of SIZES) {
        for (const rival of rivals.filter(({ maxObjects = Infinity }) => objects <= maxObjects)) {
          const peaks: number[] = [];
          const stage = createStage({ server, ours, rival: rival.contender, objects, onPeak: (mb) => peaks.push(mb) });
          for (const one of rival.cases ?? CASES) {
            const name = `${caseName(one)} of ${objects} objects`;
            if (only !== undefined && !name.includes(only)) continue;
            comparisons.push(
              await comparePairs({
                ...{ name, peer: rival.contender.name, signal, run: stage[one] },
                pairs,
                ...(rival.aims[one] === undefined ? {} : { aim: rival.aims[one] }),
                onPair: (pair) => log.info(`${name}: ${pair.ours.toFixed(3)} s, ${pair.peer.toFixed(3)} s`),
              }),
            );
          }
          const name = `memory of the engine, ${objects} objects`;
          if (peaks.length > 0 && !megabytes.some((known) => known.name === name))
            megabytes.push(measurementOf(peaks, { name, unit: 'MB' }));
        }
      }
      return {
        versions: { kubernetes: await versionOf(server.client) },
        comparisons,
        measurements: megabytes,
      };
    } finally {
      await server.stop();
    }
  },
};

function caseName(one: Case): string {
  return { first: 'first apply', 'no-op': 'apply without changes', diff: 'diff', 'one change': 'apply of one change' }[
    one
  ];
}

async function versionOf(client: Awaited<ReturnType<typeof startApiServer>>['client']): Promise<string> {
  const answer = await client.request({ method: 'GET', path: '/version', doing: 'Asking for the version' });
  return (answer as { readonly gitVersion?: string }).gitVersion ?? 'unknown';
}
