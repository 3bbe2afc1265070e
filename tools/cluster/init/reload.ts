// A spec that changes while its init runs: a node that is added, stopped or started again.
import { readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { digestOf } from '../../lib/digest.ts';
import { errorText } from '../../lib/errors.ts';
import type { InitSpec } from './spec.ts';

const POLL_MS = 200;

/** A spec with the digest of its text. */
export interface ReadSpec {
  readonly spec: InitSpec;
  readonly digest: string;
}

/** Reads a spec. Throws where it can't be read. */
export function readSpec(path: string): ReadSpec {
  const text = readFileSync(path, 'utf8');
  return { spec: JSON.parse(text) as InitSpec, digest: digestOf(text) };
}

/**
 * Calls `onChange` with each content of `from.spec.reloadFrom` other than the last, one after the other, until the signal
 * is aborted. One that can't be read is told once and left alone: the init goes on with what it has.
 */
export async function watchSpec(
  from: ReadSpec,
  onChange: (now: ReadSpec, before: InitSpec) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const path = from.spec.reloadFrom;
  let last = from;
  let seen = '';
  while (!signal.aborted) {
    const stamp = stampOf(path);
    if (stamp !== seen) {
      seen = stamp;
      try {
        const now = readSpec(path);
        if (now.digest !== last.digest) await onChange(now, last.spec);
        last = now;
      } catch (error) {
        process.stderr.write(`Carrying out ${path}: ${errorText(error)}\n`);
      }
    }
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Another text for each version of a file that is replaced by a rename; polled, as no event crosses every mount. */
function stampOf(path: string): string {
  try {
    const { ino, mtimeMs, size } = statSync(path);
    return `${ino} ${mtimeMs} ${size}`;
  } catch {
    return 'missing';
  }
}
