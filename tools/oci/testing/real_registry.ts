// The CNCF's registry as a child process, for tests: storage in a scratch folder, a free port of the loopback.
import { type ChildProcess, spawn } from 'node:child_process';
import { open, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { createTransport } from '../registry/transport.ts';

export interface RealRegistry extends AsyncDisposable {
  /** `127.0.0.1:<port>`. */
  readonly endpoint: string;
}

/** Starts the registry program; resolves when it answers. It ends with its scope. */
export async function startRealRegistry(program: string, folder: string): Promise<RealRegistry> {
  const endpoint = `127.0.0.1:${await freePort()}`;
  const configuration = {
    version: '0.1',
    log: { level: 'error' },
    storage: { filesystem: { rootdirectory: join(folder, 'storage') } },
    http: { addr: endpoint },
  };
  const path = join(folder, 'registry.json');
  await writeFile(path, JSON.stringify(configuration));
  const logPath = join(folder, 'registry.log');
  const log = await open(logPath, 'w');
  const child = spawn(program, ['serve', path], { stdio: ['ignore', 'ignore', log.fd] });
  await log.close();
  try {
    await waitUntilReady(endpoint, child);
  } catch (error) {
    throw new Error(`the registry does not start: ${await readFile(logPath, 'utf8')}`, { cause: error });
  }
  return {
    endpoint,
    [Symbol.asyncDispose]: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode === null && child.kill('SIGKILL')) await ended;
    },
  };
}

async function waitUntilReady(endpoint: string, child: ChildProcess): Promise<void> {
  const signal = AbortSignal.timeout(20_000);
  for (;;) {
    const transport = createTransport({ endpoint, plainHttp: true, signal, retryDeadlineMs: 0 });
    try {
      await transport.send({ doing: 'Waiting for the registry', method: 'GET', url: '/v2/', allowed: [200] });
      return;
    } catch (error) {
      if (child.exitCode !== null || signal.aborted) throw error;
      await sleepFor(50);
    } finally {
      transport.close();
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
