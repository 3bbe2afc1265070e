// What a move of slots plans from given answers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { disagreement } from './agreement.ts';
import { type Move, phasesOf } from './phases.ts';
import { planReshard, type ReshardSteps } from './reshard_plan.ts';
import type { KeyCounts } from './slot_keys.ts';
import { knowing, placesOf, type Server, THIRDS } from './testing/places.ts';

const MASTERS: readonly Server[] = THIRDS.map((slots, index) => ({ id: `s${index}`, slots, epoch: index + 1 }));
const [S0, S1, S2] = MASTERS as [Server, Server, Server];
const open = (server: Server, text: string): Server => ({ ...server, slots: `${server.slots ?? ''} ${text}`.trim() });
const without = (server: Server, slots: string): Server => ({ ...server, slots });
const keysAt = (place: number, keys: KeyCounts): KeyCounts[] =>
  [0, 1, 2, 3].map((one) => (one === place ? keys : new Map()));

interface Case {
  readonly name: string;
  readonly servers: readonly Server[];
  readonly keys?: readonly KeyCounts[];
  readonly steps: Partial<ReshardSteps>;
}

/** Slot 7 from s0 to s1, and the last one of s1 back, so that each has its share. */
const OPENED: readonly Move[] = [
  { slot: 7, from: 's0', to: 's1' },
  { slot: 10_922, from: 's1', to: 's0' },
];

const CASES: readonly Case[] = [
  { name: 'even shares stay', servers: MASTERS, steps: {} },
  { name: 'a slot that its new master expects', servers: [S0, open(S1, '[7-<-s0]'), S2], steps: { moves: OPENED } },
  { name: 'a slot that its master was giving', servers: [open(S0, '[7->-s1]'), S1, S2], steps: { moves: OPENED } },
  {
    name: 'a slot whose keys another master has, though neither knows of a move',
    servers: MASTERS,
    keys: keysAt(1, new Map([[7, 3]])),
    steps: { moves: OPENED },
  },
  {
    name: 'a slot whose keys are elsewhere than at the master that expects it goes to the keys first',
    servers: [open(S0, '[7->-s2]'), S1, open(S2, '[7-<-s0]')],
    keys: keysAt(1, new Map([[7, 3]])),
    steps: { moves: OPENED },
  },
  {
    name: 'the successor of a master that was to get a slot gets it',
    servers: [open(S0, '[7->-s3]'), S1, S2, { id: 's3', follows: 's1' }],
    steps: { moves: OPENED },
  },
  {
    name: 'a slot that goes to a server that is no more stays',
    servers: [open(S0, '[7->-s9]'), S1, S2],
    steps: { stable: [{ place: 0, slot: 7 }] },
  },
  {
    name: 'what has arrived is not on its way',
    servers: [open(S0, '[9000->-s1]'), open(S1, '[6000-<-s0]'), S2],
    steps: {
      stable: [
        { place: 0, slot: 9000 },
        { place: 1, slot: 6000 },
      ],
    },
  },
];

for (const { name, servers, keys = [], steps } of CASES) {
  test(name, () => {
    const plan = planReshard({ places: knowing(servers), keys, masters: 3, serversPerMaster: 1 });
    assert.deepEqual(plan, { claims: [], promotions: [], stable: [], moves: [], ...steps });
  });
}

/** Slot 0 is nobody's: s0 takes s1 for its owner, and s1 takes s0 for it. */
const denied = (s1: Server = S1) => {
  const s0 = without(S0, '1-5461');
  return placesOf([s0, s1, S2], ({ id }) =>
    id === 's0' ? [s0, without(S1, '0 5462-10922'), S2] : [id === 's1' ? S0 : s0, id === 's1' ? s1 : S1, S2],
  );
};

for (const { name, places, keys, place } of [
  { name: 'who has its keys', places: denied(), keys: keysAt(2, new Map([[0, 1]])), place: 2 },
  { name: 'who expects it', places: denied(open(S1, '[0-<-s0]')), keys: [], place: 1 },
  { name: 'who is said to have it', places: denied(), keys: [], place: 0 },
]) {
  test(`a slot that everybody takes for that of another one goes to ${name}`, () => {
    const plan = planReshard({ places, keys, masters: 3, serversPerMaster: 1 });
    assert.deepEqual(plan, { claims: [{ place, slot: 0 }], promotions: [], stable: [], moves: [] });
  });
}

for (const { name, places } of [
  { name: 'of a server that is no more', places: knowing([without(S0, '1-5461'), S1, S2], [{ id: 's9', slots: '0' }]) },
  { name: 'that never had an owner', places: knowing([without(S0, '1-5461'), S1, S2]) },
]) {
  test(`a slot ${name} is left alone`, () => {
    const plan = planReshard({ places, masters: 3, serversPerMaster: 1 });
    assert.ok('problem' in plan);
    assert.equal(plan.problem, '1 slots have no owner among the 3 servers');
  });
}

test('no master gives and takes at once', () => {
  const moves = ['a>b', 'a>c', 'd>c', 'b>a', 'b>d', 'd>e', 'f>g'].map((way, slot) => {
    const [from = '', to = ''] = way.split('>');
    return { slot, from, to };
  });
  const ways = phasesOf(moves).map((phase) => phase.map(({ from, to }) => `${from}>${to}`));
  assert.deepEqual(ways, [
    ['a>b', 'a>c', 'd>c'],
    ['b>a', 'b>d'],
    ['d>e', 'f>g'],
  ]);
  assert.deepEqual(phasesOf([]), []);
});

for (const { name, places, why } of [
  { name: 'servers that say the same agree', places: knowing(MASTERS), why: undefined },
  {
    name: 'two masters of one epoch are about to change it',
    places: knowing([S0, { ...S1, epoch: 1 }, S2]),
    why: 'two masters have the same epoch',
  },
  {
    name: 'an epoch that one has not heard of',
    places: placesOf(MASTERS, ({ id }) => (id === 's0' ? [S0, { ...S1, epoch: 0 }, S2] : MASTERS)),
    why: 'redis-0:6379 has not heard yet how redis-1:6379 is',
  },
  {
    name: 'an epoch that one has from the former master of an empty one matters to nobody',
    places: placesOf([...MASTERS, { id: 's3', epoch: 0 }], ({ id }) => [
      ...MASTERS,
      { id: 's3', epoch: id === 's3' ? 0 : 3 },
    ]),
    why: undefined,
  },
  {
    name: 'a slot that one takes for that of its former master',
    places: placesOf([without(S0, '1-5461'), open(S1, '0'), S2], ({ id }) =>
      id === 's2' ? MASTERS : [without(S0, '1-5461'), open(S1, '0'), S2],
    ),
    why: 'redis-2:6379 takes slot 0 for that of another master',
  },
  {
    name: 'a slot that one knows no master of',
    places: placesOf(MASTERS, ({ id }) => (id === 's2' ? [without(S0, '1-5461'), S1, S2] : MASTERS)),
    why: 'redis-2:6379 knows no master of 1 slots',
  },
]) {
  test(name, () => assert.equal(disagreement(places), why));
}
