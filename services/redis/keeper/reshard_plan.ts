// Which slots move where so that a number of masters has all of them, evenly. Pure.
import { SLOT_COUNT, slotsOf } from './nodes.ts';
import type { Place } from './plan.ts';

/** A slot that is to have another master. */
export interface Move {
  readonly slot: number;
  readonly from: string;
  readonly to: string;
}

/** A replica that must take over first: its master's pod will not be there any more. */
export interface Promotion {
  readonly place: number;
  readonly masterId: string;
}

/** What is to be done, or why it can't be. */
export type ReshardPlan =
  | { readonly problem: string; readonly hint: string }
  | { readonly promotions: readonly Promotion[]; readonly moves: readonly Move[]; readonly stable: readonly Stable[] };

/** A slot that a server takes for being on its way, though it is not. */
export interface Stable {
  readonly place: number;
  readonly slot: number;
}

/** Options of {@link planReshard}. */
export interface ReshardOptions {
  readonly places: readonly Place[];
  /** How many masters shall have slots. */
  readonly masters: number;
  /** How many servers there are for each master, itself included. */
  readonly serversPerMaster: number;
}

interface Master {
  readonly id: string;
  readonly place: number;
  readonly slots: readonly number[];
}

/** Promotions come first; then plan again. */
export function planReshard({ places, masters, serversPerMaster }: ReshardOptions): ReshardPlan {
  const wrong = problemOf({ places, masters, serversPerMaster });
  if (wrong !== undefined) return wrong;
  const selves = places.flatMap(({ view }, place) => {
    const self = view?.nodes.find(({ isMyself }) => isMyself);
    return self === undefined ? [] : [{ place, self }];
  });
  const all = selves
    .filter(({ self }) => self.role === 'master')
    .map(({ place, self }): Master => ({ id: self.id, place, slots: slotsOf(self.slots) }));
  // Servers from there on go when the set has as many as these masters need.
  const boundary = masters * serversPerMaster;
  const staying = all.filter(({ place }) => place < boundary);
  const owners = all.filter(({ slots }) => slots.length > 0);
  if (staying.length < masters) {
    const promotions = owners
      .filter(({ place }) => place >= boundary)
      .flatMap(({ id }): Promotion[] => {
        const replica = selves.find(({ place, self }) => place < boundary && self.masterId === id);
        return replica === undefined ? [] : [{ place: replica.place, masterId: id }];
      });
    if (promotions.length === 0) {
      return {
        problem: `there are ${staying.length} masters among the first ${boundary} servers, and ${masters} are wanted`,
        hint: `Set the masters of redis in the environment's parameters to ${masters}, apply, and repeat this when all pods are ready.`,
      };
    }
    return { promotions: promotions.slice(0, masters - staying.length), moves: [], stable: [] };
  }
  // Those that have slots already move the fewest.
  const targets = staying.toSorted((a, b) => b.slots.length - a.slots.length || a.place - b.place).slice(0, masters);
  const ownerOf = new Map(owners.flatMap(({ id, slots }) => slots.map((slot) => [slot, id] as const)));
  const masterIdOf = (id: string): string => selves.find(({ self }) => self.id === id)?.self.masterId ?? id;
  const opened = new Map<number, Move>();
  const stable: Stable[] = [];
  for (const { place, self } of selves) {
    for (const { slot, kind, peer } of self.openSlots) {
      const owner = ownerOf.get(slot);
      // Where the end of the way was voted out, its successor has what has arrived.
      const to = kind === 'importing' ? masterIdOf(self.id) : masterIdOf(peer);
      if (owner === undefined || owner === to) stable.push({ place, slot });
      else if (self.role === 'master') opened.set(slot, { slot, from: owner, to });
    }
  }
  const moves = [...opened.values()];
  for (const { slot, to } of moves) ownerOf.set(slot, to);
  return { promotions: [], moves: [...moves, ...balance(ownerOf, targets)], stable };
}

/** The fewest moves after which each of `targets` has its share, and nobody else anything. */
function balance(ownerOf: ReadonlyMap<number, string>, targets: readonly Master[]): Move[] {
  const share = new Map(
    targets.map(({ id }, index) => [
      id,
      Math.floor(SLOT_COUNT / targets.length) + (index < SLOT_COUNT % targets.length ? 1 : 0),
    ]),
  );
  const kept = new Map<string, number>();
  const surplus: { slot: number; from: string }[] = [];
  for (const [slot, id] of [...ownerOf].sort(([a], [b]) => a - b)) {
    const count = kept.get(id) ?? 0;
    if (count < (share.get(id) ?? 0)) kept.set(id, count + 1);
    else surplus.push({ slot, from: id });
  }
  return targets.flatMap(({ id }) =>
    surplus.splice(0, (share.get(id) ?? 0) - (kept.get(id) ?? 0)).map(({ slot, from }) => ({ slot, from, to: id })),
  );
}

function problemOf({
  places,
  masters,
  serversPerMaster,
}: ReshardOptions): (ReshardPlan & { problem: string }) | undefined {
  if (!Number.isInteger(masters) || masters < 1 || masters === 2) {
    return {
      problem: `${masters} masters are wanted`,
      hint: 'Choose 1, or 3 and more: of two masters neither may be missed.',
    };
  }
  if (places.length < masters * serversPerMaster) {
    return {
      problem: `${masters} masters need ${masters * serversPerMaster} servers, and there are ${places.length}`,
      hint: `Set the masters of redis in the environment's parameters to ${masters}, apply, and repeat this when all pods are ready.`,
    };
  }
  const silent = places.filter(({ view }) => view === undefined).map(({ host, port }) => `${host}:${port}`);
  if (silent.length > 0) {
    return {
      problem: `no answer from ${silent.join(', ')}`,
      hint: 'Wait until all pods are ready: `kubectl get pods`.',
    };
  }
  const claimed = new Set(
    places.flatMap(({ view }) => slotsOf(view?.nodes.find(({ isMyself }) => isMyself)?.slots ?? [])),
  );
  return claimed.size === SLOT_COUNT
    ? undefined
    : {
        problem: `${SLOT_COUNT - claimed.size} slots have no owner`,
        hint: 'Wait until all pods are ready: `kubectl get pods`.',
      };
}
