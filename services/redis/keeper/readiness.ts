// Whether one Redis is ready for clients, from what it says of itself. Pure.
import { copySourceOf, masterElsewhere } from './copying.ts';
import { type ClusterNode, countSlots, SLOT_COUNT } from './nodes.ts';

/** What a Redis says of itself. */
export interface Condition {
  readonly nodes: readonly ClusterNode[];
  /** CLUSTER INFO. */
  readonly cluster: ReadonlyMap<string, string>;
  /** INFO, the sections persistence and replication. */
  readonly info: ReadonlyMap<string, string>;
}

/** Why it is not ready; empty: it is. */
export function unreadiness({ nodes, cluster, info }: Condition): string[] {
  const problems: string[] = [];
  if (info.get('loading') !== '0') problems.push('it loads its data');
  const state = cluster.get('cluster_state');
  if (state !== 'ok') problems.push(`cluster_state is ${state ?? 'unknown'}`);
  const owners = nodes.filter(({ role, slots }) => role === 'master' && slots.length > 0);
  const owned = owners.reduce((sum, { slots }) => sum + countSlots(slots), 0);
  if (owned < SLOT_COUNT) problems.push(`${SLOT_COUNT - owned} slots have no owner`);
  const reached = owners.filter(({ isMyself, isConnected, flags }) => isMyself || (isConnected && !flags.has('fail')));
  if (reached.length * 2 <= owners.length) problems.push(`${reached.length} of ${owners.length} masters are reached`);
  if (info.get('role') === 'slave') {
    const source = copySourceOf(info);
    const master = masterElsewhere(nodes, source);
    if (source !== undefined && master !== undefined) {
      problems.push(
        `it copies from ${source.host}:${source.port}, and its master is at ${master.address}:${master.port}`,
      );
    }
    if (info.get('master_link_status') !== 'up') problems.push('the link to its master is down');
    if (info.get('master_sync_in_progress') !== '0') problems.push('it copies the data of its master');
  }
  return problems;
}
