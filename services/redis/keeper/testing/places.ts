// Answers of servers that are made up for tests of plans.
import type { CopySource } from '../copying.ts';
import { parseNodes } from '../nodes.ts';
import type { Place } from '../plan.ts';

/** What is true of one server: its id, its slots as CLUSTER NODES has them, whom it follows. */
export interface Server {
  readonly id: string;
  readonly slots?: string;
  readonly follows?: string;
  /** Flags beside its role. */
  readonly flags?: string;
  readonly isConnected?: boolean;
  /** Default: 1. */
  readonly epoch?: number;
  /** Default: the address of its place. */
  readonly address?: string;
  /** Of a replica: how it copies. Default: all that there is, from where its master is. */
  readonly copies?: Partial<CopySource>;
}

export const THIRDS = ['0-5461', '5462-10922', '10923-16383'] as const;

export function line(server: Server, isMyself: boolean): string {
  const place = Number(server.id.slice(1));
  const flags = [isMyself ? 'myself' : '', server.follows === undefined ? 'master' : 'slave', server.flags ?? ''];
  return [
    server.id,
    `${server.address ?? `10.0.0.${place}:6379@16379`},redis-${place}`,
    flags.filter((flag) => flag !== '').join(','),
    server.follows ?? '-',
    ...['0', '0', `${server.epoch ?? 1}`, server.isConnected === false ? 'disconnected' : 'connected'],
    server.slots ?? '',
  ].join(' ');
}

function sourceOf({ follows, copies }: Server): CopySource | undefined {
  if (follows === undefined) return undefined;
  return {
    host: `10.0.0.${Number(follows.slice(1))}`,
    port: 6379,
    isSyncing: false,
    downSeconds: undefined,
    offset: 0,
    ...copies,
  };
}

/** Places at which servers answer, each with what it knows; undefined: no answer. */
export function placesOf(all: readonly (Server | undefined)[], known: (asked: Server) => readonly Server[]): Place[] {
  return all.map((asked, place) => ({
    host: `redis-${place}`,
    port: 6379,
    view:
      asked === undefined
        ? undefined
        : {
            id: asked.id,
            copiesFrom: sourceOf(asked),
            nodes: parseNodes(
              known(asked)
                .map((one) => line(one, one.id === asked.id))
                .join('\n'),
            ),
          },
  }));
}

/** Places whose servers all know one another, and `others` beside. */
export const knowing = (all: readonly (Server | undefined)[], others: readonly Server[] = []) =>
  placesOf(all, () => [...all.filter((one) => one !== undefined), ...others]);

/** Three masters with a replica each. */
export const FORMED: readonly Server[] = [
  ...THIRDS.map((slots, index) => ({ id: `s${index}`, slots })),
  ...['s0', 's1', 's2'].map((follows, index) => ({ id: `s${index + 3}`, follows })),
];
/** `servers` with another one at a place; undefined: with none. */
export const replaced = (servers: readonly (Server | undefined)[], place: number, by: Server | undefined) =>
  servers.map((one, index) => (index === place ? by : one));
