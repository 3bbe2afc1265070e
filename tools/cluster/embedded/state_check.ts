// What must hold of a state folder before anything in it is written: what can't be used is left as it is.
import { readdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { ToolError } from '../../lib/errors.ts';
import { readClusterState } from '../../lib/state.ts';
import { CLUSTER_AUTHORITY, FRONT_PROXY_AUTHORITY } from './certificates.ts';
import { requireClock } from './clock.ts';
import { requireKeys } from './keys_check.ts';
import type { Layout } from './layout.ts';
import { readPlan } from './plan.ts';

/**
 * Throws CLUSTER_PLAN_BROKEN for a plan that is broken, or missing where there are data made by it, STATE_VERSION for
 * files of another version, CLUSTER_CLOCK for a clock that is before the cluster's certificates, and CLUSTER_KEYS where
 * keys are lost that data depend on.
 */
export async function requireUsableState(layout: Layout, nowMs: number = Date.now()): Promise<void> {
  const plan = await readPlan(layout.plan);
  const hasData = await hasEntries(layout.etcd);
  if (plan === undefined && hasData) {
    throw new ToolError(
      'CLUSTER_PLAN_BROKEN',
      `Reading the cluster's plan ${layout.plan}: it is missing, and there are data in ${layout.etcd}`,
      {
        hint: 'Put a copy of it back, or give the cluster and its data up: `./fathom down`, then `./fathom up`.',
      },
    );
  }
  await readClusterState(basename(layout.folder), { FATHOM_STATE: dirname(layout.folder) }).catch((error: unknown) => {
    // It has nothing that the plan does not have: it is written anew.
    if (!(error instanceof ToolError) || error.code !== 'STATE_UNREADABLE') throw error;
  });
  requireClock(layout.pki, [CLUSTER_AUTHORITY, FRONT_PROXY_AUTHORITY], nowMs);
  // A first start that was interrupted makes what it had not made.
  if (hasData) await requireKeys(layout.pki);
}

async function hasEntries(folder: string): Promise<boolean> {
  return (await readdir(folder).catch(() => [])).length > 0;
}
