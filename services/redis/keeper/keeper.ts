// Keeps one Redis a part of its cluster: looks at all of them again and again, and does what the plan says of its own.
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../kit/index.ts';
import { copySourceOf } from './copying.ts';
import type { Link } from './link.ts';
import { parseInfo, parseNodes } from './nodes.ts';
import { type Action, makePlan, type Place, type View } from './plan.ts';
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
    const { actions, waiting } = makePlan({ places: await look(options.links), masters: options.masters });
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

/** The actions whose time has come. What can cost data must have been wanted for a while: a vote may settle it. */
function dueOf(actions: readonly Action[], since: Map<string, number>, options: KeepOptions): readonly Action[] {
  const { patienceMs = 15_000 } = options;
  const nowMs = performance.now();
  const keys = new Map(actions.map((action) => [JSON.stringify(action), action]));
  for (const key of since.keys()) if (!keys.has(key)) since.delete(key);
  for (const key of keys.keys()) if (!since.has(key)) since.set(key, nowMs);
  return [...keys].flatMap(([key, action]) =>
    isPatient(action) && nowMs - (since.get(key) ?? nowMs) < patienceMs ? [] : [action],
  );
}

function isPatient({ kind }: Action): boolean {
  return kind === 'takeOver' || kind === 'forget';
}

async function act(action: Action, options: KeepOptions): Promise<void> {
  const { links, own, log } = options;
  const link = links[own];
  if (link === undefined) return;
  const command = commandOf(action, options);
  if (command === undefined) return;
  try {
    await link.call(command);
    log.info({ action }, 'done');
  } catch (error) {
    // Another keeper, or Redis itself, may have been faster: the next look shows it.
    log.warn({ action, err: error }, 'not done');
  }
}

function commandOf(action: Action, { links, busOffset = 10_000 }: KeepOptions): (string | number)[] | undefined {
  switch (action.kind) {
    case 'meet': {
      const other = links[action.other];
      // The address at which it has just told who it is, with our password: no stranger who has its former address.
      const address = other?.address();
      if (other === undefined || address === undefined) return undefined;
      return ['CLUSTER', 'MEET', address, other.endpoint.port, other.endpoint.port + busOffset];
    }
    case 'addSlots':
      return ['CLUSTER', 'ADDSLOTSRANGE', ...action.ranges.flat()];
    case 'replicate':
    // Of the master that it has already: Redis connects to it anew, and only what it has missed is sent.
    case 'reconnect':
      return ['CLUSTER', 'REPLICATE', action.masterId];
    case 'forget':
      return ['CLUSTER', 'FORGET', action.id];
    case 'takeOver':
      return ['CLUSTER', 'FAILOVER', 'TAKEOVER'];
  }
}
