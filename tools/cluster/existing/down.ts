// Forgets a cluster that others run: the cluster itself is not even asked.
import { withLock } from '../embedded/lock.ts';
import { deleteFolder, isOurs } from '../state_folder.ts';

/** Deletes the record; false when there was none. Throws CLUSTER_FOLDER_FOREIGN. */
export async function downExisting(folder: string): Promise<boolean> {
  if (!(await isOurs(folder))) return false;
  await withLock(folder, () => deleteFolder(folder));
  return true;
}
