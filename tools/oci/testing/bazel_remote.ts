// A real remote cache, bazel-remote, as a child process: http and gRPC on free ports of the loopback.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { digestOf } from '../../lib/digest.ts';
import { freePort } from './real_registry.ts';

export interface BazelRemote extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`. */
  readonly http: string;
  /** `grpc://127.0.0.1:<port>`. */
  readonly grpc: string;
  /** Stores a blob. */
  put(bytes: Buffer): Promise<void>;
  /** What it was asked, a line for each request. */
  accesses(): Promise<string[]>;
}

/** Options of {@link startBazelRemote}. */
export interface BazelRemoteOptions {
  /** Who may log in. Default: nobody has to. */
  readonly htpasswd?: string;
  /** The login of `put`. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How much it keeps, in GiB. Default: 5. */
  readonly maxGiB?: number;
}

/** Starts it. It ends with its scope. */
export async function startBazelRemote(
  program: string,
  folder: string,
  { htpasswd, headers = {}, maxGiB = 5 }: BazelRemoteOptions = {},
): Promise<BazelRemote> {
  const place = join(folder, 'bazel-remote');
  await mkdir(place, { recursive: true });
  const [httpPort, grpcPort] = [await freePort(), await freePort()];
  const logPath = join(place, 'log');
  const log = await open(logPath, 'w');
  const args = ['--dir', join(place, 'data'), '--max_size', String(maxGiB)];
  args.push('--http_address', `127.0.0.1:${httpPort}`, '--grpc_address', `127.0.0.1:${grpcPort}`);
  if (htpasswd !== undefined) {
    await writeFile(join(place, 'htpasswd'), htpasswd);
    args.push('--htpasswd_file', join(place, 'htpasswd'));
  }
  const child = spawn(program, args, { stdio: ['ignore', log.fd, log.fd] });
  await log.close();
  const http = `http://127.0.0.1:${httpPort}`;
  const deadline = AbortSignal.timeout(20_000);
  const isUp = () =>
    fetch(`${http}/status`, { headers }).then(
      (response) => response.ok,
      () => false,
    );
  while (!(await isUp())) {
    if (child.exitCode !== null || deadline.aborted) {
      child.kill('SIGKILL');
      throw new Error(`bazel-remote does not start: ${await readFile(logPath, 'utf8')}`);
    }
    await sleepFor(50);
  }
  return {
    http,
    grpc: `grpc://127.0.0.1:${grpcPort}`,
    put: async (bytes) => {
      const url = `${http}/cas/${digestOf(bytes).slice('sha256:'.length)}`;
      const { status } = await fetch(url, { method: 'PUT', body: new Uint8Array(bytes), headers });
      if (status !== 200) throw new Error(`bazel-remote answers ${status} to ${url}`);
    },
    accesses: async () => (await readFile(logPath, 'utf8')).split('\n').filter((line) => / (GET|PUT|GRPC) /.test(line)),
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null) return;
      const ended = once(child, 'exit');
      if (child.kill('SIGKILL')) await ended;
    },
  };
}
