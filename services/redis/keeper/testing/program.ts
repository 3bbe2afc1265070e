// The Redis server that tests run: the one that is packed into the image, with the C library of its own.
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { unpackImage } from '../../../../tools/oci/check/unpack.ts';
import { readImage } from '../../../../tools/oci/image/oci_image.ts';
import { inspectImage } from '../../../../tools/oci/inspect/inspected.ts';
import { runfile } from '../../../../tools/lib/runfiles.ts';

/** A redis-server that runs on the machine of the test. */
export interface RedisProgram {
  readonly command: readonly string[];
  /** Removes what was unpacked. */
  remove(): Promise<void>;
}

/** The path of a program that Bazel built, `services/x/main`; undefined where a test runs from source. */
export function builtProgram(path: string): string | undefined {
  return process.env['TEST_SRCDIR'] === undefined ? undefined : runfile(`fathom/${path}`);
}

const IMAGE = 'fathom/prod/images/redis/image.json';

/** Unpacks the image; where a test runs from source it is the redis-server of REDIS_SERVER, or the machine's own. */
export async function unpackRedis(): Promise<RedisProgram> {
  if (process.env['TEST_SRCDIR'] === undefined)
    return { command: [process.env['REDIS_SERVER'] ?? 'redis-server'], remove: async () => {} };
  const root = await mkdtemp('/tmp/redis-program-');
  const image = await readImage(runfile(IMAGE), (path) => runfile(path));
  await unpackImage({ image, inspected: await inspectImage(image, IMAGE), folder: root, owners: false });
  const [loader, triplet] =
    process.arch === 'arm64'
      ? ['lib/ld-linux-aarch64.so.1', 'aarch64-linux-gnu']
      : ['lib64/ld-linux-x86-64.so.2', 'x86_64-linux-gnu'];
  const libraries = [join(root, 'usr/lib', triplet), join(root, 'lib', triplet)].join(':');
  return {
    command: [join(root, loader), '--library-path', libraries, join(root, 'usr/bin/redis-server')],
    remove: () => rm(root, { recursive: true, force: true }),
  };
}
