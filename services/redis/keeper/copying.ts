// From where a replica copies, as against where its master is. Pure. Redis knows both, and they can differ for ever: an
// address of its master that it has heard from a third server gets into its nodes, and not into its replication.
import type { ClusterNode } from './nodes.ts';

/** What the INFO of a replica says of copying. */
export interface CopySource {
  readonly host: string;
  readonly port: number;
  readonly isSyncing: boolean;
  /** For how many seconds it has had no link to it; undefined: it has one. Negative: it has never had one. */
  readonly downSeconds: number | undefined;
  /** How much of the master's data it has, in bytes of replication. */
  readonly offset: number;
}

/** Reads INFO, the section replication; undefined: it is no replica. */
export function copySourceOf(info: ReadonlyMap<string, string>): CopySource | undefined {
  const host = info.get('master_host');
  if (info.get('role') !== 'slave' || host === undefined) return undefined;
  return {
    host,
    port: Number(info.get('master_port')),
    isSyncing: info.get('master_sync_in_progress') !== '0',
    downSeconds:
      info.get('master_link_status') === 'up' ? undefined : Number(info.get('master_link_down_since_seconds')),
    offset: Number(info.get('slave_repl_offset')),
  };
}

/** How much a replica has of its master's data, to compare replicas by; less than nothing where that is not known. */
export function copiedBytes(source: CopySource | undefined): number {
  // One that is being sent all of it has thrown away what it had; one that never had a link counts from elsewhere.
  if (source === undefined || source.isSyncing || (source.downSeconds ?? 0) < 0) return -1;
  return source.offset;
}

/** The master of the server that says `nodes`, where it copies from another address; undefined: it is as it shall be. */
export function masterElsewhere(
  nodes: readonly ClusterNode[],
  source: CopySource | undefined,
): ClusterNode | undefined {
  const self = nodes.find(({ isMyself }) => isMyself);
  const master = nodes.find(({ id }) => id === self?.masterId);
  if (source === undefined || self?.role !== 'replica' || master === undefined) return undefined;
  // Where it is not reached, its address is none to rely on.
  const isReached = master.isConnected && !['fail', 'fail?', 'noaddr'].some((flag) => master.flags.has(flag));
  const isThere = master.address === source.host && master.port === source.port;
  return isReached && !isThere ? master : undefined;
}
