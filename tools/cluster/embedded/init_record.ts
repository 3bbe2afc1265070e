// The first process of a cluster: by its record, or where that is lost, by what it was started with.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Layout } from './layout.ts';
import { isAlive, readPidRecord, recordOf, writePidRecord, type PidRecord } from './pid_record.ts';

/** The spec of a cluster's init, which no other process has as its last argument. */
export function initSpecPath(layout: Pick<Layout, 'config'>): string {
  return join(layout.config, 'cluster.init.json');
}

/**
 * The process that all others of the cluster descend from; undefined where none runs. A start that was killed between
 * process and record, or a disk that was full, must not leave a cluster that nobody finds again: its record is written
 * anew, if that is possible.
 */
export async function runningInit(layout: Pick<Layout, 'config' | 'rootPid'>): Promise<PidRecord | undefined> {
  const record = await readPidRecord(layout.rootPid);
  if (record !== undefined && isAlive(record)) return record;
  const found = findInit(initSpecPath(layout));
  if (found !== undefined) await writePidRecord(layout.rootPid, found).catch(() => undefined);
  return found;
}

function findInit(specPath: string): PidRecord | undefined {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
      if (words[0] === 'unshare' && words.at(-1) === specPath) return recordOf(Number(pid));
    } catch {
      // It ended meanwhile.
    }
  }
  return undefined;
}
