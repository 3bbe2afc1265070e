// Who brings a stack up, and how Fathom does: by one verb, without Bazel around it or with it.
import type { Workspace } from '../../tools/ci/services/workspace.ts';
import { type Sample, measure } from '../lib/measure.ts';
import { runBazel } from '../testbed/bazel.ts';
import { runProgram } from '../testbed/program.ts';
import { type Place, writeState } from '../testbed/state.ts';

/** A stack as the build made it, for whoever has a namespace and a registry. */
export interface Stack {
  /** Of its target: `//stack:all-50-deep`. */
  readonly label: string;
  /** The verbs' executables: `<verb>.apply`, `<verb>.resolve`. */
  readonly verb: string;
  readonly packages: readonly string[];
}

/** Brings stacks up. */
export interface Contender {
  readonly name: string;
  /** What a reader must know of its times with so many services. Default: nothing. */
  note?(services: number): string | undefined;
  /** What is needed before and does not count. Default: nothing. */
  prepare?(stack: Stack, place: Place): Promise<void>;
  /** Resolves to what it took; rejects where it fails. */
  deploy(stack: Stack, place: Place): Promise<Sample>;
}

/** Fathom: the program behind `bazel run …-deep.apply`. What Bazel takes before it starts that is not in there. */
export const fathom: Contender = {
  name: 'fathom',
  deploy: async (stack, place) => {
    const env = await writeState(place);
    return measure((onStart) => runProgram(`${stack.verb}.apply`, argumentsIn(place), { env, onStart }));
  },
};

/**
 * The same as people type it: Bazel, whose server is warm after the first time, and the program that it starts. That has
 * Bazel's own environment, so the only place that it can go to is the one in the environment of the workspace.
 */
export function bazelRun(workspace: Workspace): Contender {
  return {
    name: 'bazel run',
    deploy: (stack, place) =>
      measure(() => runBazel(workspace, 'run', `${stack.label}.apply`, '--', ...argumentsIn(place))),
  };
}

/** Where the cluster is, and what the environment adds for a look at what the engine does (`--output=json`). */
function argumentsIn({ cluster }: Place): readonly string[] {
  const looks = (process.env['BENCH_FATHOM_ARGUMENTS'] ?? '').split(' ').filter((word) => word !== '');
  return ['--kubeconfig', cluster.kubeconfig, ...looks];
}
