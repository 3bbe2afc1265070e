// Slots that no server says to be its own, though all of them answer: both ends of a move have taken the other for the
// owner. Nobody serves them, and nobody ever would. Pure.
import { selvesOf } from './agreement.ts';
import { SLOT_COUNT, slotsOf } from './nodes.ts';
import type { Place } from './plan.ts';
import type { KeyCounts } from './slot_keys.ts';

/** A server that is to have a slot of nobody. */
export interface Claim {
  readonly place: number;
  readonly slot: number;
}

/** What can be done about slots of nobody. */
export interface Claims {
  readonly claims: readonly Claim[];
  /** How many never had an owner, or have one that is none of these servers: nobody else may take them. */
  readonly elsewhere: number;
}

/** The slots that none of `places` has. */
export function ownerlessSlots(places: readonly Place[]): number[] {
  const owned = new Set(selvesOf(places).flatMap(({ self }) => slotsOf(self.slots)));
  return Array.from({ length: SLOT_COUNT }, (_, slot) => slot).filter((slot) => !owned.has(slot));
}

/** Who gets each of them: whoever has most of its keys, else whoever was to get it, else whoever is said to have it. */
export function claimsOf(places: readonly Place[], keys: readonly KeyCounts[]): Claims {
  const slots = ownerlessSlots(places);
  if (slots.length === 0) return { claims: [], elsewhere: 0 };
  const selves = selvesOf(places);
  const masters = selves.filter(({ self }) => self.role === 'master');
  const named = new Map<number, Set<string>>();
  for (const { view } of places) {
    for (const node of view?.nodes ?? []) {
      for (const slot of slotsOf(node.slots)) named.set(slot, (named.get(slot) ?? new Set()).add(node.id));
    }
  }
  const claims: Claim[] = [];
  let elsewhere = 0;
  for (const slot of slots) {
    const owners = named.get(slot) ?? new Set();
    const isElsewhere = [...owners].some((id) => selves.every(({ self }) => self.id !== id));
    const rank = ({ place, self }: (typeof masters)[number]) => [
      keys[place]?.get(slot) ?? 0,
      self.openSlots.some((one) => one.slot === slot && one.kind === 'importing') ? 1 : 0,
      owners.has(self.id) ? 1 : 0,
    ];
    const [best] = masters.toSorted((a, b) => {
      const [ranksA, ranksB] = [rank(a), rank(b)];
      return ranksA.map((one, index) => (ranksB[index] ?? 0) - one).find((one) => one !== 0) ?? a.place - b.place;
    });
    if (isElsewhere || owners.size === 0 || best === undefined) elsewhere += 1;
    else claims.push({ place: best.place, slot });
  }
  return { claims, elsewhere };
}

/** By which a server takes slots of nobody. Whoever takes one for that of another master believes the newer claim. */
export function claimCommands(id: string, slots: readonly number[]): (string | number)[][] {
  return [...slots.map((slot) => ['CLUSTER', 'SETSLOT', slot, 'NODE', id]), ['CLUSTER', 'BUMPEPOCH']];
}
