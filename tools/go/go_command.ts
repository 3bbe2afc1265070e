// One way to run go: nothing of the user's own, no network, the same bytes everywhere.
import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** How go is run. */
export interface GoCommandOptions {
  readonly goroot: string;
  readonly goos: string;
  readonly goarch: string;
  /** The module's folder. */
  readonly cwd: string;
  /** Holds all that go writes beside its output. */
  readonly work: string;
  /** Of what is compiled. Default: a folder of `work`. */
  readonly cache?: string;
  /**
   * Whether go looks for an index of its own library in the cache, and makes it: it goes by the times of files, so that
   * it is for no other machine. Default: no.
   */
  readonly usesIndex?: boolean;
}

/** What go said. */
export interface GoOutcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Flags by which modules and programs are compiled alike: what differs here is compiled anew. Without DWARF: programs
 * are stripped, and the compiled modules half the size.
 */
export const COMPILE_FLAGS = ['-mod=vendor', '-trimpath', '-buildvcs=false', '-gcflags=all=-dwarf=false'] as const;

/** Flags of the linker: no build id, no symbols. */
export const LINK_FLAGS = ['-ldflags=-s -w -buildid='] as const;

/** The folder of go's cache below `work`. */
export function cacheFolder(work: string): string {
  return join(work, 'cache');
}

/** The variables that go sees. */
export function goEnvironment(options: GoCommandOptions): Readonly<Record<string, string>> {
  const { goroot, goos, goarch, work, cache = cacheFolder(work), usesIndex = false } = options;
  return {
    PATH: '',
    HOME: work,
    GOROOT: goroot,
    GOCACHE: cache,
    GOPATH: join(work, 'path'),
    GOTMPDIR: work,
    GOOS: goos,
    GOARCH: goarch,
    GOTOOLCHAIN: 'local',
    GOFLAGS: '',
    GOENV: 'off',
    GOPROXY: 'off',
    GOWORK: 'off',
    GOTELEMETRY: 'off',
    CGO_ENABLED: '0',
    ...(usesIndex ? {} : { GODEBUG: 'goindex=0' }),
    // Compiler and linker last a second: they collect garbage a quarter as often as by default, but where they take much.
    GOGC: '400',
    GOMEMLIMIT: '2GiB',
  };
}

/** Runs go; `signal` ends it. */
export function runGo(args: readonly string[], options: GoCommandOptions, signal: AbortSignal): Promise<GoOutcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(options.goroot, 'bin', 'go'), args, {
      cwd: options.cwd,
      env: { ...goEnvironment(options) },
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout, stderr }));
  });
}
