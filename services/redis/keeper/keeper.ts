// Keeps one Redis a part of its cluster: looks at all of them again and again, and does what the plan says of its own.
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../kit/index.ts';
import { copySourceOf } from './copying.ts';
import type { Link } from './link.ts';
import { parseInfo, parseNodes } from './nodes.ts';
import { claimCommands } from './ownerless.ts';
import { type Action, isAnySlotDenied, makePlan, type Place, type View } from './plan.ts';
import { type KeyCounts, keyCountsOf } from './slot_keys.ts';
import { standForElection } from './succession.ts';

/** Options of {@link keep}. */
export interface KeepOptions {
  /** Connections to all places, in their order. */
  readonly links: readonly Link[];
  /** The place whose server this keeps. */
  readonly own: number;
  readonly masters: number;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** The port of the cluster's own bus, less that of clients. Default: 10 000, as Redis has it. */
  readonly busOffset?: number;
  /** How long between two looks while something is to be done; four times that otherwise. Default: 1000. */
  readonly intervalMs?: number;
  /** How long an action that throws data away must have been wanted before it is done. Default: 15 000. */
  readonly patienceMs?: number;
}

/** Looks and acts until `signal` is aborted. Never throws: what fails is tried again. */
export async function keep(options: KeepOptions): Promise<void> {
  await Promise.all([followPlans(options), standForElection(options)]);
}

async function followPlans(options: KeepOptions): Promise<void> {
  const { signal, log, intervalMs = 1000 } = options;
  const since = new Map<string, number>();
  let lastSaid = '';
  while (!signal.aborted) {
    const places = await look(options.links);
    const keys = isAnySlotDenied(places) ? await lookForKeys(options.links) : [];
    const { actions, waiting } = makePlan({ places, keys, masters: options.masters });
    const said = JSON.stringify([waiting, actions.length === 0]);
    if (said !== lastSaid) {
      if (actions.length === 0 && waiting.length === 0) log.info('the cluster is as it shall be');
      else log.info({ waiting }, 'the cluster is not as it shall be');
      lastSaid = said;
    }
    const due = dueOf(actions, since, options);
    for (const action of due.filter(({ place }) => place === options.own)) {
      if (!signal.aborted) await act(action, options);
    }
    const pauseMs = actions.length === 0 && waiting.length === 0 ? intervalMs * 4 : intervalMs;
    // Not all keepers at the same time.
    await delay(pauseMs * (0.8 + 0.4 * Math.random()), undefined, { signal }).catch(() => undefined);
  }
}

async function lookForKeys(links: readonly Link[]): Promise<KeyCounts[]> {
  return Promise.all(links.map((link) => keyCountsOf(link).catch(() => new Map())));
}

/** What every place says; who doesn't answer has no view. */
export async function look(links: readonly Link[]): Promise<Place[]> {
  return Promise.all(
    links.map(async (link): Promise<Place> => ({ ...link.endpoint, view: await viewOf(link).catch(() => undefined) })),
  );
}

async function viewOf(link: Link): Promise<View | undefined> {
  const [text, info] = await Promise.all([link.text('CLUSTER', 'NODES'), link.text('INFO', 'replication')]);
  const nodes = parseNodes(text);
  const self = nodes.find(({ isMyself }) => isMyself);
  return self === undefined ? undefined : { id: self.id, nodes, copiesFrom: copySourceOf(parseInfo(info)) };
}

/** The actions whose time has come. */
function dueOf(actions: readonly Action[], since: Map<string, number>, options: KeepOptions): readonly Action[] {
  const nowMs = performance.now();
  const keys = new Map(actions.map((action) => [JSON.stringify(action), action]));
  for (const key of since.keys()) if (!keys.has(key)) since.delete(key);
  for (const key of keys.keys()) if (!since.has(key)) since.set(key, nowMs);
  return [...keys].flatMap(([key, action]) =>
    nowMs - (since.get(key) ?? nowMs) < patienceWith(action, options) ? [] : [action],
  );
}

/** For how long an action must have been wanted. */
function patienceWith({ kind }: Action, { patienceMs = 15_000, intervalMs = 1000 }: KeepOptions): number {
  switch (kind) {
    // What can cost data: a vote may settle it.
    case 'takeOver':
    case 'forget':
    case 'reset':
    case 'claim':
      return patienceMs;
    // Slots are moving all the time while somebody moves them: one that is still so at the next look is left open.
    case 'reopen':
      return intervalMs / 2;
    default:
      return 0;
  }
}

async function act(action: Action, options: KeepOptions): Promise<void> {
  const { links, own, log } = options;
  const link = links[own];
  if (link === undefined) return;
  try {
    for (const command of commandsOf(action, options)) await link.call(command);
    log.info({ action }, 'done');
  } catch (error) {
    // Another keeper, or Redis itself, may have been faster: the next look shows it.
    log.warn({ action, err: error }, 'not done');
  }
}

function commandsOf(action: Action, { links, busOffset = 10_000 }: KeepOptions): (string | number)[][] {
  switch (action.kind) {
    case 'meet': {
      const other = links[action.other];
      // The address at which it has just told who it is, with our password: no stranger who has its former address.
      const address = other?.address();
      if (other === undefined || address === undefined) return [];
      return [['CLUSTER', 'MEET', address, other.endpoint.port, other.endpoint.port + busOffset]];
    }
    case 'addSlots':
      return [['CLUSTER', 'ADDSLOTSRANGE', ...action.ranges.flat()]];
    case 'replicate':
    // Of the master that it has already: Redis connects to it anew, and only what it has missed is sent.
    case 'reconnect':
      return [['CLUSTER', 'REPLICATE', action.masterId]];
    case 'reopen':
      return [['CLUSTER', 'SETSLOT', action.slot, action.way, action.peer]];
    case 'claim':
      return claimCommands(action.id, action.slots);
    case 'forget':
      return [['CLUSTER', 'FORGET', action.id]];
    case 'reset':
      // Redis refuses it to a master that has keys.
      return [['CLUSTER', 'RESET', 'SOFT']];
    case 'takeOver':
      return [['CLUSTER', 'FAILOVER', 'TAKEOVER']];
  }
}
