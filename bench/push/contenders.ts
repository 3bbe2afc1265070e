// The programs that push, each as whole processes, the others by what their own documentation advises.
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { mapLimited } from '../../tools/lib/limit.ts';
import { runfile } from '../../tools/lib/runfiles.ts';
import { DockerApi } from '../../tools/oci/load/docker_api.ts';
import { loadDocker } from '../../tools/oci/load/docker.ts';
import { peerPath } from '../../tools/oci/testing/peers.ts';
import type { Docker } from '../builders/docker.ts';
import { type BenchImage, TAG } from './images.ts';

const run = promisify(execFile);
const ENDS_WITHIN_MS = 300_000;

/** Pushes all images to `127.0.0.1:<port>`; rejects where that fails. */
export interface Pusher {
  readonly name: string;
  /** Whether the registry gets the manifests that the images have; else those that the pusher makes. */
  readonly keepsManifests: boolean;
  /** What has to be there before a push, and is no part of it. Default: nothing. */
  prepare?(images: readonly BenchImage[], endpoint: string): Promise<void>;
  push(images: readonly BenchImage[], endpoint: string): Promise<void>;
}

/** Fathom: one process for all images, as a verb of a stack has it; a program of this benchmark that does nothing else. */
export function fathomPusher(folder: string): Pusher {
  const env = { ...process.env, NODE_COMPILE_CACHE: join(folder, 'compiled') };
  const file = join(folder, 'items.json');
  return {
    name: 'fathom',
    keepsManifests: true,
    async prepare(images) {
      const items = images.map(({ repository, image }) => ({ repository, image, tags: [TAG] }));
      await writeFile(file, JSON.stringify(items));
    },
    async push(_images, endpoint) {
      await run(runfile('fathom/bench/push/pusher'), [file, endpoint], { env, timeout: ENDS_WITHIN_MS });
    },
  };
}

/** crane: a process for each image, as many at once as `atOnce`. */
export async function cranePusher(atOnce: number): Promise<Pusher> {
  const crane = peerPath('CRANE');
  const { stdout } = await run(crane, ['version']);
  return {
    name: `crane ${stdout.trim()}, ${atOnce === 1 ? 'one after the other' : `${atOnce} at once`}`,
    keepsManifests: true,
    async push(images, endpoint) {
      await mapLimited(images, atOnce, ({ layout, repository }) =>
        run(crane, ['push', '--insecure', layout, `${endpoint}/${repository}:${TAG}`], { timeout: ENDS_WITHIN_MS }),
      );
    },
  };
}

/** skopeo of the machine, a process for each image; undefined where there is none. */
export async function skopeoPusher(): Promise<Pusher | undefined> {
  const version = await run('skopeo', ['--version']).catch(() => undefined);
  if (version === undefined) return undefined;
  return {
    name: `skopeo ${/[\d.]+/.exec(version.stdout)?.[0] ?? ''}, one after the other`,
    keepsManifests: true,
    async push(images, endpoint) {
      for (const { layout, repository } of images) {
        const to = `docker://${endpoint}/${repository}:${TAG}`;
        await run('skopeo', ['copy', '--quiet', '--dest-tls-verify=false', `oci:${layout}`, to], {
          timeout: ENDS_WITHIN_MS,
        });
      }
    },
  };
}

/** Docker, which pushes what it has itself, under the registry's name; its client takes one image at a time. */
export function dockerPusher(docker: Docker, signal: AbortSignal): Pusher {
  const api = new DockerApi({ socketPath: docker.socket }, signal);
  const loaded = new Map<string, string>();
  return {
    name: `${docker.name}, one after the other`,
    keepsManifests: false,
    async prepare(images, endpoint) {
      for (const { layout, image, repository } of images) {
        const name = loaded.get(layout) ?? `bench/loaded:v${loaded.size}`;
        if (!loaded.has(layout)) await loadDocker(api, { image, names: [name] });
        loaded.set(layout, name);
        await docker.tag(name, `${endpoint}/${repository}:${TAG}`);
      }
    },
    async push(images, endpoint) {
      for (const { repository } of images) await docker.push(`${endpoint}/${repository}:${TAG}`);
    },
  };
}
