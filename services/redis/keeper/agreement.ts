// Whether all servers say the same of who has which slot. Pure.
import { type ClusterNode, SLOT_COUNT, slotsOf } from './nodes.ts';
import type { Place } from './plan.ts';

/** The servers of all places, as each sees itself. */
export function selvesOf(places: readonly Place[]): { readonly place: number; readonly self: ClusterNode }[] {
  return places.flatMap(({ view }, place) => {
    const self = view?.nodes.find(({ isMyself }) => isMyself);
    return self === undefined ? [] : [{ place, self }];
  });
}

/**
 * In what servers do not agree yet; undefined: in nothing. A slot must not be given away before: its new master is
 * believed because its epoch is the greatest, which it can't make sure of while it does not know those of the others,
 * or while two have the same one and are about to change it.
 */
export function disagreement(places: readonly Place[]): string | undefined {
  const masters = selvesOf(places).filter(({ self }) => self.role === 'master');
  const epochs = new Map(masters.map(({ self }) => [self.id, self.epoch]));
  if (new Set(epochs.values()).size < epochs.size) return 'two masters have the same epoch';
  const owners = new Map(masters.flatMap(({ self }) => slotsOf(self.slots).map((slot) => [slot, self.id] as const)));
  for (const { view, host, port } of places) {
    let known = 0;
    for (const node of view?.nodes ?? []) {
      const epoch = epochs.get(node.id);
      // A greater one is that of its former master, where it was a replica: what Redis has heard once, it never lowers.
      if (epoch !== undefined && (node.role !== 'master' || node.epoch < epoch))
        return `${host}:${port} has not heard yet how ${node.host}:${node.port} is`;
      for (const slot of slotsOf(node.slots)) {
        if (owners.get(slot) !== node.id) return `${host}:${port} takes slot ${slot} for that of another master`;
        known += 1;
      }
    }
    if (known < SLOT_COUNT) return `${host}:${port} knows no master of ${SLOT_COUNT - known} slots`;
  }
  return undefined;
}
