// Stage 0: wheels, fetched by the machine's pip, so that a user's own index configuration holds.
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ToolError } from '../../lib/errors.ts';
import { cachedPath, hashIfThere, keep, type PinnedFile } from './download.ts';

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
    // Without a hash for pip: what it takes is hashed here, so that a changed file is told apart from an absent one.
    const args = [
      'download',
      '--no-deps',
      '--only-binary=:all:',
      `--dest=${folder}`,
      `--platform=${wheel.platform}`,
      `--python-version=${wheel.python}`,
      '--implementation=cp',
    ];
    await pip([...args, wheel.requirement], wheel, { env, signal });
    const files = await readdir(folder);
    const [file = ''] = files;
    if (file !== wheel.file) {
      throw new ToolError('PACKAGE_GONE', `Fetching ${wheel.file}: the index offers ${file} for ${wheel.requirement}`, {
        hint: 'Pin anew: `bazel run //tools/packages:pypi_pin -- <list>.json`.',
      });
    }
    return await keep(join(folder, file), 'the index of pip', wheel, cache);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function pip(args: readonly string[], wheel: PinnedWheel, options: Omit<FetchWheelOptions, 'cache'>) {
  const python = options.env['FATHOM_PYTHON'] ?? 'python3';
  const env = { ...options.env, PIP_DISABLE_PIP_VERSION_CHECK: '1' };
  const { signal } = options;
  try {
    await run(python, ['-m', 'pip', ...args], { env, signal, timeout: 900_000, maxBuffer: 64 << 20 });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const probe = run(python, ['-m', 'pip', '--version'], { env, timeout: 60_000 });
    const hasPip = await probe.then(
      () => true,
      () => false,
    );
    if (!hasPip) {
      throw new ToolError('PYPI_NO_PIP', `Fetching ${wheel.requirement}: python3 with pip is missing`, {
        hint: 'Run `apt-get install python3-pip` (elsewhere `python3 -m ensurepip`).',
      });
    }
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
    throw new ToolError(
      'PACKAGE_UNREACHABLE',
      `Fetching ${wheel.file}: pip offers no ${wheel.requirement} for ${wheel.platform}\n${said.trim().slice(-2000)}`,
      {
        cause: error,
        hint: 'Check the network and `python3 -m pip config list`; if the version was removed, pin another one.',
      },
    );
  }
}
