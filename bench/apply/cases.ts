// What both sides do, each on namespaces of its own that have the same objects.
import type { ApiServer } from '../../tools/k8s/testing/apiserver.ts';
import { asList, asRecord } from '../../tools/k8s/model/object.ts';
import type { Run } from '../lib/compare.ts';
import { type Contender, configMaps } from './contenders.ts';

export const CASES = ['first', 'no-op', 'diff', 'one change'] as const;
export type Case = (typeof CASES)[number];

/** Whom we are compared with. */
export interface Rival {
  readonly contender: Contender;
  readonly aims: Partial<Record<Case, number>>;
  /** What it can do. Default: all. */
  readonly cases?: readonly Case[];
  /** It is not asked to do more. Default: any number. */
  readonly maxObjects?: number;
}

/** Options of {@link createStage}. */
export interface StageOptions {
  readonly server: ApiServer;
  readonly ours: Contender;
  readonly rival: Contender;
  readonly objects: number;
  /** Called with the engine's peak of memory, in megabytes, after each of its runs. */
  readonly onPeak: (megabytes: number) => void;
}

type Sides = { readonly ours: Run; readonly peer: Run };

/** What to run in each case. */
export function createStage({ server, ours, rival, objects, onPeak }: StageOptions): Readonly<Record<Case, Sides>> {
  const both = (runOf: (contender: Contender) => Run): Sides => {
    const run = runOf(ours);
    return { ours: run, peer: runOf(rival) };
  };
  const timed = async (contender: Contender, verb: 'apply' | 'diff', namespace: string, change?: string) => {
    const { seconds, megabytes } = await contender.run(verb, configMaps(objects, namespace, change));
    if (contender === ours) onPeak(megabytes);
    return seconds;
  };
  const configMapsOf = (namespace: string) => `/api/v1/namespaces/${namespace}/configmaps`;
  /** Whoever did not do all of it is not compared. */
  const check = async (contender: Contender, namespace: string, change = 'first') => {
    const read = async (path: string) =>
      asRecord(await server.client.request({ method: 'GET', path, doing: 'Looking' }));
    const list = await read(configMapsOf(namespace));
    const there = asList(list?.['items']).length;
    const first = await read(`${configMapsOf(namespace)}/o0`);
    const value = asRecord(first?.['data'])?.['value'];
    if (there < objects || value !== change)
      throw new Error(`${contender.name} ended with ${there} of ${objects} objects, the first with ${String(value)}`);
  };
  let count = 0;
  const makeNamespace = async () => {
    const name = `bench-${objects}-${rival.name.replaceAll(/[^a-z]+/g, '-')}-${(count += 1)}`;
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
    await server.client.request({ method: 'POST', path: '/api/v1/namespaces', body, doing: 'Making a namespace' });
    return name;
  };
  const kept = new Map<Contender, Promise<string>>();
  const applied = (contender: Contender) => {
    const known =
      kept.get(contender) ??
      makeNamespace().then(async (name) => {
        await timed(contender, 'apply', name);
        return name;
      });
    kept.set(contender, known);
    return known;
  };
  return {
    first: both((contender) => async () => {
      const namespace = await makeNamespace();
      const seconds = await timed(contender, 'apply', namespace);
      await check(contender, namespace);
      await server.client.request({ method: 'DELETE', path: configMapsOf(namespace), doing: 'Taking objects away' });
      return seconds;
    }),
    'no-op': both((contender) => async () => timed(contender, 'apply', await applied(contender))),
    diff: both((contender) => async () => timed(contender, 'diff', await applied(contender))),
    'one change': both((contender) => async (round) => {
      // The last case: what a round changes is not changed back.
      const namespace = await applied(contender);
      const seconds = await timed(contender, 'apply', namespace, `round ${round}`);
      await check(contender, namespace, `round ${round}`);
      return seconds;
    }),
  };
}
