// The scenarios, in the order in which they are run.
import { type Event, drainNode, killRedisMaster, killServer, rollOut } from './events.ts';
import type { Aim } from './report.ts';

/** What happens under load, and what it may cost. */
export interface Scenario {
  readonly name: string;
  /** Undefined: nothing happens, which is what others are compared with. */
  readonly event?: Event;
  /** How many times as long as others it is under load. Default: 1. */
  readonly times?: number;
  /** How many replicas must have a write before it is acknowledged. Default: 0. */
  readonly waitReplicas?: number;
  /** Whether it means anything with a single Redis. Default: true. */
  readonly isForCluster?: boolean;
  readonly aim: Aim;
}

export const SCENARIOS: readonly Scenario[] = [
  { name: 'nothing', aim: { failedCalls: 0, lostWrites: 0 } },
  { name: 'rollout', event: rollOut, aim: { failedCalls: 0, lostWrites: 0 } },
  { name: 'server-kill', event: killServer, aim: { gapMs: 10_000, lostWrites: 0 } },
  // One pod after the other, as the budgets allow.
  { name: 'drain', event: drainNode, times: 4, aim: { gapMs: 10_000, lostWrites: 0 } },
  // What WAIT is for is seen by its absence: no aim but the gap.
  { name: 'redis-master-kill', event: killRedisMaster, aim: { gapMs: 10_000 } },
  {
    name: 'redis-master-kill-wait-1',
    event: killRedisMaster,
    waitReplicas: 1,
    isForCluster: true,
    aim: { gapMs: 10_000, lostWrites: 0 },
  },
];
