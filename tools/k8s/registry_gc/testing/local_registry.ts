// A registry as a process of this machine, started, listed and swept as the one in a pod is.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, open, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../../../oci/testing/real_registry.ts';
import type { RegistryHost } from '../host.ts';

/** A registry with its host. */
export interface LocalRegistry extends AsyncDisposable {
  readonly endpoint: string;
  readonly host: RegistryHost;
  /** What was done with it: `read-only`, `writable`, `sweep`. */
  readonly calls: string[];
  /** What its files take, in bytes. */
  storedBytes(): Promise<number>;
}

const MAX_BYTES = 64 * 1024 * 1024;
const READY_WITHIN_MS = 20_000;

/** Starts one in a folder that is there. */
export async function startLocalRegistry(program: string, folder: string): Promise<LocalRegistry> {
  const endpoint = `127.0.0.1:${await freePort()}`;
  const storage = join(folder, `storage-${endpoint.split(':')[1]}`);
  await mkdir(storage);
  const configOf = async (name: string, isReadOnly: boolean) => {
    const path = join(storage, `${name}.json`);
    const config = {
      version: '0.1',
      log: { level: 'error' },
      storage: {
        filesystem: { rootdirectory: join(storage, 'data') },
        delete: { enabled: true },
        ...(isReadOnly ? { maintenance: { readonly: { enabled: true } } } : {}),
      },
      http: { addr: endpoint },
    };
    await writeFile(path, JSON.stringify(config));
    return path;
  };
  const [config, readOnlyConfig] = [await configOf('config', false), await configOf('read_only', true)];
  let child: ChildProcess | undefined;
  const start = async (path: string) => {
    await end(child);
    const log = await open(join(storage, 'log'), 'w');
    child = spawn(program, ['serve', path], { stdio: ['ignore', log.fd, log.fd] });
    await log.close();
    await untilReady(endpoint, child, join(storage, 'log'));
  };
  const run = async (words: readonly string[]) =>
    (await promisify(execFile)(program, words, { maxBuffer: MAX_BYTES })).stdout;
  const calls: string[] = [];
  await start(config);
  return {
    endpoint,
    calls,
    host: {
      inventory: () => run(['inventory', config]),
      prepare: async () => {},
      async start(mode, signal) {
        signal.throwIfAborted();
        calls.push(mode);
        await start(mode === 'read-only' ? readOnlyConfig : config);
      },
      async sweep() {
        calls.push('sweep');
        await run(['garbage-collect', '--quiet', config]);
      },
    },
    async storedBytes() {
      const names = await readdir(storage, { recursive: true, withFileTypes: true });
      const files = names.filter((one) => one.isFile() && one.name === 'data');
      const sizes = await Promise.all(
        files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size),
      );
      return sizes.reduce((sum, size) => sum + size, 0);
    },
    [Symbol.asyncDispose]: () => end(child),
  };
}

async function end(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((done) => child.once('exit', done));
  child.kill('SIGKILL');
  await gone;
}

async function untilReady(endpoint: string, child: ChildProcess, log: string): Promise<void> {
  const deadlineMs = performance.now() + READY_WITHIN_MS;
  for (;;) {
    const answer = await fetch(`http://${endpoint}/v2/`).catch(() => undefined);
    if (answer?.ok === true) return;
    if (child.exitCode !== null || performance.now() >= deadlineMs) {
      throw new Error(`the registry does not start: ${await readFile(log, 'utf8')}`);
    }
    await sleep(50);
  }
}
