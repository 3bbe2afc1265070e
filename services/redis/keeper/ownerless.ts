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

/** The slots that none of `places` has. */
export function ownerlessSlots(places: readonly Place[]): number[] {
  const owned = new Set(selvesOf(places).flatMap(({ self }) => slotsOf(self.slots)));
  return Array.from({ length: SLOT_COUNT }, (_, slot) => slot).filter((slot) => !owned.has(slot));
}

/** Who gets each of them: whoever has most of its keys, else whoever was to get it, else whoever is said to have it. */
export function claimsOf(
  places: readonly Place[],
  keys: readonly KeyCounts[],
): readonly Claim[] | { readonly problem: string; readonly hint: string } {
  const slots = ownerlessSlots(places);
  if (slots.length === 0) return [];
  const selves = selvesOf(places);
  const masters = selves.filter(({ self }) => self.role === 'master');
  const named = new Map<number, Set<string>>();
  for (const { view } of places) {
    for (const node of view?.nodes ?? []) {
      for (const slot of slotsOf(node.slots)) named.set(slot, (named.get(slot) ?? new Set()).add(node.id));
    }
  }
  const claims: Claim[] = [];
  const elsewhere = new Set<number>();
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
    // Of slots that never had an owner keepers take care.
    if (isElsewhere || owners.size === 0 || best === undefined) elsewhere.add(slot);
    else claims.push({ place: best.place, slot });
  }
  if (elsewhere.size === 0) return claims;
  return {
    problem: `${elsewhere.size} slots have no owner among the ${places.length} servers`,
    hint: 'Wait until all pods are ready (`kubectl get pods`). Were servers taken away with slots, set the masters of redis as high as before and apply: their volumes are still there.',
  };
}
