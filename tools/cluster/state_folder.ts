// A cluster's state folder, whoever runs the cluster: marked as ours when it is taken, and deleted only if it is.
import { access, constants, mkdir, readdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ToolError, systemErrorCode } from '../lib/errors.ts';
import { existingParent } from './embedded/preflight.ts';

const MARKER = '.fathom-cluster';

/** Takes an empty or missing folder, or one of ours. Throws CLUSTER_FOLDER_FOREIGN. */
export async function claimFolder(folder: string): Promise<void> {
  // On a read-only disk a recursive mkdir says ENOENT, until https://github.com/nodejs/node/issues/47098 is mended.
  await access(existingParent(folder), constants.W_OK);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const entries = await readdir(folder);
  if (entries.length > 0 && !entries.includes(MARKER)) {
    throw new ToolError('CLUSTER_FOLDER_FOREIGN', `Taking state folder ${folder}: it holds files of something else`, {
      hint: 'Set FATHOM_STATE to another folder, or choose another name for the cluster.',
    });
  }
  await writeFile(join(folder, MARKER), 'This folder is the state of a Fathom cluster; `./fathom down` deletes it.\n');
}

/** Whether there is such a folder. Throws CLUSTER_FOLDER_FOREIGN for one that is not ours. */
export async function isOurs(folder: string): Promise<boolean> {
  const entries = await readdir(folder).catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (entries === undefined) return false;
  if (entries.includes(MARKER)) return true;
  throw new ToolError('CLUSTER_FOLDER_FOREIGN', `Deleting ${folder}: it is not the state of a cluster of ours`, {
    hint: 'Set FATHOM_STATE to the folder that was used by `./fathom up`.',
  });
}

/** Deletes a folder of ours, and the folder of all clusters with the last of them. */
export async function deleteFolder(folder: string): Promise<void> {
  // The marker last: what an interrupted deletion leaves is ours still.
  const entries = await readdir(folder).catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  });
  for (const name of entries) if (name !== MARKER) await rm(join(folder, name), { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
  await rmdir(dirname(folder)).catch(() => undefined);
}
