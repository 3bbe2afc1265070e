// Takes an embedded cluster down and deletes its state.
import type { Log } from '../../lib/log.ts';
import { deleteFolder, isOurs } from '../state_folder.ts';
import { endCluster } from './end.ts';
import { layoutOf } from './layout.ts';
import { withLock } from './lock.ts';
import { makePlan, readPlan } from './plan.ts';

/** Options of {@link downEmbedded}. */
export interface DownOptions {
  readonly name: string;
  readonly folder: string;
  readonly log: Log;
}

/** Ends the cluster and deletes its folder; false when there was none. Throws CLUSTER_FOLDER_FOREIGN. */
export async function downEmbedded({ name, folder, log }: DownOptions): Promise<boolean> {
  const layout = layoutOf(folder);
  if (!(await isOurs(folder))) return false;
  await withLock(folder, async () => {
    // An unreadable plan must not keep anything alive: interface and cgroup are named after the folder alone.
    const unknown = makePlan({ name, folder, range: { base: 0, prefix: 16 }, registryPort: 0 });
    const plan = (await readPlan(layout.plan).catch(() => undefined)) ?? unknown;
    await endCluster({ plan, layout, graceful: false }, log);
    await deleteFolder(folder);
  });
  return true;
}
