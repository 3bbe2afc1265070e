// Stage 0: wheels, fetched by the machine's pip, so that a user's own index configuration holds.
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ToolError } from '../../lib/errors.ts';
import { cachedPath, hashIfThere, keep, type PinnedFile } from './download.ts';
import { changedFile } from './errors.ts';

const run = promisify(execFile);

type Env = Readonly<Record<string, string | undefined>>;

/** A wheel of a lock. */
export interface PinnedWheel extends PinnedFile {
  /** `package==version`. */
  readonly requirement: string;
  /** The platform tag that pip is asked for: `manylinux_2_17_x86_64`, `any`. */
  readonly platform: string;
  /** The Python that runs it: `3.13`. */
  readonly python: string;
}

/** Options of {@link fetchWheel}. */
export interface FetchWheelOptions {
  readonly cache: string;
  readonly env: Env;
  readonly signal: AbortSignal;
}

/**
 * The path of the verified wheel in the cache.
 * Throws PYPI_NO_PIP, PACKAGE_CHANGED, or PACKAGE_UNREACHABLE with what pip said.
 */
export async function fetchWheel(wheel: PinnedWheel, { cache, env, signal }: FetchWheelOptions): Promise<string> {
  const path = cachedPath(cache, wheel);
  if ((await hashIfThere(path)) === wheel.sha256) return path;
  const folder = await mkdtemp(join(tmpdir(), 'fathom-wheel-'));
  try {
    await writeFile(join(folder, 'pinned.txt'), `${wheel.requirement} --hash=sha256:${wheel.sha256}\n`);
    const args = [
      ...['download', '--no-deps', '--only-binary=:all:', '--require-hashes', '--dest=wheels'],
      ...[`--platform=${wheel.platform}`, `--python-version=${wheel.python}`, '--implementation=cp'],
      '--requirement=pinned.txt',
    ];
    await pip(args, wheel, { folder, env, signal });
    const [file = ''] = await readdir(join(folder, 'wheels'));
    if (file !== wheel.file) {
      throw new ToolError('PACKAGE_GONE', `Fetching ${wheel.file}: the index offers ${file} for ${wheel.requirement}`, {
        hint: 'Pin anew: `bazel run @fathom//tools/packages:pypi_pin -- <list>.json`.',
      });
    }
    return await keep(join(folder, 'wheels', file), 'the index of pip', wheel, cache);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface PipOptions extends Omit<FetchWheelOptions, 'cache'> {
  readonly folder: string;
}

async function pip(args: readonly string[], wheel: PinnedWheel, { folder, signal, env: own }: PipOptions) {
  const python = own['FATHOM_PYTHON'] ?? 'python3';
  const env = { ...own, PIP_DISABLE_PIP_VERSION_CHECK: '1' };
  try {
    await run(python, ['-m', 'pip', ...args], { cwd: folder, env, signal, timeout: 900_000, maxBuffer: 64 << 20 });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const hasPip = await run(python, ['-m', 'pip', '--version'], { env, timeout: 60_000 }).then(
      () => true,
      () => false,
    );
    if (!hasPip) {
      throw new ToolError('PYPI_NO_PIP', `Fetching ${wheel.requirement}: python3 with pip is missing`, {
        hint: 'Run `apt-get install python3-pip` (elsewhere `python3 -m ensurepip`).',
      });
    }
    throw pipFailure(wheel, error);
  }
}

/** pip's only account of a failure is its text; the hash that it found in place of the pinned one is in there. */
function pipFailure(wheel: PinnedWheel, error: unknown): ToolError {
  const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
  const hashes = [...new Set(said.match(/\b[0-9a-f]{64}\b/g) ?? [])];
  const found = hashes.find((hash) => hash !== wheel.sha256);
  if (found !== undefined && hashes.includes(wheel.sha256)) {
    const expected = `sha256:${wheel.sha256}`;
    return changedFile({ file: wheel.file, source: 'the index of pip', expected, found: `sha256:${found}` });
  }
  const { requirement, platform, file } = wheel;
  const words = said.trim().slice(-2000);
  return new ToolError('PACKAGE_UNREACHABLE', `Fetching ${file}: pip has no ${requirement} for ${platform}\n${words}`, {
    cause: error,
    hint: 'Check the network and `python3 -m pip config list`; if the version was removed, pin another one.',
  });
}
