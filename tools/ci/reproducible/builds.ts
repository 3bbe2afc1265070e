// Two builds of the same sources that have nothing in common but the sources.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { ToolError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import { readImage } from '../../oci/index.ts';
import { builtFile } from '../../oci/inspect/built_image.ts';
import { type InspectedImage, inspectImage } from '../../oci/inspect/inspected.ts';
import { type Surroundings, settle, userOf } from './surroundings.ts';

/** Options of {@link isolatedBuild}. */
export interface IsolatedBuildOptions {
  readonly bazel: string;
  readonly targets: readonly string[];
  readonly surroundings: Surroundings;
  /** A folder of this build alone. */
  readonly folder: string;
  /** More flags of the build in its environment. Default: none. */
  readonly flags?: (env: NodeJS.ProcessEnv) => readonly string[];
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Default: 90 minutes. */
  readonly timeoutMs?: number;
}

/** Copies the files that git knows or would add, from `workspace` to `target`. */
export async function copySources(workspace: string, target: string, signal: AbortSignal): Promise<void> {
  const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: workspace,
    signal,
    env: process.env,
  });
  for (const path of stdout.split('\0').filter((name) => name !== '')) {
    await mkdir(dirname(join(target, path)), { recursive: true });
    await copyFile(join(workspace, path), join(target, path)).catch((error: NodeJS.ErrnoException) => {
      // A file that git still lists and the user has deleted.
      if (error.code !== 'ENOENT') throw error;
    });
  }
}

/** The labels of all images of `patterns`; by default those that services and the cluster-wide parts are deployed from. */
export async function imagesOf(
  bazel: string,
  workspace: string,
  signal: AbortSignal,
  patterns: readonly string[] = ['//services/...', '//prod/...'],
): Promise<readonly string[]> {
  const query = `kind("^oci_image rule$", ${patterns.join(' + ')})`;
  const { stdout } = await run(bazel, ['query', query], {
    cwd: workspace,
    signal,
    env: process.env,
    timeoutMs: 10 * 60_000,
  });
  return stdout.split('\n').filter((label) => label !== '');
}

/** Writes a time into a source file of the copy: what a build must not do, planted to prove that the check sees it. */
export async function plantTimestamp(checkout: string, file: string): Promise<void> {
  const path = join(checkout, file);
  await writeFile(
    path,
    `${await readFile(path, 'utf8')}\nexport const plantedAt = ${JSON.stringify(new Date().toISOString())};\n`,
  );
}

/** What a build made. */
export interface BuildResult {
  /** Each `*.digest` file below bazel-bin → its content. */
  readonly digests: ReadonlyMap<string, string>;
  /** What is in the images, by the same names; an index or a pulled image is not among them. */
  readonly images: ReadonlyMap<string, InspectedImage>;
}

/** Builds `targets` in the checkout below `folder`. Throws REPRODUCIBLE_BUILD, REPRODUCIBLE_RUN. */
export async function isolatedBuild(options: IsolatedBuildOptions): Promise<BuildResult> {
  const { surroundings, folder, signal } = options;
  const checkout = join(folder, surroundings.folder);
  const env = await settle(surroundings, folder, process.env);
  const bazel = (...args: string[]) =>
    run(options.bazel, [`--output_base=${join(folder, 'out')}`, '--nohome_rc', ...args], {
      cwd: checkout,
      env,
      signal,
      umask: surroundings.umask,
      uid: userOf(surroundings)?.uid,
      timeoutMs: options.timeoutMs ?? 90 * 60_000,
      progress: (line) => options.log.info(`[${surroundings.name}] ${line}`),
    });
  // Of both commands: ~ in .bazelrc is the home that the user has by name, which another user may not have.
  const ownCaches = ['--disk_cache=', `--repository_cache=${join(folder, 'home/repositories')}`];
  const quiet = ['--remote_cache=', '--color=no', '--curses=no'];
  try {
    await bazel('build', ...ownCaches, ...quiet, ...(options.flags?.(env) ?? []), '--', ...options.targets);
    return await builtBelow((await bazel('info', ...ownCaches, 'bazel-bin')).stdout.trim());
  } finally {
    await bazel('shutdown').catch(() => undefined);
  }
}

/** What a build has left in its folder of outputs, `bazel-bin`: all of it, or what `names` has digests of. */
export async function builtBelow(bin: string, names?: ReadonlyMap<string, string>): Promise<BuildResult> {
  const digests = new Map([...(await digestsBelow(bin))].filter(([name]) => names?.has(name) !== false));
  // <execution root>/bazel-out/<configuration>/bin
  const executionRoot = dirname(dirname(dirname(bin)));
  return { digests, images: await imagesBelow({ executionRoot, output: bin }, digests.keys()) };
}

async function digestsBelow(bin: string): Promise<ReadonlyMap<string, string>> {
  const digests = new Map<string, string>();
  for (const entry of await readdir(bin, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.digest') || /\.runfiles\//.test(entry.parentPath)) continue;
    const path = join(entry.parentPath, entry.name);
    digests.set(relative(bin, path), (await readFile(path, 'utf8')).trim());
  }
  return digests;
}

/** The images whose digests are named, as their documents describe them. */
async function imagesBelow(
  place: { readonly executionRoot: string; readonly output: string },
  names: Iterable<string>,
): Promise<ReadonlyMap<string, InspectedImage>> {
  const images = new Map<string, InspectedImage>();
  for (const name of names) {
    const path = join(place.output, name.replace(/digest$/, 'json'));
    if (!existsSync(path.replace(/json$/, 'config.json'))) continue;
    images.set(name, await inspectImage(await readImage(path, (runfile) => builtFile(place, runfile)), name));
  }
  return images;
}

interface RunOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  readonly umask?: number;
  readonly uid?: number | undefined;
  readonly timeoutMs?: number;
  readonly progress?: (line: string) => void;
}

async function run(
  command: string,
  args: readonly string[],
  options: RunOptions,
): Promise<{ readonly stdout: string }> {
  const previous = options.umask === undefined ? undefined : process.umask(options.umask);
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: options.timeoutMs ?? 60_000,
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  if (previous !== undefined) process.umask(previous);
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr = (output.stderr + text).slice(-20_000);
    for (const line of text.split('\n'))
      if (/^(ERROR|INFO: (Analyzed|Elapsed|Build)|\[\d)/.test(line)) options.progress?.(line);
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  }).catch((cause: unknown) => {
    throw new ToolError('REPRODUCIBLE_RUN', `Running ${command} ${args.slice(0, 3).join(' ')}`, {
      cause,
      hint: `Check that ${command} is on PATH, and that you may run it.`,
    });
  });
  if (status !== 0) {
    throw new ToolError(
      'REPRODUCIBLE_BUILD',
      `Running ${command} ${args.slice(0, 3).join(' ')} in ${options.cwd}: exit ${status}\n${output.stderr}`,
      {
        hint: 'Run the same build in the checkout: it has to succeed there first.',
      },
    );
  }
  return output;
}
