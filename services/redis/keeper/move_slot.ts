// One slot from one master to another, with its keys, while clients go on.
import { CommandError } from './errors.ts';
import { type Credentials, type Link, replyCode } from './link.ts';
import { keysOf } from './slot_keys.ts';

/** Options of {@link moveSlot}. */
export interface SlotMove {
  readonly slot: number;
  readonly source: Link;
  readonly target: Link;
  readonly from: string;
  readonly to: string;
  /** By whom the source gives keys to the target, asked each time: passwords change. */
  readonly credentials: () => Credentials | undefined;
  readonly signal: AbortSignal;
}

const KEYS_AT_ONCE = 100;
const MIGRATE_TIMEOUT_MS = 10_000;
/** A server writes down a step before it answers: on a busy disk that takes its time. */
const STEP_TIMEOUT_MS = 10_000;

/** Moves it; returns how many keys were in it. Every step may be repeated, and the next run goes on after any of them. */
export async function moveSlot({ slot, source, target, from, to, credentials, signal }: SlotMove): Promise<number> {
  await target.call(['CLUSTER', 'SETSLOT', slot, 'IMPORTING', from], STEP_TIMEOUT_MS);
  await source.call(['CLUSTER', 'SETSLOT', slot, 'MIGRATING', to], STEP_TIMEOUT_MS);
  const address = target.address();
  if (address === undefined) throw new CommandError(`Moving slot ${slot}: its new master does not answer`);
  let moved = 0;
  for (;;) {
    signal.throwIfAborted();
    const keys = await keysOf(source, slot, KEYS_AT_ONCE);
    if (keys.length === 0) break;
    const user = credentials();
    const auth = user === undefined ? [] : ['AUTH2', user.username, user.password];
    // The source has what is valid as long as it has the key: a copy of an earlier try gives way.
    const migrate = ['MIGRATE', address, target.endpoint.port, '', 0, MIGRATE_TIMEOUT_MS, 'REPLACE', ...auth, 'KEYS'];
    await source.call([...migrate, ...keys], MIGRATE_TIMEOUT_MS + 2000);
    moved += keys.length;
  }
  // The new master first: should this end in between, two have the slot, and the newer claim counts.
  await target.call(['CLUSTER', 'SETSLOT', slot, 'NODE', to], STEP_TIMEOUT_MS);
  await source.call(['CLUSTER', 'SETSLOT', slot, 'NODE', to], STEP_TIMEOUT_MS).catch((error: unknown) => {
    // It has heard of it already, and follows the new master.
    if (replyCode(error) === undefined) throw error;
  });
  return moved;
}
