// The clone that pages are run in: each page finds it as `git clone` makes it, with a Bazel that has not forgotten.
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { removeTree } from '../../../lib/remove_tree.ts';
import { copySources } from '../../reproducible/builds.ts';
import { PERSON } from './settings.ts';

const run = promisify(execFile);

/** A clone of a checkout, with what is changed there. */
export interface PageWorkspace {
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  /** Whether `env` leads to a cluster. */
  readonly hasCluster: boolean;
  /** A state folder for a cluster of the pages' own. */
  readonly ownState: string;
  /** Makes it what it was after the cloning. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** Options of {@link openWorkspace}. */
export interface WorkspaceOptions {
  readonly checkout: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** Clones a checkout; its changes that are not committed are the clone's last commit. */
export async function openWorkspace({ checkout, env, signal }: WorkspaceOptions): Promise<PageWorkspace> {
  const folder = await mkdtemp(join(tmpdir(), 'fathom-docs-'));
  const root = join(folder, 'fathom');
  const bin = join(folder, 'bin');
  const git = (...args: readonly string[]) => run('git', ['-C', root, ...args], { signal, maxBuffer: 64 << 20 });
  await run('git', ['clone', '--quiet', checkout, root], { signal });
  await git('checkout', '--quiet', '-B', 'main');
  await copySources(checkout, root, signal);
  await git('config', 'user.name', 'Ada');
  await git('config', 'user.email', 'ada@example.com');
  await git('add', '--all');
  await git('commit', '--quiet', '--allow-empty', '--message=what is not committed yet');
  await git('push', '--quiet', '--force', '.', 'main:refs/remotes/origin/main');
  await writePrograms(bin, root, env['FATHOM_BAZEL'] ?? 'bazel');
  await writeFile(join(root, 'user.bazelrc'), await bazelrc(checkout, folder));
  return {
    root,
    env: environment(env, bin, folder),
    hasCluster: env['FATHOM_STATE'] !== undefined,
    ownState: join(folder, 'state'),
    async reset() {
      await git('reset', '--quiet', '--hard', 'refs/remotes/origin/main');
      await git('clean', '--quiet', '-d', '--force');
    },
    async close() {
      await run(join(bin, 'bazel'), ['shutdown'], { cwd: root }).catch(() => undefined);
      await removeTree(folder);
    },
  };
}

/** `bazel` and `kubectl`, as the reader has them. */
async function writePrograms(bin: string, root: string, bazel: string): Promise<void> {
  await mkdir(bin);
  for (const [name, command] of [
    ['bazel', bazel],
    ['kubectl', `'${root}/fathom' kubectl`],
  ] as const) {
    // A link to itself would be found first.
    const program = command === name ? (await run('sh', ['-c', `command -v ${name}`])).stdout.trim() : command;
    await writeFile(join(bin, name), `#!/bin/sh\nexec ${program} "$@"\n`);
    await chmod(join(bin, name), 0o755);
  }
}

/** The settings of this machine's checkout; outputs go to the folder that is removed at the end. */
async function bazelrc(checkout: string, folder: string): Promise<string> {
  const own = join(checkout, 'user.bazelrc');
  const before = existsSync(own) ? await readFile(own, 'utf8') : '';
  const lines = [
    `startup --output_base=${join(folder, 'out')}`,
    'common --color=no --curses=no',
    'test --test_env=FATHOM_STATE',
    '',
  ];
  return `${before}\n${lines.join('\n')}`;
}

function environment(
  env: Readonly<Record<string, string | undefined>>,
  bin: string,
  folder: string,
): NodeJS.ProcessEnv {
  const inherited = Object.entries(env).filter(([key]) => !/^(BUILD_|RUNFILES|JAVA_RUNFILES|TEST_|NODE_)/.test(key));
  return {
    ...Object.fromEntries(inherited),
    PATH: `${bin}:${env['PATH'] ?? '/usr/bin:/bin'}`,
    FATHOM_USER: PERSON,
    // A cluster that nobody has named is none.
    FATHOM_STATE: env['FATHOM_STATE'] ?? join(folder, 'no-cluster'),
    KUBECONFIG: '',
    PAGE_FOLDER: folder,
  };
}
