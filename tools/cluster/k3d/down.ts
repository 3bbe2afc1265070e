// Takes a k3d cluster down, with its network and its state.
import { withLock } from '../embedded/lock.ts';
import { deleteFolder, isOurs } from '../state_folder.ts';
import { runSteps, type RunOptions } from './run.ts';
import type { K3dSettings } from './settings.ts';
import { downSteps } from './steps.ts';

/** Deletes the cluster, its network and its state folder, whichever of them there are. Throws CLUSTER_FOLDER_FOREIGN. */
export async function downK3d(settings: K3dSettings, folder: string, options: RunOptions): Promise<void> {
  const known = await isOurs(folder);
  await withLock(folder, async () => {
    await runSteps(downSteps(settings), options);
    if (known) await deleteFolder(folder);
  });
}
