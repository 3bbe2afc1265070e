// Which moves of slots may go on at once. Pure.

/** A slot that is to have another master. */
export interface Move {
  readonly slot: number;
  readonly from: string;
  readonly to: string;
}

/**
 * The moves, in their order, cut so that in no part a master both gives and takes. A slot's new master is believed
 * because it has just raised its epoch above that of the former one. Were that one to raise its own meanwhile, as it
 * gets another slot, it would be believed in the last moment in which it still claims the slot: its new master would
 * throw the keys away, and the former one give the slot up a moment later, to nobody.
 */
export function phasesOf(moves: readonly Move[]): Move[][] {
  const phases: Move[][] = [];
  let givers = new Set<string>();
  let takers = new Set<string>();
  for (const move of moves) {
    let phase = phases.at(-1);
    if (phase === undefined || givers.has(move.to) || takers.has(move.from)) {
      phases.push((phase = []));
      givers = new Set();
      takers = new Set();
    }
    phase.push(move);
    givers.add(move.from);
    takers.add(move.to);
  }
  return phases;
}
