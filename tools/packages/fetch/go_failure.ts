// Stage 0: why modules of a go.mod cannot be had, in the form that all kinds of packages have.
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { ToolError, systemErrorCode } from '../../lib/errors.ts';
import { changedFile } from './errors.ts';

const run = promisify(execFile);

/** Options of {@link goFailure}. */
export interface GoFailureOptions {
  /** The go program, and the folder of the module. */
  readonly go: string;
  readonly folder: string;
  /** The go.mod's name in messages. */
  readonly shown: string;
  /** What go said when it failed. */
  readonly said: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** One object of `go mod download -json`. */
interface Downloaded {
  readonly Path: string;
  readonly Version: string;
  readonly Sum?: string;
  readonly Error?: string;
}

/**
 * PACKAGE_CHANGED where a module is not the one of go.sum, PACKAGE_UNREACHABLE where it cannot be had, LOCK_STALE where
 * all can: then go.mod and go.sum do not belong together. go tells neither by a code: so the modules are downloaded
 * once more, without go.sum, into a cache of their own that begins with what the user's has, and compared here.
 */
export async function goFailure(options: GoFailureOptions): Promise<ToolError> {
  const { folder, shown, said } = options;
  const work = await mkdtemp(join(tmpdir(), 'fathom-go-'));
  try {
    await copyFile(join(folder, 'go.mod'), join(work, 'go.mod'));
    const all = await downloadAll(work, options);
    const pinned = await readSums(join(folder, 'go.sum'));
    for (const { Path: path, Version: version, Sum: found } of all) {
      const expected = pinned.get(`${path} ${version}`);
      if (expected === undefined || found === undefined || expected === found) continue;
      return changedFile({ file: `${path}@${version}`, source: 'the module proxy or cache', expected, found });
    }
    const failed = all.find((module) => module.Error !== undefined);
    if (failed !== undefined || all.length === 0) {
      const what = failed === undefined ? `the modules of ${shown}` : `${failed.Path}@${failed.Version}`;
      return new ToolError('PACKAGE_UNREACHABLE', `Fetching ${what}: ${(failed?.Error ?? said).trim()}`, {
        hint: 'Check the network and `go env GOPROXY`; if the version was removed, pin another one.',
      });
    }
    return new ToolError('LOCK_STALE', `Reading ${shown}: it does not match its go.sum, or its sources:\n${said}`, {
      hint: `Run \`bazel run @fathom//tools/packages:go_pin -- ${pathOf(shown)}\`, and commit go.mod and go.sum.`,
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** A label's file as it is named from the root of the workspace. */
function pathOf(label: string): string {
  return label
    .replace(/^.*\/\//, '')
    .replace(/^:/, '')
    .replace(':', '/');
}

/** All modules of the go.mod in `work`; none where not even their requirements can be read. */
async function downloadAll(work: string, { go, env, signal }: GoFailureOptions): Promise<readonly Downloaded[]> {
  const { stdout } = await run(go, ['env', 'GOMODCACHE', 'GOPROXY'], { cwd: work, env, signal, timeout: 60_000 });
  const [cache = '', proxy = ''] = stdout.trim().split('\n');
  const own = {
    ...env,
    GOMODCACHE: join(work, 'cache'),
    GOPROXY: `${pathToFileURL(join(cache, 'cache', 'download')).href},${proxy}`,
    GOSUMDB: 'off',
    GOFLAGS: '-modcacherw -mod=mod',
  };
  const options = { cwd: work, env: own, signal, timeout: 600_000, maxBuffer: 256 << 20 };
  const output = await run(go, ['mod', 'download', '-json'], options).then(
    ({ stdout }) => stdout,
    (error: unknown) => {
      if (signal.aborted) throw signal.reason;
      return error instanceof Error && 'stdout' in error ? String(error.stdout) : '';
    },
  );
  // Objects one after the other, each closed by a brace at the beginning of a line.
  const objects = output.split(/(?<=^\})\n/m).filter((text) => text.trim() !== '');
  return objects.map((text) => JSON.parse(text) as Downloaded);
}

/** `module version` → hash. */
async function readSums(path: string): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return '';
    throw error;
  });
  const lines = text.split('\n').map((line) => line.split(' '));
  return new Map(lines.map(([module = '', version = '', hash = '']) => [`${module} ${version}`, hash]));
}
