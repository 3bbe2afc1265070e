// The ports of the loopback that a cluster takes: free, or its own.
import { ToolError } from '../../../lib/errors.ts';
import { requireFreePort } from '../../embedded/host.ts';
import { runningInit } from '../../embedded/init_record.ts';
import { layoutOf } from '../../embedded/layout.ts';
import { readPlan } from '../../embedded/plan.ts';
import type { Finding } from '../../embedded/preflight.ts';

/** The finding about the port that an embedded cluster has recorded; a new one chooses a free one. */
export async function lookAtRecordedPort(folder: string): Promise<Finding> {
  const what = 'port of the registry';
  const layout = layoutOf(folder);
  try {
    const plan = await readPlan(layout.plan);
    if (plan === undefined) return { what, ok: true, say: 'a new cluster takes a free one' };
    const shown = `127.0.0.1:${plan.registryPort}`;
    if ((await runningInit(layout)) !== undefined) return { what, ok: true, say: `${shown}, the cluster's own` };
    await requireFreePort(plan.registryPort);
    return { what, ok: true, say: `${shown}, free for the cluster that is stopped` };
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    return { what, ok: false, say: `${error.message}. ${error.hint ?? ''}` };
  }
}

/** The finding about fixed ports that must be free. */
export async function lookAtFixedPorts(ports: readonly number[]): Promise<Finding> {
  const what = `ports ${ports.join(' and ')}`;
  for (const port of ports) {
    const taken = await requireFreePort(port).then(
      () => false,
      () => true,
    );
    if (!taken) continue;
    const say = `another process listens on 127.0.0.1:${port}. End it: \`ss -ltnp sport = :${port}\` names it.`;
    return { what, ok: false, say };
  }
  return { what, ok: true, say: 'free on the loopback' };
}
