// What both sides do, each on namespaces of its own that have the same objects.
import type { ApiServer } from '../../tools/k8s/testing/apiserver.ts';
import { asList, asRecord } from '../../tools/k8s/model/object.ts';
import type { Run } from '../lib/compare.ts';
import { type Contender, configMaps } from './contenders.ts';
import type { Verb } from './run_verb.ts';

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
  const both = (runOf: (contender: Contender) => Run): Sides => ({ ours: runOf(ours), peer: runOf(rival) });
  const run = async (contender: Contender, verb: Verb, namespace: string, change?: string) => {
    const outcome = await contender.run(verb, configMaps(objects, namespace, change));
    if (contender === ours) onPeak(outcome.megabytes);
    return outcome;
  };
  const configMapsOf = (namespace: string) => `/api/v1/namespaces/${namespace}/configmaps`;
  /** Whoever did not do all of it is not compared. */
  const check = async (contender: Contender, namespace: string, change = 'first') => {
    const path = configMapsOf(namespace);
    const list = asRecord(await server.client.request({ method: 'GET', path, doing: 'Looking' }));
    const items = asList(list?.['items']).map(asRecord);
    const first = items.find((item) => asRecord(item?.['metadata'])?.['name'] === 'o0');
    const value = asRecord(first?.['data'])?.['value'];
    if (items.length < objects || value !== change) {
      const found = `${items.length} of ${objects} objects, the first with ${String(value)}`;
      throw new Error(`${contender.name} ended with ${found}, not ${change}`);
    }
  };
  let count = 0;
  const makeNamespace = async () => {
    const name = `bench-${objects}-${rival.name.replaceAll(/[^a-z]+/g, '-')}-${(count += 1)}`;
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
    await server.client.request({ method: 'POST', path: '/api/v1/namespaces', body, doing: 'Making a namespace' });
    return name;
  };
  const applied = once(async (contender) => {
    const namespace = await makeNamespace();
    await run(contender, 'apply', namespace);
    return namespace;
  });
  /** Whoever does not see a change is not compared by how soon it says that there is none. */
  const compared = once(async (contender) => {
    const namespace = await applied(contender);
    const { differs } = await run(contender, 'diff', namespace, 'another');
    if (!differs) throw new Error(`${contender.name} sees no difference in ${namespace}, where one object has changed`);
    return namespace;
  });
  return {
    first: both((contender) => async () => {
      const namespace = await makeNamespace();
      const { seconds } = await run(contender, 'apply', namespace);
      await check(contender, namespace);
      await server.client.request({ method: 'DELETE', path: configMapsOf(namespace), doing: 'Taking objects away' });
      return seconds;
    }),
    'no-op': both((contender) => async () => {
      const namespace = await applied(contender);
      const { seconds } = await run(contender, 'apply', namespace);
      await check(contender, namespace);
      return seconds;
    }),
    diff: both((contender) => async () => {
      const namespace = await compared(contender);
      const { seconds, differs } = await run(contender, 'diff', namespace);
      if (differs) throw new Error(`${contender.name} sees a difference in ${namespace}, where nothing has changed`);
      return seconds;
    }),
    'one change': both((contender) => async (round) => {
      // The last case: what a round changes is not changed back.
      const namespace = await applied(contender);
      const { seconds } = await run(contender, 'apply', namespace, `round ${round}`);
      await check(contender, namespace, `round ${round}`);
      return seconds;
    }),
  };
}

/** Does a thing once for each contender, when it is first asked for. */
function once<T>(work: (contender: Contender) => Promise<T>): (contender: Contender) => Promise<T> {
  const known = new Map<Contender, Promise<T>>();
  return (contender) => {
    const result = known.get(contender) ?? work(contender);
    known.set(contender, result);
    return result;
  };
}
