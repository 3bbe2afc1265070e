// Takes an embedded cluster down and deletes its state.
import { readdir, rm, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ToolError, systemErrorCode } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
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
  const entries = await readdir(folder).catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (entries === undefined) return false;
  if (!entries.includes('.fathom-cluster')) {
    throw new ToolError('CLUSTER_FOLDER_FOREIGN', `Deleting ${folder}: it is not the state of a cluster of ours`, {
      hint: 'Set FATHOM_STATE to the folder that was used by `./fathom up`.',
    });
  }
  await withLock(folder, async () => {
    // An unreadable plan must not keep anything alive: interface and cgroup are named after the folder alone.
    const unknown = makePlan({ name, folder, range: { base: 0, prefix: 16 }, registryPort: 0 });
    const plan = (await readPlan(layout.plan).catch(() => undefined)) ?? unknown;
    await endCluster({ plan, layout, graceful: false }, log);
    await rm(folder, { recursive: true, force: true });
    // The folder of all clusters goes with the last of them.
    await rmdir(dirname(folder)).catch(() => undefined);
  });
  return true;
}
