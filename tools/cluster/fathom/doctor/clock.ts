// Whether the machine's clock can be right, by what is known to have been before now.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gitIn } from '../../../lib/git.ts';
import { CLUSTER_AUTHORITY, FRONT_PROXY_AUTHORITY } from '../../embedded/certificates.ts';
import { SET_CLOCK, authorityStartMs, shownTime } from '../../embedded/clock.ts';
import { layoutOf } from '../../embedded/layout.ts';
import type { Finding } from '../../embedded/preflight.ts';

/** Something that has been, and when. */
export interface Past {
  readonly what: string;
  readonly ms: number;
  /** How far in the future it may seem to be, in milliseconds: others have clocks too. */
  readonly toleranceMs: number;
}

const MINUTE_MS = 60_000;

/** What has been, as the checkout and the cluster's state folder tell. */
export async function knownPast(root: string, folder: string): Promise<readonly Past[]> {
  const layout = layoutOf(folder);
  const past: Past[] = [];
  const commit = await gitIn(root, { timeoutMs: 10_000 })('log', '-1', '--format=%ct').catch(() => '');
  // Made on another machine, perhaps.
  if (/^\d+$/.test(commit)) {
    past.push({ what: "this checkout's newest commit", ms: Number(commit) * 1000, toleranceMs: 60 * MINUTE_MS });
  }
  for (const name of [CLUSTER_AUTHORITY, FRONT_PROXY_AUTHORITY]) {
    const ms = authorityStartMs(join(layout.pki, `${name}.crt`));
    if (ms !== undefined) past.push({ what: "the beginning of the cluster's certificates", ms, toleranceMs: 0 });
  }
  const status = join(layout.logs, 'cluster', 'status.json');
  for (const path of [layout.plan, layout.started, status]) {
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined)
      past.push({ what: `the last change of ${path}`, ms: found.mtimeMs, toleranceMs: MINUTE_MS });
  }
  return past;
}

/** The finding about a clock that is at `nowMs`. */
export function lookAtClock(nowMs: number, past: readonly Past[]): Finding {
  const [latest] = past.filter(({ ms, toleranceMs }) => ms - toleranceMs > nowMs).sort((a, b) => b.ms - a.ms);
  if (latest === undefined) return { what: 'clock', ok: true, say: shownTime(nowMs) };
  return {
    what: 'clock',
    ok: false,
    say: `it says ${shownTime(nowMs)}, before ${latest.what}, ${shownTime(latest.ms)}. ${SET_CLOCK}`,
  };
}
