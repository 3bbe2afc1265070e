// Stage 0: why `npm ci --json` failed, by npm's own codes, in the form that all kinds of packages have.
import { ToolError } from '../../lib/errors.ts';
import { parseLock } from '../npm_lock.ts';
import { changedFile, goneFile } from './errors.ts';

/** Options of {@link npmFailure}. */
export interface NpmFailureOptions {
  /** npm's standard output: JSON with `error: {code, summary}`. */
  readonly output: string;
  /** What npm said on standard error, for failures that have no code. */
  readonly said: string;
  /** The lock's text, and its name in messages. */
  readonly lock: string;
  readonly shown: string;
}

interface NpmError {
  readonly code: string;
  readonly summary: string;
}

const PIN = 'Run `bazel run @fathom//tools/packages:npm_pin -- package.json`, and commit both files.';

/** PACKAGE_CHANGED, PACKAGE_GONE, LOCK_STALE, or NPM_FAILED with what npm said; what is wrong with the lock itself first. */
export function npmFailure({ output, said, lock, shown }: NpmFailureOptions): ToolError {
  let packages: ReturnType<typeof parseLock>;
  try {
    packages = parseLock(lock, shown);
  } catch (error) {
    if (error instanceof ToolError) return error;
    throw error;
  }
  const { code, summary } = parseError(output);
  switch (code) {
    case 'EINTEGRITY': {
      // npm tells the hashes; whose they are the lock knows.
      const hashes = [...new Set(summary.match(/\bsha\d+-[A-Za-z0-9+/]+=*/g) ?? [])];
      const changed = packages.find(({ integrity }) => hashes.includes(integrity));
      const expected = changed?.integrity ?? hashes[0] ?? '(not told)';
      return changedFile({
        file: changed === undefined ? 'a package' : `${changed.publishedName}@${changed.version}`,
        source: "npm's registry or cache",
        expected,
        found: hashes.find((hash) => hash !== expected) ?? '(not told)',
      });
    }
    case 'E404':
    case 'ETARGET':
      return goneFile(`the packages of ${shown}`, [`npm: ${summary}`], `Pin another version: ${PIN}`);
    case 'EUSAGE': {
      const problems = summary.split('\n').filter((line) => /^(Invalid|Missing): /.test(line));
      return new ToolError('LOCK_STALE', `Reading ${shown}: it does not match package.json: ${problems.join('; ')}`, {
        hint: PIN,
      });
    }
    default:
      return new ToolError('NPM_FAILED', `Installing the packages of ${shown}: ${code} ${summary || said}`.trim(), {
        hint: "Check the network and npm's configuration (`npm config list`).",
      });
  }
}

function parseError(output: string): NpmError {
  try {
    const { error } = JSON.parse(output) as { readonly error?: Partial<NpmError> };
    return { code: error?.code ?? '', summary: error?.summary ?? '' };
  } catch {
    // An npm that died has not said it in JSON.
    return { code: '', summary: '' };
  }
}
