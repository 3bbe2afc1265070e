// A machine without programs, for the actions of one build: what an action does not declare, it does not find.
import { chmod, copyFile, mkdir, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Flags of Bazel that put a folder with nothing but `sh` in the place of each folder of PATH, in the sandbox.
 *
 * An empty PATH alone proves little: actions have none at all here, and then the C library looks in /bin and /usr/bin.
 * `sh` stays: it starts the launchers, which are scripts of built-in commands.
 */
export async function bareMachine(folder: string, path: string): Promise<readonly string[]> {
  const programs = join(folder, 'bin');
  await mkdir(programs, { recursive: true });
  await copyFile(await realpath('/bin/sh'), join(programs, 'sh'));
  await chmod(join(programs, 'sh'), 0o755);
  await writeFile(join(programs, 'README'), 'Actions have to declare what they run: docs/ci.md\n');
  const places = [...path.split(':'), '/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
  const found = await Promise.all(
    places.filter((place) => place.startsWith('/')).map((place) => realpath(place).catch(() => undefined)),
  );
  return [...new Set(found)]
    .filter((place) => place !== undefined)
    .map((place) => `--sandbox_add_mount_pair=${programs}:${place}`);
}
