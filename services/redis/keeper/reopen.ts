// Slots on their way, whose master at either end has changed. Pure. A replica that is voted for knows nothing of them:
// clients would find no key that has gone already, or none that has come. Both ends have to know of one another.
import { selvesOf } from './agreement.ts';
import { slotsOf } from './nodes.ts';
import type { Place } from './plan.ts';

/** What a server has to know of a slot, as CLUSTER SETSLOT says it. */
export interface Reopening {
  readonly place: number;
  readonly slot: number;
  readonly way: 'MIGRATING' | 'IMPORTING';
  /** The id of the master at the other end. */
  readonly peer: string;
}

/** What masters have to be told of slots of which another one knows that they are on their way. */
export function reopeningsOf(places: readonly Place[]): Reopening[] {
  const selves = selvesOf(places);
  const masters = selves.filter(({ self }) => self.role === 'master');
  const open = masters.flatMap(({ place, self }) => self.openSlots.map((one) => ({ ...one, place, self })));
  if (open.length === 0) return [];
  const owners = new Map(masters.flatMap((one) => slotsOf(one.self.slots).map((slot) => [slot, one] as const)));
  const successorOf = (id: string) => {
    const self = selves.find((one) => one.self.id === id)?.self;
    const masterId = self?.role === 'replica' ? self.masterId : id;
    return masters.find((one) => one.self.id === masterId);
  };
  return open.flatMap(({ slot, kind, peer, self }): Reopening[] => {
    const owner = owners.get(slot);
    if (owner === undefined) return [];
    if (kind === 'importing') {
      const isGiven = owner.self.openSlots.some((one) => one.slot === slot);
      if (isGiven || owner.self.id === self.id) return [];
      return [{ place: owner.place, slot, way: 'MIGRATING', peer: self.id }];
    }
    const taker = successorOf(peer);
    // Where somebody else expects it, //services/redis:reshard finds out where its keys are.
    const isExpected = open.some((one) => one.slot === slot && one.kind === 'importing' && one.self !== taker?.self);
    if (owner.self.id !== self.id || taker === undefined || taker.self.id === self.id || isExpected) return [];
    const taken = taker.self.openSlots.some((one) => one.slot === slot);
    return [
      ...(taken ? [] : [{ place: taker.place, slot, way: 'IMPORTING' as const, peer: self.id }]),
      ...(taker.self.id === peer ? [] : [{ place: owner.place, slot, way: 'MIGRATING' as const, peer: taker.self.id }]),
    ];
  });
}
