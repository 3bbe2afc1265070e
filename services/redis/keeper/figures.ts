// What Prometheus is told of a Redis: figures of INFO and CLUSTER INFO by the names that dashboards of Redis know. Pure.

/** One figure. */
export interface Figure {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly value: number;
}

/** What a Redis says of itself, by field. */
export interface Reports {
  /** INFO. */
  readonly info: ReadonlyMap<string, string>;
  /** CLUSTER INFO. */
  readonly cluster: ReadonlyMap<string, string>;
}

type Row = readonly [field: string, name: string, type: Figure['type'], help: string];

const OF_INFO: readonly Row[] = [
  ['uptime_in_seconds', 'redis_uptime_in_seconds', 'gauge', 'For how long it has run.'],
  ['connected_clients', 'redis_connected_clients', 'gauge', 'Connections of clients.'],
  ['blocked_clients', 'redis_blocked_clients', 'gauge', 'Clients that wait in a command.'],
  ['maxclients', 'redis_config_maxclients', 'gauge', 'The most connections that it takes.'],
  ['used_memory', 'redis_memory_used_bytes', 'gauge', 'Memory that it has allocated.'],
  ['used_memory_rss', 'redis_memory_used_rss_bytes', 'gauge', 'Memory that the system has given it.'],
  ['maxmemory', 'redis_memory_max_bytes', 'gauge', 'The most memory that data may use.'],
  ['total_commands_processed', 'redis_commands_processed_total', 'counter', 'Commands since its start.'],
  ['total_connections_received', 'redis_connections_received_total', 'counter', 'Connections since its start.'],
  ['rejected_connections', 'redis_rejected_connections_total', 'counter', 'Connections that were too many.'],
  ['total_net_input_bytes', 'redis_net_input_bytes_total', 'counter', 'Bytes that it has read.'],
  ['total_net_output_bytes', 'redis_net_output_bytes_total', 'counter', 'Bytes that it has written.'],
  ['keyspace_hits', 'redis_keyspace_hits_total', 'counter', 'Reads of keys that were there.'],
  ['keyspace_misses', 'redis_keyspace_misses_total', 'counter', 'Reads of keys that were not there.'],
  ['expired_keys', 'redis_expired_keys_total', 'counter', 'Keys whose time was up.'],
  ['evicted_keys', 'redis_evicted_keys_total', 'counter', 'Keys that were put out for others.'],
  ['total_error_replies', 'redis_error_replies_total', 'counter', 'Replies that were errors.'],
  ['acl_access_denied_auth', 'redis_acl_access_denied_auth_total', 'counter', 'Wrong names or passwords.'],
  ['acl_access_denied_cmd', 'redis_acl_access_denied_cmd_total', 'counter', 'Commands that a user may not use.'],
  ['acl_access_denied_key', 'redis_acl_access_denied_key_total', 'counter', 'Keys that a user may not touch.'],
  ['connected_slaves', 'redis_connected_slaves', 'gauge', 'Replicas that are connected.'],
  ['master_repl_offset', 'redis_master_repl_offset', 'gauge', 'How far its replication has come.'],
  ['slave_repl_offset', 'redis_slave_repl_offset', 'gauge', 'How far a replica has come.'],
  ['loading', 'redis_loading_dump_file', 'gauge', 'Whether it loads its data.'],
  ['aof_pending_bio_fsync', 'redis_aof_pending_bio_fsync', 'gauge', 'Writes to disk that are waited for.'],
  ['aof_delayed_fsync', 'redis_aof_delayed_fsync_total', 'counter', 'Writes that had to wait for the disk.'],
  ['aof_current_size', 'redis_aof_current_size_bytes', 'gauge', 'The size of its log of writes.'],
];

const OF_CLUSTER: readonly Row[] = [
  ['cluster_known_nodes', 'redis_cluster_known_nodes', 'gauge', 'Servers that it knows.'],
  ['cluster_size', 'redis_cluster_size', 'gauge', 'Masters with slots.'],
  ['cluster_slots_assigned', 'redis_cluster_slots_assigned', 'gauge', 'Slots that have an owner.'],
  ['cluster_slots_ok', 'redis_cluster_slots_ok', 'gauge', 'Slots whose owner is reached.'],
  ['cluster_slots_pfail', 'redis_cluster_slots_pfail', 'gauge', 'Slots whose owner it does not reach.'],
  ['cluster_slots_fail', 'redis_cluster_slots_fail', 'gauge', 'Slots whose owner no majority reaches.'],
  ['cluster_current_epoch', 'redis_cluster_current_epoch', 'gauge', 'Counts votes.'],
];

const YES_OR_NO: readonly (readonly [keyof Reports, field: string, yes: string, name: string, help: string])[] = [
  ['cluster', 'cluster_state', 'ok', 'redis_cluster_state', 'Whether it takes the cluster for whole.'],
  ['info', 'role', 'master', 'redis_master', 'Whether it is a master.'],
  ['info', 'master_link_status', 'up', 'redis_master_link_up', 'Whether a replica is connected to its master.'],
  ['info', 'aof_last_write_status', 'ok', 'redis_aof_last_write_ok', 'Whether its last write to disk went well.'],
];

/** The figures of a Redis; of one that doesn't answer only that it doesn't. */
export function figuresOf(reports: Reports | undefined): Figure[] {
  const up: Figure = {
    name: 'redis_up',
    type: 'gauge',
    help: 'Whether it answers.',
    value: reports === undefined ? 0 : 1,
  };
  if (reports === undefined) return [up];
  const numbers = (rows: readonly Row[], fields: ReadonlyMap<string, string>) =>
    rows.flatMap(([field, name, type, help]): Figure[] => {
      const text = fields.get(field);
      const value = Number(text);
      return text === undefined || text === '' || !Number.isFinite(value) ? [] : [{ name, type, help, value }];
    });
  const flags = YES_OR_NO.flatMap(([source, field, yes, name, help]): Figure[] => {
    const text = reports[source].get(field);
    return text === undefined ? [] : [{ name, type: 'gauge', help, value: text === yes ? 1 : 0 }];
  });
  const keys = Number(/^keys=(\d+)/.exec(reports.info.get('db0') ?? 'keys=0')?.[1]);
  const size: Figure = { name: 'redis_db_keys', type: 'gauge', help: 'Keys that it has.', value: keys };
  return [up, size, ...numbers(OF_INFO, reports.info), ...numbers(OF_CLUSTER, reports.cluster), ...flags];
}

/** The figures in the text format of Prometheus. */
export function expositionText(figures: readonly Figure[]): string {
  return figures
    .map(({ name, type, help, value }) => `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${value}`)
    .join('\n');
}
