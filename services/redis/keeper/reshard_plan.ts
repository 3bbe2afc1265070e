// Which slots move where so that a number of masters has all of them, evenly. Pure.
import { selvesOf } from './agreement.ts';
import { openMoves, type Stable } from './open_slots.ts';
import { type Claim, claimsOf } from './ownerless.ts';
import { SLOT_COUNT, slotsOf } from './nodes.ts';
import type { Move } from './phases.ts';
import type { Place } from './plan.ts';
import type { KeyCounts } from './slot_keys.ts';

/** A replica that must take over first: its master's pod will not be there any more. */
export interface Promotion {
  readonly place: number;
  readonly masterId: string;
}

/** What is to be done, or why it can't be. Claims come first, then promotions; after each of them plan again. */
export type ReshardPlan = { readonly problem: string; readonly hint: string } | ReshardSteps;

/** What is to be done. */
export interface ReshardSteps {
  readonly claims: readonly Claim[];
  readonly promotions: readonly Promotion[];
  readonly stable: readonly Stable[];
  readonly moves: readonly Move[];
}

/** Options of {@link planReshard}. */
export interface ReshardOptions {
  readonly places: readonly Place[];
  /** The keys that the server of each place has. Default: none. */
  readonly keys?: readonly KeyCounts[];
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

/** The next steps; see {@link ReshardPlan}. */
export function planReshard(options: ReshardOptions): ReshardPlan {
  const { places, keys = [], masters, serversPerMaster } = options;
  const wrong = problemOf(options);
  if (wrong !== undefined) return wrong;
  const { claims, elsewhere } = claimsOf(places, keys);
  if (elsewhere > 0) {
    return {
      problem: `${elsewhere} slots have no owner among the ${places.length} servers`,
      hint: 'Wait until all pods are ready (`kubectl get pods`). Were servers taken away with slots, set the masters of redis as high as before and apply: their volumes are still there.',
    };
  }
  const nothing = { claims: [], promotions: [], stable: [], moves: [] };
  if (claims.length > 0) return { ...nothing, claims };
  const selves = selvesOf(places);
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
    return { ...nothing, promotions: promotions.slice(0, masters - staying.length) };
  }
  // Those that have slots already move the fewest.
  const targets = staying.toSorted((a, b) => b.slots.length - a.slots.length || a.place - b.place).slice(0, masters);
  const ownerOf = new Map(owners.flatMap(({ id, slots }) => slots.map((slot) => [slot, id] as const)));
  const open = openMoves({ selves, ownerOf, keys });
  for (const { slot, to } of open.moves) ownerOf.set(slot, to);
  return { ...nothing, stable: open.stable, moves: [...open.moves, ...balance(ownerOf, targets)] };
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
  return undefined;
}
