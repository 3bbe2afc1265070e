// The first process of a cluster: by its record, or where that is lost, by what it was started with.
import type { Layout } from './layout.ts';
import { commandLines, isAlive, readPidRecord, recordOf, writePidRecord, type PidRecord } from './pid_record.ts';

/**
 * The process that all others of the cluster descend from; undefined where none runs. A start that was killed between
 * process and record, or a disk that was full, must not leave a cluster that nobody finds again: its record is written
 * anew, if that is possible.
 */
export async function runningInit(layout: Pick<Layout, 'spec' | 'rootPid'>): Promise<PidRecord | undefined> {
  const record = await readPidRecord(layout.rootPid);
  if (record !== undefined && isAlive(record)) return record;
  const found = findInit(layout.spec('cluster'));
  if (found !== undefined) await writePidRecord(layout.rootPid, found).catch(() => undefined);
  return found;
}

/** The spec of a cluster's init is the last argument of no other process of this name. */
function findInit(specPath: string): PidRecord | undefined {
  const found = commandLines().find(({ words }) => words[0] === 'unshare' && words.at(-1) === specPath);
  return found === undefined ? undefined : recordOf(found.pid);
}
