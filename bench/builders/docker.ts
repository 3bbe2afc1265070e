// Docker of the distribution: a dockerd for the time of a benchmark, which no other program finds.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type LocalBuilder, programOfSystem, run } from './builder.ts';
import { startDaemon } from './daemon.ts';

/** A Docker of its own. */
export interface Docker extends LocalBuilder {
  /** The socket of its API. */
  readonly socket: string;
  /** Gives an image one more name. */
  tag(image: string, name: string): Promise<void>;
}

/**
 * Starts Docker; undefined where the machine has none. Images are built by the BuildKit that is in it, as its
 * documentation advises since 18.09. Builds have no network: nothing is fetched while time is taken.
 */
export async function startDocker(signal: AbortSignal): Promise<Docker | undefined> {
  const [daemonProgram, docker] = [programOfSystem('dockerd'), programOfSystem('docker')];
  if (daemonProgram === undefined || docker === undefined) return undefined;
  // Below /tmp, and short: its sockets have long names.
  const folder = await mkdtemp('/tmp/dockerd-');
  await using started = new AsyncDisposableStack();
  started.defer(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'config'));
  const socket = join(folder, 'd.sock');
  const host = `unix://${socket}`;
  const env = { ...process.env, DOCKER_HOST: host, DOCKER_CONFIG: join(folder, 'config'), DOCKER_BUILDKIT: '1' };
  const ask = (...args: readonly string[]) => run(docker, args, { env, signal });
  const places = { 'data-root': 'data', 'exec-root': 'run', pidfile: 'pid' };
  const daemon = await startDaemon({
    program: daemonProgram,
    args: [
      ...Object.entries(places).map(([flag, place]) => `--${flag}=${join(folder, place)}`),
      `--host=${host}`,
      // Nothing of the machine's network is touched.
      ...['--bridge=none', '--iptables=false', '--ip-forward=false', '--ip-masq=false'],
    ],
    log: join(folder, 'log'),
    isUp: () => ask('version'),
    signal,
  });
  started.use(daemon);
  const version = (await ask('version', '--format={{.Server.Version}}')).trim();
  const all = started.move();
  return {
    name: `docker ${version.replace(/\+.*/, '')}`,
    socket,
    tag: async (image, name) => {
      await ask('tag', image, name);
    },
    build: async (context, tag) => {
      await ask('build', '--network=none', '--quiet', '--tag', tag, context);
    },
    push: async (tag) => {
      await ask('push', '--quiet', tag);
    },
    read: async (tag, path) => {
      const id = (await ask('create', tag, 'none')).trim();
      try {
        // A tar archive of one file: its text is in there as it is.
        return await ask('cp', `${id}:${path}`, '-');
      } finally {
        await ask('rm', id);
      }
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
