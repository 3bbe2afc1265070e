// What builds images beside Fathom, each as its own documentation advises.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const ENDS_WITHIN_MS = 600_000;

/** A program that makes images out of a folder with a Dockerfile. */
export interface Builder extends AsyncDisposable {
  /** With its version. */
  readonly name: string;
  /** Builds the Dockerfile of a folder, with its cache, as `tag`. */
  build(context: string, tag: string): Promise<void>;
  /** Pushes what was built to the registry that its tag names, where building has not done so. */
  push(tag: string): Promise<void>;
}

/** A builder whose images are on this machine. */
export interface LocalBuilder extends Builder {
  /** A file of an image that was built. */
  read(tag: string, path: string): Promise<string>;
}

/** Options of {@link run}. */
export interface RunOptions {
  /** Default: that of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** Default: that of this process. */
  readonly cwd?: string;
  readonly signal: AbortSignal;
}

/** Runs a program and resolves to its output; rejects with what it said where it fails. */
export async function run(program: string, args: readonly string[], options: RunOptions): Promise<string> {
  try {
    const { stdout } = await execute(program, [...args], { ...options, timeout: ENDS_WITHIN_MS, maxBuffer: 64 << 20 });
    return stdout;
  } catch (error) {
    options.signal.throwIfAborted();
    const { stdout = '', stderr = '' } = error as { readonly stdout?: string; readonly stderr?: string };
    throw new Error(`${program} ${args.join(' ')} fails:\n${(stdout + stderr).slice(-4000)}`, { cause: error });
  }
}

const SYSTEM_FOLDERS = ['/usr/bin', '/usr/sbin', '/usr/local/bin', '/usr/local/sbin'];

/** Where the distribution has a program; it comes before others of that name. Undefined: nowhere. */
export function programOfSystem(name: string): string | undefined {
  return SYSTEM_FOLDERS.map((folder) => join(folder, name)).find(existsSync);
}

/** What to say of a peer that the machine does not have. */
export function missing(name: string, debianPackage: string = name): string {
  return `${name}, which is not on this machine (apt-get install --no-install-recommends ${debianPackage})`;
}
