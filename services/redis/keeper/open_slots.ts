// Slots that a move has left open, and what closes them without losing a key. Pure.
import type { ClusterNode } from './nodes.ts';
import type { Move } from './phases.ts';
import type { KeyCounts } from './slot_keys.ts';

/** A slot that a server takes for being on its way, though it is not. */
export interface Stable {
  readonly place: number;
  readonly slot: number;
}

/** Options of {@link openMoves}. */
export interface OpenOptions {
  readonly selves: readonly { readonly place: number; readonly self: ClusterNode }[];
  readonly ownerOf: ReadonlyMap<number, string>;
  readonly keys: readonly KeyCounts[];
}

/**
 * Each slot of which another master than its owner has keys, or knows that it gets them, moves there: what clients may
 * have written at either end comes together. A master that has just been voted for knows of no move, and has the keys.
 */
export function openMoves({ selves, ownerOf, keys }: OpenOptions): {
  readonly moves: readonly Move[];
  readonly stable: readonly Stable[];
} {
  const masters = selves.filter(({ self }) => self.role === 'master');
  const successorOf = (id: string): string | undefined => {
    const found = selves.find(({ self }) => self.id === id)?.self;
    const master = found?.role === 'replica' ? found.masterId : found?.id;
    return masters.some(({ self }) => self.id === master) ? master : undefined;
  };
  const stable: Stable[] = [];
  const ends = new Map<number, Map<string, number>>();
  const addEnd = (slot: number, id: string, count: number) => {
    const known = ends.get(slot) ?? new Map<string, number>();
    ends.set(slot, known.set(id, Math.max(count, known.get(id) ?? 0)));
  };
  for (const { place, self } of masters) {
    for (const [slot, count] of keys[place] ?? []) if (ownerOf.get(slot) !== self.id) addEnd(slot, self.id, count);
  }
  for (const { place, self } of masters) {
    for (const { slot, kind, peer } of self.openSlots) {
      const isOwner = ownerOf.get(slot) === self.id;
      const end = kind === 'importing' ? self.id : successorOf(peer);
      if (isOwner !== (kind === 'migrating')) stable.push({ place, slot });
      else if (end !== undefined && end !== ownerOf.get(slot)) addEnd(slot, end, 0);
      else if (!ends.has(slot)) stable.push({ place, slot });
    }
  }
  const moves = [...ends].flatMap(([slot, counts]): Move[] => {
    const from = ownerOf.get(slot);
    // Several have keys of it: one after the other, the one with the most first.
    const [to] = [...counts].toSorted(([, a], [, b]) => b - a)[0] ?? [];
    return from === undefined || to === undefined ? [] : [{ slot, from, to }];
  });
  return { moves, stable };
}
