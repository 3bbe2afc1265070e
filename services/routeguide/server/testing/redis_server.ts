// A real Redis for one test: on a free port of loopback, its data in a folder of its own, nothing left behind.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';

/** A Redis that a test may stop and start again on the same port; it keeps its data in between. */
export interface TestRedis {
  readonly port: number;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Stops it and removes its data. */
  remove(): Promise<void>;
}

/** The absolute path of the file that an environment variable names by Bazel's `$(location …)`. */
export function runfilePath(variable: string): string | undefined {
  const name = process.env[variable];
  if (name === undefined) return undefined;
  const runfiles = process.env['RUNFILES_DIR'] ?? '.';
  // Bazel names a file of another repository `external/<repository>/…`, or below its output folder.
  const [, repository = 'fathom', path = name] =
    /^(?:bazel-out\/[^/]+\/bin\/)?(?:external\/([^/]+)\/)?(.*)$/.exec(name) ?? [];
  return join(runfiles, repository, path);
}

/** A port of loopback that nobody uses just now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  server.close();
  await once(server, 'close');
  if (bound === null || typeof bound === 'string') throw new Error('Finding a free port: no address');
  return bound.port;
}

/** The server that Bazel names, or the machine's own where a test runs from source. */
function program(): string {
  return runfilePath('REDIS_SERVER') ?? 'redis-server';
}

async function answers(port: number): Promise<boolean> {
  const probe = new Redis({ port, host: '127.0.0.1', lazyConnect: true, retryStrategy: () => null });
  probe.on('error', () => undefined); // The rejected command below says it.
  return probe
    .ping()
    .then(
      () => true,
      () => false,
    )
    .finally(() => probe.disconnect());
}

/** A Redis that is not started yet. */
export async function createTestRedis(): Promise<TestRedis> {
  const port = await freePort();
  const folder = await mkdtemp('/tmp/redis-test-');
  let child: ChildProcess | undefined;
  const start = async () => {
    const options = { port, bind: '127.0.0.1', dir: folder, appendonly: 'yes', save: '' };
    const args = Object.entries(options).flatMap(([key, value]) => [`--${key}`, String(value)]);
    child = spawn(program(), args, { stdio: 'ignore' });
    const failed = once(child, 'exit').then(() => {
      throw new Error(`Starting ${program()}: it ended`);
    });
    const deadline = Date.now() + 10_000;
    const up = async () => {
      while (!(await answers(port))) {
        if (Date.now() > deadline) throw new Error(`Starting ${program()}: no answer within 10 s`);
        await delay(20);
      }
    };
    await Promise.race([up(), failed]);
    failed.catch(() => undefined);
  };
  const stop = async () => {
    if (child === undefined || child.exitCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
    child = undefined;
  };
  const remove = async () => {
    await stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { port, start, stop, remove };
}
