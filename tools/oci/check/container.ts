// A program of an image in namespaces of its own: the image's files as a read-only root, /proc, /dev, and nothing else.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { ToolError } from '../../lib/errors.ts';
import type { ContainerConfig } from '../image/model.ts';

/** What the program inside needs to know. */
export interface InsideSpec {
  /** The folder with the image's files. */
  readonly root: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workdir: string;
  readonly uid: number;
  readonly gid: number;
  /** Folders that are writable. */
  readonly writable: readonly string[];
  /** Whether the starter may become any user; else the program runs in a user namespace of its own, as the starter. */
  readonly isRoot: boolean;
}

/** More than any image's users have; Kubernetes' own choice of numbers stays below. */
const ALL_USERS = 0x7fffffff;

/** Whether this process may become any user and give files to any: root, and not in a sandbox's user namespace. */
export function mayBecomeAnyUser(uidMap: string = readFileSync('/proc/self/uid_map', 'utf8')): boolean {
  if (process.getuid?.() !== 0) return false;
  return uidMap.split('\n').some((line) => {
    const [first, , count] = line.trim().split(/\s+/).map(Number);
    return first === 0 && (count ?? 0) >= ALL_USERS;
  });
}

/** A program that was started. */
export interface RunningProgram extends AsyncDisposable {
  /** What it has written so far. */
  readonly output: () => { readonly stdout: string; readonly stderr: string };
  /** Settles when it has ended. */
  readonly ended: Promise<number>;
  /** Sends it SIGTERM. */
  stop(): void;
}

export interface StartOptions {
  readonly spec: InsideSpec;
  /** The launcher of inside_main.ts. */
  readonly inside: string;
}

/** The program, its environment, folder and user by an image's configuration. Throws OCI_TEST_NO_PROGRAM, OCI_TEST_USER. */
export function insideSpec(
  config: ContainerConfig,
  options: Pick<InsideSpec, 'root' | 'writable' | 'isRoot'> & {
    readonly args: readonly string[] | undefined;
    readonly env: Readonly<Record<string, string>>;
  },
): InsideSpec {
  const argv = [...(config.Entrypoint ?? []), ...(options.args ?? config.Cmd ?? [])];
  if (argv.length === 0) {
    throw new ToolError('OCI_TEST_NO_PROGRAM', 'Running the image: it has neither an entrypoint nor a cmd', {
      hint: "Give the image an 'entrypoint', or the test 'run_args'.",
    });
  }
  // Docker writes empty texts for what is not set.
  const user = config.User || '0';
  const [uid = '', gid = uid] = user.split(':');
  if (!/^\d+$/.test(uid) || !/^\d+$/.test(gid)) {
    throw new ToolError('OCI_TEST_USER', `Running the image: its user ${JSON.stringify(user)} has no numbers`, {
      hint: "Write the image's 'user' as \"uid:gid\".",
    });
  }
  const env = (config.Env ?? []).map((line) => {
    const equals = line.indexOf('=');
    return [line.slice(0, equals), line.slice(equals + 1)] as const;
  });
  return {
    root: options.root,
    argv,
    env: { ...Object.fromEntries(env), ...options.env },
    workdir: config.WorkingDir || '/',
    uid: Number(uid),
    gid: Number(gid),
    writable: options.writable,
    isRoot: options.isRoot,
  };
}

/** Starts the program; leaving the scope ends it with all that it started. */
export function startProgram({ spec, inside }: StartOptions): RunningProgram {
  const user = spec.isRoot ? [] : ['--user', '--map-root-user'];
  const child = spawn(
    'unshare',
    [...user, '--mount', '--pid', '--fork', '--kill-child', inside, JSON.stringify(spec)],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  );
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  // The other end may be gone when it is told to stop.
  child.stdin.on('error', () => undefined);
  const ended = exitOf(child);
  ended.catch(() => undefined);
  return {
    output: () => ({ stdout, stderr }),
    ended,
    stop: () => child.stdin.write('stop\n'),
    [Symbol.asyncDispose]: async () => {
      child.stdin.destroy();
      child.kill('SIGKILL');
      await ended.catch(() => undefined);
    },
  };
}

function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on('error', (error) =>
      reject(
        new ToolError('OCI_TEST_NO_NAMESPACES', 'Running the image: unshare could not be started', {
          cause: error,
          hint: "Install util-linux, or leave 'run' out of the test.",
        }),
      ),
    );
    child.on('close', (code) => resolve(code ?? 137));
  });
}
