// What must be done so that the Redis servers of a set become, and stay, one cluster. Pure: from what each of them says
// to what each of them has to do. Whoever plans from the same answers plans the same, and each keeper carries out only
// what concerns its own server: so it does no harm that all of them plan at once, or again after an end in the middle.
import { copiedBytes, type CopySource, masterElsewhere } from './copying.ts';
import { type ClusterNode, firstOwner, rangesOf, SLOT_COUNT, type SlotRange, slotsOf } from './nodes.ts';
import { claimsOf, ownerlessSlots } from './ownerless.ts';
import { type Reopening, reopeningsOf } from './reopen.ts';
import type { KeyCounts } from './slot_keys.ts';

/** What a server says. */
export interface View {
  readonly id: string;
  readonly nodes: readonly ClusterNode[];
  /** Of a replica. */
  readonly copiesFrom: CopySource | undefined;
}

/** Where a server has its place: the pod of a number. What is there may be another server than before. */
export interface Place {
  readonly host: string;
  readonly port: number;
  /** Undefined: it does not answer. */
  readonly view: View | undefined;
}

/** What a server has to do. `place`: its own, counted from 0. */
export type Action =
  | { readonly place: number; readonly kind: 'meet'; readonly other: number }
  | { readonly place: number; readonly kind: 'addSlots'; readonly ranges: readonly SlotRange[] }
  | { readonly place: number; readonly kind: 'replicate'; readonly masterId: string }
  /** Copies from its master at the address that it has now. */
  | { readonly place: number; readonly kind: 'reconnect'; readonly masterId: string; readonly address: string }
  | ({ readonly kind: 'reopen' } & Reopening)
  /** Takes slots that all servers take for those of another one. */
  | { readonly place: number; readonly kind: 'claim'; readonly id: string; readonly slots: readonly number[] }
  /** A replica becomes a master without slots and data. */
  | { readonly place: number; readonly kind: 'reset' }
  | { readonly place: number; readonly kind: 'forget'; readonly id: string }
  /** Becomes master without a vote. Only where there can be none for a while: its master will never be back. */
  | { readonly place: number; readonly kind: 'takeOver'; readonly masterId: string };

/** What to do, and why it is not done yet where nothing can be. */
export interface Plan {
  readonly actions: readonly Action[];
  readonly waiting: readonly string[];
}

/** Options of {@link makePlan}. */
export interface PlanOptions {
  readonly places: readonly Place[];
  /** The keys that the server of each place has; needed where {@link isAnySlotDenied}. Default: none. */
  readonly keys?: readonly KeyCounts[];
  /** How many masters there shall be. */
  readonly masters: number;
}

/** A server that answers, as it sees itself. */
interface Server {
  readonly place: number;
  readonly view: View;
  readonly self: ClusterNode;
}

/** The next steps towards one cluster with all slots, and a master for each replica. */
export function makePlan({ places, masters, keys = [] }: PlanOptions): Plan {
  const servers = places.flatMap(({ view }, place): Server[] => {
    const self = view?.nodes.find(({ isMyself }) => isMyself);
    return view === undefined || self === undefined ? [] : [{ place, view, self }];
  });
  const missing = places.flatMap((_, place) => (servers.some((one) => one.place === place) ? [] : [place]));
  const cluster = describe(servers, places);
  const meetings = servers.flatMap((server) => meet(server, servers));
  const waiting = missing.length === 0 ? [] : [`no answer from ${namesOf(missing, places)}`];
  const isComplete = missing.length === 0 && meetings.length === 0;
  const added = isComplete ? addSlots(cluster, masters) : [];
  // Before all slots have an owner it is not known who is a master.
  const isCovered = cluster.unclaimed.length === 0 || added.length > 0;
  // Nor while a master that is gone still has slots: they go to its replica, or to the server that is there now.
  const isSettling = [...cluster.gone].some((id) => cluster.owners.has(id));
  const assigned = isCovered && !isSettling && meetings.length === 0 ? replicate(cluster, added, masters) : [];
  const actions = [
    ...meetings,
    ...servers.flatMap(reconnect),
    ...added,
    ...assigned,
    ...(isComplete && isCovered && !isSettling && assigned.length === 0 ? standBy(cluster, masters) : []),
    ...reopeningsOf(places).map((one): Action => ({ kind: 'reopen', ...one })),
    ...(isComplete && !isSettling && isAnySlotDenied(places) ? claim(places, keys) : []),
    ...(isComplete ? takeOver(cluster) : []),
    ...servers.flatMap((server) => forget(server, cluster, isComplete)),
  ];
  if (cluster.unclaimed.length > 0) waiting.push(`${cluster.unclaimed.length} slots have no owner`);
  return { actions, waiting };
}

function namesOf(numbers: readonly number[], places: readonly Place[]): string {
  return numbers.map((number) => `${places[number]?.host ?? ''}:${places[number]?.port ?? ''}`).join(', ');
}

interface Cluster {
  readonly servers: readonly Server[];
  /** Slots that nobody says to be anybody's. */
  readonly unclaimed: readonly number[];
  /** Ids of nodes with slots, by whoever says so. */
  readonly owners: ReadonlySet<string>;
  /** Ids of nodes that will not be back: their place has another server, or is none any more. */
  readonly gone: ReadonlySet<string>;
  /** Id of a master → ids of its replicas. */
  readonly replicas: ReadonlyMap<string, ReadonlySet<string>>;
}

function describe(servers: readonly Server[], places: readonly Place[]): Cluster {
  const claimed = new Set<number>();
  const owners = new Set<string>();
  const gone = new Set<string>();
  const replicas = new Map<string, Set<string>>();
  const selves = new Map(servers.map(({ self }) => [self.id, self]));
  for (const { view } of servers) {
    for (const node of view.nodes) {
      // What a server says of itself counts more than what others have heard of it.
      const known = selves.get(node.id) ?? node;
      for (const slot of slotsOf(node.slots)) claimed.add(slot);
      if (known.slots.length > 0) owners.add(node.id);
      if (isGone(node, servers, places)) gone.add(node.id);
      if (known.role === 'replica' && known.masterId !== undefined) {
        replicas.set(known.masterId, (replicas.get(known.masterId) ?? new Set()).add(node.id));
      }
    }
  }
  for (const set of replicas.values()) for (const id of gone) set.delete(id);
  const unclaimed = Array.from({ length: SLOT_COUNT }, (_, slot) => slot).filter((slot) => !claimed.has(slot));
  return { servers, unclaimed, owners, gone, replicas };
}

function isGone(node: ClusterNode, servers: readonly Server[], places: readonly Place[]): boolean {
  if (node.isMyself || servers.some(({ self }) => self.id === node.id)) return false;
  // Redis forgets the port of a node at whose address another one has answered, but not its name.
  const isAt = ({ host, port }: Place) => host === node.host && (port === node.port || node.port === 0);
  const place = places.findIndex(isAt);
  if (place >= 0) return servers.some((server) => server.place === place);
  const isLost = node.flags.has('fail') || node.flags.has('noaddr');
  return isLost && node.slots.length === 0;
}

/** A server meets each that it doesn't know, or knows by an address at which it can't be reached. */
function meet({ place, view }: Server, servers: readonly Server[]): Action[] {
  return servers
    .filter((other) => other.place !== place)
    .filter(({ self }) => view.nodes.find(({ id }) => id === self.id)?.isConnected !== true)
    .map((other) => ({ place, kind: 'meet', other: other.place }));
}

/** A replica that asks for its master at a former address. What it is just being sent comes to an end first. */
function reconnect({ place, view }: Server): Action[] {
  const master = masterElsewhere(view.nodes, view.copiesFrom);
  if (master === undefined || view.copiesFrom?.isSyncing === true) return [];
  return [{ place, kind: 'reconnect', masterId: master.id, address: `${master.address}:${master.port}` }];
}

/** Slots of nobody: at first all of them, and those of a master that is gone with all that it had. */
function addSlots({ servers, unclaimed }: Cluster, masters: number): (Action & { kind: 'addSlots' })[] {
  const slots = new Map<number, number[]>();
  for (const slot of unclaimed) {
    const first = servers.find(({ place }) => place === firstOwner(slot, masters));
    const master = first?.self.role === 'replica' ? servers.find(({ self }) => self.id === first.self.masterId) : first;
    if (master?.self.role !== 'master') continue;
    const own = slots.get(master.place) ?? [];
    own.push(slot);
    slots.set(master.place, own);
  }
  return [...slots].map(([place, list]) => ({ place, kind: 'addSlots', ranges: rangesOf(list) }));
}

/** Who has no slots follows the master with the fewest replicas, but for those that shall get slots. */
function replicate(cluster: Cluster, added: readonly Action[], masters: number): Action[] {
  const { servers, owners, gone, replicas } = cluster;
  const adds = new Set(added.map(({ place }) => place));
  const isOwner = ({ self, place }: Server) => owners.has(self.id) || adds.has(place);
  const empty = servers.filter((server) => server.self.role === 'master' && !isOwner(server));
  const ownerCount = new Set([...owners, ...servers.filter(isOwner).map(({ self }) => self.id)]).size;
  // They wait for slots, which //services/redis:reshard moves to them.
  const future = empty.slice(0, Math.max(0, masters - ownerCount));
  const leaders = servers.filter((server) => isOwner(server) || future.includes(server));
  const leaderIds = new Set(leaders.map(({ self }) => self.id));
  const counts = new Map(leaders.map(({ self }) => [self.id, replicas.get(self.id)?.size ?? 0]));
  const fewest = () => [...counts].sort(([, a], [, b]) => a - b)[0];
  const actions: Action[] = [];
  const follow = (server: Server, masterId: string) => {
    counts.set(masterId, (counts.get(masterId) ?? 0) + 1);
    actions.push({ place: server.place, kind: 'replicate', masterId });
  };
  for (const server of servers) {
    const { self } = server;
    const followed = self.masterId;
    // A master with slots that doesn't answer may be back: its replicas wait, or are voted for.
    const isLed =
      self.role === 'master'
        ? leaderIds.has(self.id)
        : followed !== undefined && (leaderIds.has(followed) || (owners.has(followed) && !isFollowing(followed)));
    const [masterId] = fewest() ?? [];
    if (!isLed && masterId !== undefined) follow(server, masterId);
  }
  function isFollowing(id: string): boolean {
    return servers.some(({ self }) => self.id === id && self.role === 'replica');
  }
  if (actions.length > 0 || gone.size > 0) return actions;
  // A master without a replica gets one of those that have several.
  const [bare, bareCount] = fewest() ?? [];
  const donor = servers.findLast(({ self }) => self.role === 'replica' && (counts.get(self.masterId ?? '') ?? 0) > 1);
  return bare !== undefined && bareCount === 0 && donor !== undefined
    ? [{ place: donor.place, kind: 'replicate', masterId: bare }]
    : [];
}

/**
 * A replica that its master can spare, where there are fewer masters than there shall be: servers that have come back
 * over their volumes follow whom they followed, and //services/redis:reshard would find nobody to move slots to.
 */
function standBy({ servers, owners, gone, replicas }: Cluster, masters: number): Action[] {
  const present = new Set([
    ...owners,
    ...servers.filter(({ self }) => self.role === 'master').map(({ self }) => self.id),
  ]);
  if (gone.size > 0 || present.size >= masters) return [];
  const spare = servers.findLast(({ self }) => (replicas.get(self.masterId ?? '')?.size ?? 0) > 1);
  return spare === undefined ? [] : [{ place: spare.place, kind: 'reset' }];
}

/** Whether all servers answer, nothing is on its way, and yet there are slots that each takes for those of another. */
export function isAnySlotDenied(places: readonly Place[]): boolean {
  const isStill = places.every(({ view }) => view?.nodes.every(({ openSlots }) => openSlots.length === 0) === true);
  return isStill && ownerlessSlots(places).length > 0;
}

function claim(places: readonly Place[], keys: readonly KeyCounts[]): Action[] {
  const slots = new Map<number, number[]>();
  for (const { place, slot } of claimsOf(places, keys).claims) slots.set(place, [...(slots.get(place) ?? []), slot]);
  return [...slots].map(([place, list]) => ({ place, kind: 'claim', id: places[place]?.view?.id ?? '', slots: list }));
}

/** Of a master that is gone with its slots, the replica with most of its data. A vote comes first, where there can be one. */
function takeOver({ servers, owners, gone }: Cluster): Action[] {
  return [...gone]
    .filter((id) => owners.has(id))
    .flatMap((masterId): Action[] => {
      const replicas = servers.filter(({ self }) => self.masterId === masterId);
      // Stable: among equals, the first. An offset stays as it is while the master is gone.
      const [best] = replicas.sort((a, b) => copiedBytes(b.view.copiesFrom) - copiedBytes(a.view.copiesFrom));
      return best === undefined ? [] : [{ place: best.place, kind: 'takeOver', masterId }];
    });
}

/** A node that is gone is forgotten, with slots only where nobody has a copy of what was in them. */
function forget({ place, view, self }: Server, cluster: Cluster, isComplete: boolean): Action[] {
  return view.nodes
    .filter(({ id }) => cluster.gone.has(id) && self.masterId !== id)
    .filter(({ id }) => !cluster.owners.has(id) || (isComplete && (cluster.replicas.get(id)?.size ?? 0) === 0))
    .map(({ id }) => ({ place, kind: 'forget', id }));
}
