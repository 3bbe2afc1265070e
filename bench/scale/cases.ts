// What is done in a workspace of many services, and how much of it there is.
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Workspace } from '../../tools/ci/services/workspace.ts';
import { type Sample, measure } from '../lib/measure.ts';
import { timed } from '../lib/timed.ts';
import { runBazel } from '../testbed/bazel.ts';
import { runProgram } from '../testbed/program.ts';

/** A workspace of generated services. */
export interface Repo {
  readonly size: number;
  readonly workspace: Workspace;
  /** The package of the service that is deployed. */
  readonly service: string;
  /** The environment of its verbs. */
  readonly env: Readonly<Record<string, string>>;
}

/** Something that is timed. */
export interface ScaleCase {
  readonly name: string;
  /** Whether it may take the longer the more services there are. */
  readonly grows: boolean;
  readonly run: (repo: Repo, round: number) => Promise<number>;
  /** How often it is run before, and how many times as many pairs it has: of what is short, chance is a large part. Default: 1. */
  readonly repeats?: number;
}

const ALL = '//...';

export const CASES: readonly ScaleCase[] = [
  {
    name: 'analysis of all services, no server runs',
    grows: true,
    run: async (repo) => {
      await bazel(repo, 'shutdown');
      return timed(() => bazel(repo, 'build', '--nobuild', ALL));
    },
  },
  {
    name: 'analysis of all services, nothing has changed',
    grows: true,
    run: async (repo) => {
      await bazel(repo, 'build', '--nobuild', ALL);
      return timed(() => bazel(repo, 'build', '--nobuild', ALL));
    },
  },
  {
    name: 'analysis of all services, one BUILD file has changed',
    grows: true,
    run: async (repo, round) => {
      await bazel(repo, 'build', '--nobuild', ALL);
      await appendFile(join(repo.workspace.root, repo.service, 'BUILD.bazel'), `\n# ${round}`);
      return timed(() => bazel(repo, 'build', '--nobuild', ALL));
    },
  },
  {
    name: 'analysis of one service, no server runs',
    grows: false,
    run: async (repo) => {
      await bazel(repo, 'shutdown');
      return timed(() => bazel(repo, 'build', '--nobuild', `${repo.service}:myns.apply`));
    },
  },
  {
    name: 'apply of one service that changes nothing',
    grows: false,
    repeats: 5,
    // The first of those before makes it what it is.
    run: (repo) => timed(() => bazel(repo, 'run', `${repo.service}:myns.apply`)),
  },
];

/** How many targets and actions there are. */
export async function countsOf(repo: Repo): Promise<Readonly<Record<string, number>>> {
  const linesOf = async (query: string) => (await bazel(repo, 'query', query)).split('\n').filter(isLabel).length;
  return {
    'targets of one service': await linesOf(`${repo.service}:all`),
    'targets of one service that a build of everything has': await linesOf(
      `${repo.service}:all except attr("tags", "manual", ${repo.service}:all)`,
    ),
  };
}

function isLabel(line: string): boolean {
  return line.startsWith('//');
}

/** Bazel's heap after an analysis of everything, in megabytes. */
export async function memoryOf(repo: Repo): Promise<Readonly<Record<string, number>>> {
  await bazel(repo, 'shutdown');
  await bazel(repo, 'build', '--nobuild', ALL);
  const heap = async (key: string) => Number(/(\d+)MB/.exec(await bazel(repo, 'info', key))?.[1] ?? Number.NaN);
  return {
    'heap of Bazel after an analysis of all services': await heap('used-heap-size-after-gc'),
    'the most that it was meanwhile': await heap('peak-heap-size'),
  };
}

/** The program that `bazel run` starts, alone. */
export function engineOf(repo: Repo): Promise<Sample> {
  const program = join(repo.workspace.root, 'bazel-bin', repo.service, 'myns.apply');
  return measure((onStart) => runProgram(program, [], { env: repo.env, onStart }));
}

function bazel({ workspace }: Repo, command: string, ...args: readonly string[]): Promise<string> {
  return runBazel(workspace, command, ...args);
}
