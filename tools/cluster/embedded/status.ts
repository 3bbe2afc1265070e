// How an embedded cluster fares, from its state folder alone.
import { readFile } from 'node:fs/promises';
import type { InitStatus } from '../init/spec.ts';
import { runningInit } from './init_record.ts';
import { layoutOf } from './layout.ts';
import { API_PORT, addresses, readPlan, runningNodes, type EmbeddedPlan } from './plan.ts';

/** What `status` tells. */
export interface EmbeddedStatus {
  readonly plan: EmbeddedPlan;
  readonly running: boolean;
  readonly api: string;
  /** By machine; empty when the cluster does not run. */
  readonly machines: readonly InitStatus[];
}

/** The status of the cluster in `folder`; undefined where there is none. */
export async function statusEmbedded(folder: string): Promise<EmbeddedStatus | undefined> {
  const layout = layoutOf(folder);
  const plan = await readPlan(layout.plan);
  if (plan === undefined) return undefined;
  const running = (await runningInit(layout)) !== undefined;
  const statuses = running ? await Promise.all(machinesOf(plan).map((name) => readStatus(layout.status(name)))) : [];
  const machines = statuses.filter((status) => status !== undefined);
  return { plan, running, api: `https://${addresses.control(plan)}:${API_PORT}`, machines };
}

/** All that have an init of their own, by its name. */
export function machinesOf(plan: EmbeddedPlan): readonly string[] {
  return ['cluster', 'control', ...runningNodes(plan).map(({ name }) => name)];
}

async function readStatus(path: string): Promise<InitStatus | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as InitStatus;
  } catch {
    return undefined;
  }
}
