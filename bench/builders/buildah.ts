// buildah of the distribution, with storage of its own: no daemon, but mounts while it builds.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type LocalBuilder, programOfSystem, run } from './builder.ts';

/** buildah; undefined where the machine has none. */
export async function createBuildah(signal: AbortSignal): Promise<LocalBuilder | undefined> {
  const program = programOfSystem('buildah');
  if (program === undefined) return undefined;
  const folder = await mkdtemp('/tmp/buildah-');
  const places = [`--root=${join(folder, 'root')}`, `--runroot=${join(folder, 'run')}`, '--storage-driver=overlay'];
  const ask = (...args: readonly string[]) => run(program, [...places, ...args], { signal });
  const version = /[\d.]+/.exec(await ask('--version'))?.[0] ?? '';
  return {
    name: `buildah ${version}`,
    build: async (context, tag) => {
      // --layers: its cache, which `buildah build` leaves out by default.
      await ask('build', '--layers', '--quiet', '--tag', tag, context);
    },
    push: async (tag) => {
      await ask('push', '--quiet', '--tls-verify=false', tag, `docker://${tag}`);
    },
    read: async (tag, path) => {
      const id = (await ask('from', '--pull-never', tag)).trim();
      try {
        const root = (await ask('mount', id)).trim();
        return await readFile(join(root, path), 'utf8');
      } finally {
        await ask('rm', id);
      }
    },
    [Symbol.asyncDispose]: async () => {
      await rm(folder, { recursive: true, force: true });
    },
  };
}
