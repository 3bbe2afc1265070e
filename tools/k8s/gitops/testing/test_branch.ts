// A bare repository, a checkout to render from, and stacks as data, for tests of gitops.
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Git, gitIn } from '../../../lib/git.ts';
import type { KubeObject } from '../../model/object.ts';
import type { ImageInput, PinnedImage } from '../../model/plan_input.ts';
import type { GitopsContext } from '../context.ts';
import { gitops } from '../gitops.ts';
import { parseOptions } from '../options.ts';

/** A stack as data. */
export interface TestStack {
  readonly name: string;
  readonly objects: readonly KubeObject[];
  readonly pinned?: readonly PinnedImage[];
  readonly images?: readonly ImageInput[];
  readonly isProtected?: boolean;
}

export interface TestBranch extends AsyncDisposable {
  /** The bare repository. */
  readonly repo: string;
  readonly remote: Git;
  /** The checkout that manifests are rendered from. */
  readonly workspace: string;
  readonly source: Git;
  readonly printed: string[];
  readonly logged: string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Runs gitops for `staging` on `main`, with more arguments. */
  run(stacks: readonly TestStack[], ...args: readonly string[]): Promise<void>;
  /** Path → text of a branch; undefined: there is no such branch. */
  files(branch?: string): Promise<Readonly<Record<string, string>> | undefined>;
  /** Commits files to a branch, as somebody else would. */
  pushFiles(files: Readonly<Record<string, string>>, branch?: string): Promise<void>;
  /** Installs a hook of the bare repository. */
  hook(name: string, script: string): Promise<void>;
}

export async function testBranch(): Promise<TestBranch> {
  const folder = await mkdtemp(join(tmpdir(), 'fathom-gitops-test-'));
  const [repo, workspace] = [join(folder, 'deploy.git'), join(folder, 'src')];
  await Promise.all([mkdir(repo), mkdir(workspace)]);
  await writeFile(join(folder, '.gitconfig'), '[user]\n\tname = Test\n\temail = test@test.test\n');
  const env = { ...process.env, HOME: folder, GIT_CONFIG_NOSYSTEM: '1', BUILD_WORKSPACE_DIRECTORY: workspace };
  const remote = gitIn(repo, { env });
  const source = gitIn(workspace, { env });
  await remote('init', '--quiet', '--bare', '--initial-branch=main');
  await source('init', '--quiet', '--initial-branch=main');
  await source('commit', '--quiet', '--allow-empty', '--message=first');
  const printed: string[] = [];
  const logged: string[] = [];
  const push = (line: string) => void logged.push(line);
  let runs = 0;
  return {
    ...{ repo, remote, workspace, source, printed, logged, env },
    run: async (stacks, ...args) => {
      const place = join(folder, `plan-${(runs += 1)}`);
      await mkdir(place);
      await writePlan(place, stacks);
      const about = { environments: ['staging', 'prod'], prCommand: '', env };
      const context: GitopsContext = {
        label: '//prod:gitops',
        plans: [join(place, 'plan.json')],
        options: parseOptions([`--env=staging`, `--repo=${repo}`, '--branch=main', ...args], about),
        ...{ env, log: { info: push, warn: push, error: push } },
        signal: AbortSignal.timeout(60_000),
        resolve: (path) => join(place, path),
        print: (line) => void printed.push(line),
      };
      await gitops(context);
    },
    files: async (branch = 'main') => {
      const names = await remote('ls-tree', '-r', '--name-only', `refs/heads/${branch}`).catch(() => undefined);
      if (names === undefined) return undefined;
      const paths = names.split('\n').filter((path) => path !== '');
      const texts = paths.map(async (path) => [path, await remote('show', `refs/heads/${branch}:${path}`)] as const);
      return Object.fromEntries(await Promise.all(texts));
    },
    pushFiles: async (files, branch = 'main') => {
      const place = await mkdtemp(join(folder, 'other-'));
      const git = gitIn(place, { env });
      await git('init', '--quiet', `--initial-branch=${branch}`);
      const isThere = (await git('ls-remote', repo, `refs/heads/${branch}`)) !== '';
      if (isThere) await git('pull', '--quiet', repo, branch);
      for (const [path, text] of Object.entries(files)) {
        await mkdir(join(place, path, '..'), { recursive: true });
        await writeFile(join(place, path), text);
      }
      await git('add', '--all');
      await git('commit', '--quiet', '--message=by somebody else');
      await git('push', '--quiet', repo, `HEAD:refs/heads/${branch}`);
    },
    hook: async (name, script) => {
      await writeFile(join(repo, 'hooks', name), `#!/bin/sh\n${script}\n`);
      await chmod(join(repo, 'hooks', name), 0o755);
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

async function writePlan(place: string, stacks: readonly TestStack[]): Promise<void> {
  const connection = { cluster: '', context: '', namespace: 'staging', user: '', kubeconfig: '' };
  const sets = stacks.map(({ name, objects, pinned = [], images = [], isProtected = false }) => ({
    label: `//services/${name}:staging`,
    stack: name,
    namespace: 'staging',
    objects: [
      {
        version: 1,
        label: `//services/${name}:staging__all`,
        connection,
        guard: { environment: 'staging', isProtected, caSha256: '' },
        ...{ images, pinned, objects },
      },
    ],
  }));
  const plan = { version: 1, label: '//test', root: 'test', reservedNamespaces: [], sets, args: [] };
  await writeFile(join(place, 'plan.json'), JSON.stringify(plan));
}
