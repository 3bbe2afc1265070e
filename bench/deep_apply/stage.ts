// Where contenders bring up a stack of one size, and whether they did.
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Workspace } from '../../tools/ci/services/workspace.ts';
import { peerPath } from '../../tools/oci/testing/peers.ts';
import { startRealRegistry } from '../../tools/oci/testing/real_registry.ts';
import type { Sample } from '../lib/measure.ts';
import { runBazel } from '../testbed/bazel.ts';
import type { BenchCluster } from '../testbed/cluster.ts';
import { PERSONAL, changedService, packageOf, stackOf } from '../testbed/services.ts';
import type { Place } from '../testbed/state.ts';
import type { Contender, Stack } from './contenders.ts';

export const CASES = {
  cold: { name: 'nothing is there', aim: 3 },
  again: { name: 'all is there', aim: 10 },
  change: { name: 'one service has changed', aim: undefined },
} as const;
export type Case = keyof typeof CASES;

/** Options of {@link createStage}. */
export interface StageOptions {
  readonly cluster: BenchCluster;
  readonly workspace: Workspace;
  /** How many services the stack has. */
  readonly size: number;
  readonly folder: string;
}

/** A stack and the places that it is brought up in, whose registries end with its scope. */
export interface Stage extends AsyncDisposable {
  /** What a contender does in a case, once it has brought about what the case begins with. */
  runOf(one: Case, contender: Contender): Promise<(round: number) => Promise<Sample>>;
  /** Brings the stack up in a place. Rejects where that does not change as many Deployments as `changes` says. */
  deploy(contender: Contender, place: Place, changes: number): Promise<Sample>;
  /** Takes away what is there, which the next stage would have to share the cluster with. After a failure that ends as a whole. */
  clear(): Promise<void>;
}

/** Builds what verbs of these stacks need. */
export async function buildStacks(workspace: Workspace, sizes: readonly number[]): Promise<void> {
  const targets = sizes.flatMap((size) => [`${stackOf(size)}.apply`, `${stackOf(size)}.resolve`]);
  await runBazel(workspace, 'build', ...targets);
}

/** Each contender has a namespace and a registry of its own, in which all is there; for `cold`, new ones each time. */
export function createStage({ cluster, workspace, size, folder }: StageOptions): Stage {
  const label = stackOf(size);
  const stack: Stack = {
    label,
    verb: join(workspace.root, 'bazel-bin', label.replace('//', '').replace(':', '/')),
    packages: Array.from({ length: size }, (_, index) => packageOf(index)),
  };
  const kept = new Map<Contender, Promise<Place>>();
  const ends = new AsyncDisposableStack();
  let places = 0;
  /** A new place, which ends with `scope`. */
  const makePlace = async (scope: AsyncDisposableStack): Promise<Place> => {
    const namespace = `bench-${size}-${(places += 1)}`;
    const own = await mkdtemp(join(folder, `${namespace}-`));
    const registry = scope.use(await startRealRegistry(peerPath('OCI_REGISTRY_3'), own));
    return { cluster, folder: own, namespace, registry: registry.endpoint };
  };
  /** Whoever did not do it, or did more, is not compared. */
  const deploy = async (contender: Contender, place: Place, changes: number): Promise<Sample> => {
    await contender.prepare?.(stack, place);
    const before = await cluster.generations(place.namespace);
    const sample = await contender.deploy(stack, place);
    const ready = await cluster.readyDeployments(place.namespace);
    if (ready !== size) throw new Error(`${contender.name} ended with ${ready} of ${size} Deployments ready`);
    const after = await cluster.generations(place.namespace);
    const changed = [...after].filter(([name, generation]) => before.get(name) !== generation).length;
    if (changed !== changes) throw new Error(`${contender.name} has changed ${changed} Deployments, not ${changes}`);
    return sample;
  };
  const deployNew = async (contender: Contender, scope: AsyncDisposableStack) => {
    const place = await makePlace(scope);
    return { place, sample: await deploy(contender, place, size) };
  };
  const placeOf = (contender: Contender) => {
    const known = kept.get(contender) ?? deployNew(contender, ends).then(({ place }) => place);
    kept.set(contender, known);
    return known;
  };
  let built = -1;
  let versions = 0;
  const change = async (round: number) => {
    if (built === round) return;
    built = round;
    versions += 1;
    await workspace.write(changedService(size - 1, versions + size * 1000, { environments: [PERSONAL] }));
    await buildStacks(workspace, [size]);
  };
  return {
    deploy,
    async runOf(one, contender) {
      if (one === 'cold') {
        return async () => {
          await using scope = new AsyncDisposableStack();
          const { place, sample } = await deployNew(contender, scope);
          await cluster.removeNamespace(place.namespace);
          return sample;
        };
      }
      const place = await placeOf(contender);
      built = -1;
      return async (round) => {
        if (one === 'change') await change(round);
        return deploy(contender, place, one === 'change' ? 1 : 0);
      };
    },
    async clear() {
      for (const place of kept.values()) await cluster.removeNamespace((await place).namespace);
    },
    [Symbol.asyncDispose]: () => ends.disposeAsync(),
  };
}
