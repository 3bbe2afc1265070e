// Whether this machine's clock can be right: certificates of a cluster are not valid before they were made.
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ToolError } from '../../lib/errors.ts';

/** How a clock is set right. */
export const SET_CLOCK =
  'Set the clock: `timedatectl set-ntp true`, or by hand `date -s "2030-01-31 12:00"`; `date -u` shows what it is.';

/** Milliseconds since the epoch as `2030-01-31 12:00:00 UTC`. */
export function shownTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/**
 * Throws CLUSTER_CLOCK when an authority begins after `nowMs`: nobody would trust what it signed, and a new one in its
 * place would make every copy of the kubeconfig worthless. A file that is none is not looked at.
 */
export function requireClock(folder: string, authorities: readonly string[], nowMs: number): void {
  for (const name of authorities) {
    const startMs = authorityStartMs(join(folder, `${name}.crt`));
    if (startMs === undefined || nowMs >= startMs) continue;
    throw new ToolError(
      'CLUSTER_CLOCK',
      `Reading the clock: it is ${shownTime(nowMs)}, before the cluster's certificates begin, ${shownTime(startMs)}`,
      {
        hint: `${SET_CLOCK} If the clock is right now, and was ahead before: \`./fathom down\`, then \`./fathom up\`.`,
      },
    );
  }
}

/** When an authority begins; undefined where its certificate can't be read. */
export function authorityStartMs(path: string): number | undefined {
  try {
    return Date.parse(new X509Certificate(readFileSync(path)).validFrom);
  } catch {
    return undefined; // Missing or half-written.
  }
}
