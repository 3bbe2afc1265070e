// What keepers plan from given answers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Action, makePlan, type Place } from './plan.ts';
import type { KeyCounts } from './slot_keys.ts';
import { FORMED, knowing, placesOf, replaced, type Server, THIRDS } from './testing/places.ts';

const EMPTY = ['s0', 's1', 's2', 's3', 's4', 's5'].map((id): Server => ({ id }));
interface Case {
  readonly name: string;
  readonly places: Place[];
  readonly masters: number;
  readonly keys?: readonly KeyCounts[];
  readonly actions: readonly Action[];
  readonly waiting?: readonly string[];
}

const meet = (place: number, other: number): Action => ({ place, kind: 'meet', other });
const follow = (place: number, masterId: string): Action => ({ place, kind: 'replicate', masterId });
const forget = (place: number, id: string): Action => ({ place, kind: 'forget', id });

const CASES: readonly Case[] = [
  {
    name: 'servers that are alone meet, and do nothing else',
    places: placesOf(EMPTY.slice(0, 2), (asked) => [asked]),
    masters: 1,
    actions: [meet(0, 1), meet(1, 0)],
    waiting: ['16384 slots have no owner'],
  },
  {
    name: 'slots are given away and replicas follow when all have met',
    places: knowing(EMPTY),
    masters: 3,
    actions: [
      { place: 0, kind: 'addSlots', ranges: [[0, 5461]] },
      { place: 1, kind: 'addSlots', ranges: [[5462, 10_922]] },
      { place: 2, kind: 'addSlots', ranges: [[10_923, 16_383]] },
      ...[follow(3, 's0'), follow(4, 's1'), follow(5, 's2')],
    ],
    waiting: ['16384 slots have no owner'],
  },
  {
    name: 'no slot is given away while a server is missing',
    places: knowing(replaced(EMPTY, 4, undefined)),
    masters: 3,
    actions: [],
    waiting: ['no answer from redis-4:6379', '16384 slots have no owner'],
  },
  {
    name: 'forming goes on where it was broken off',
    places: knowing(replaced(EMPTY, 1, { id: 's1', slots: THIRDS[1] })),
    masters: 3,
    actions: [
      { place: 0, kind: 'addSlots', ranges: [[0, 5461]] },
      { place: 2, kind: 'addSlots', ranges: [[10_923, 16_383]] },
      ...[follow(3, 's0'), follow(4, 's1'), follow(5, 's2')],
    ],
    waiting: ['10923 slots have no owner'],
  },
  { name: 'a whole cluster needs nothing', places: knowing(FORMED), masters: 3, actions: [] },
  {
    name: 'one server alone takes all slots',
    places: knowing([{ id: 's0' }]),
    masters: 1,
    actions: [{ place: 0, kind: 'addSlots', ranges: [[0, 16_383]] }],
    waiting: ['16384 slots have no owner'],
  },
  {
    name: 'a server that is not reached is met again',
    places: placesOf(FORMED, (asked) =>
      FORMED.map((one) => (asked.id === 's3' && one.id === 's0' ? { ...one, isConnected: false } : one)),
    ),
    masters: 3,
    actions: [meet(3, 0)],
  },
  {
    name: 'a replica that copies from a former address of its master copies from the present one',
    places: knowing(replaced(FORMED, 4, { id: 's4', follows: 's1', copies: { host: '10.9.9.9' } })),
    masters: 3,
    actions: [{ place: 4, kind: 'reconnect', masterId: 's1', address: '10.0.0.1:6379' }],
  },
  {
    name: 'it does so while another server is missing',
    places: knowing(
      replaced(replaced(FORMED, 4, { id: 's4', follows: 's1', copies: { host: '10.9.9.9' } }), 2, undefined),
      [{ id: 's2', slots: THIRDS[2], flags: 'fail' }],
    ),
    masters: 3,
    actions: [{ place: 4, kind: 'reconnect', masterId: 's1', address: '10.0.0.1:6379' }],
    waiting: ['no answer from redis-2:6379'],
  },
  {
    name: 'what a replica is being sent comes to its end first',
    places: knowing(replaced(FORMED, 4, { id: 's4', follows: 's1', copies: { host: '10.9.9.9', isSyncing: true } })),
    masters: 3,
    actions: [],
  },
  ...['fail?', 'fail'].map((flags) => ({
    name: `an address at which a master is not reached (${flags}) is none to copy from`,
    places: placesOf(replaced(FORMED, 4, { id: 's4', follows: 's1', copies: { host: '10.9.9.9' } }), ({ id }) =>
      FORMED.map((one) => (id === 's4' && one.id === 's1' ? { ...one, flags } : one)),
    ),
    masters: 3,
    actions: [],
  })),
  {
    name: 'a master that was voted for gives what its predecessor was giving',
    places: knowing([
      { id: 's0', follows: 's3' },
      { id: 's1', slots: `${THIRDS[1]} [7-<-s0]` },
      ...FORMED.slice(2, 3),
      { id: 's3', slots: THIRDS[0] },
      ...FORMED.slice(4),
    ]),
    masters: 3,
    actions: [{ place: 3, kind: 'reopen', slot: 7, way: 'MIGRATING', peer: 's1' }],
  },
  {
    name: 'a master that was voted for gets what its predecessor was getting',
    places: knowing([
      { id: 's0', slots: `${THIRDS[0]} [7->-s1]` },
      { id: 's1', follows: 's4' },
      ...FORMED.slice(2, 4),
      { id: 's4', slots: THIRDS[1] },
      ...FORMED.slice(5),
    ]),
    masters: 3,
    actions: [
      { place: 4, kind: 'reopen', slot: 7, way: 'IMPORTING', peer: 's0' },
      { place: 0, kind: 'reopen', slot: 7, way: 'MIGRATING', peer: 's4' },
    ],
  },
  {
    name: 'a slot that both ends know to be on its way is left to who moves it',
    places: knowing([
      { id: 's0', slots: `${THIRDS[0]} [7->-s1]` },
      { id: 's1', slots: `${THIRDS[1]} [7-<-s0]` },
      ...FORMED.slice(2),
    ]),
    masters: 3,
    actions: [],
  },
  {
    name: 'a slot that has arrived is not opened again',
    places: knowing([
      { id: 's0', slots: '0-6 8-5461' },
      { id: 's1', slots: `7 ${THIRDS[1]} [7-<-s0]` },
      ...FORMED.slice(2),
    ]),
    masters: 3,
    actions: [],
  },
  {
    name: 'a slot that everybody takes for that of another one is taken by who has its keys',
    places: placesOf(replaced(FORMED, 0, { id: 's0', slots: '1-5461' }), ({ id }) =>
      id === 's0' ? [{ id: 's0', slots: '1-5461' }, { id: 's1', slots: `0 ${THIRDS[1]}` }, ...FORMED.slice(2)] : FORMED,
    ),
    keys: [new Map(), new Map([[0, 2]])],
    masters: 3,
    actions: [{ place: 1, kind: 'claim', id: 's1', slots: [0] }],
  },
  {
    name: 'nobody takes a slot while others are on their way',
    places: placesOf(replaced(FORMED, 0, { id: 's0', slots: '1-5461 [7->-s1]' }), ({ id }) =>
      id === 's0' ? [{ id: 's0', slots: '1-5461 [7->-s1]' }, ...FORMED.slice(1)] : FORMED,
    ),
    masters: 3,
    actions: [{ place: 1, kind: 'reopen', slot: 7, way: 'IMPORTING', peer: 's0' }],
  },
  {
    name: 'a master that is away is left to the vote of the others',
    places: knowing(replaced(FORMED, 0, undefined), [{ id: 's0', slots: THIRDS[0], flags: 'fail' }]),
    masters: 3,
    actions: [],
    waiting: ['no answer from redis-0:6379'],
  },
  {
    name: 'an empty server in the place of a replica follows its master, and the former is forgotten',
    places: knowing(replaced(FORMED, 4, { id: 'n4' }), [{ id: 's4', follows: 's1', flags: 'fail' }]),
    masters: 3,
    actions: [follow(4, 's1'), ...[0, 1, 2, 3, 4, 5].map((place) => forget(place, 's4'))],
  },
  {
    name: 'the replica of a master that is gone takes over where nobody votes, and nobody follows or forgets before',
    places: knowing(replaced(FORMED, 1, { id: 'n1' }), [
      { id: 's1', slots: THIRDS[1], flags: 'fail,noaddr', address: ':0@0' },
    ]),
    masters: 3,
    actions: [{ place: 4, kind: 'takeOver', masterId: 's1' }],
  },
  ...[
    { name: 'has less of its data', copies: { offset: 41 } },
    { name: 'is just being sent all of it', copies: { offset: 99, isSyncing: true } },
    { name: 'has never had a link to it', copies: { offset: 99, downSeconds: -1 } },
  ].map(({ name, copies }) => ({
    name: `of the replicas of a master that is gone, one that ${name} does not take over`,
    places: knowing(
      [
        ...replaced(replaced(FORMED, 1, { id: 'n1' }), 4, { id: 's4', follows: 's1', copies }),
        { id: 's6', follows: 's1', copies: { offset: 42 } },
      ],
      [{ id: 's1', slots: THIRDS[1], flags: 'fail,noaddr', address: ':0@0' }],
    ),
    masters: 3,
    actions: [{ place: 6, kind: 'takeOver', masterId: 's1' } as const],
  })),
  {
    name: 'a master that is gone with its only copy is forgotten',
    places: knowing(replaced(FORMED.slice(0, 3), 1, { id: 'n1' }), [{ id: 's1', slots: THIRDS[1], flags: 'fail' }]),
    masters: 3,
    actions: [0, 1, 2].map((place) => forget(place, 's1')),
  },
  {
    name: 'its slots go to the server in its place',
    places: knowing(replaced(FORMED.slice(0, 3), 1, { id: 'n1' })),
    masters: 3,
    actions: [{ place: 1, kind: 'addSlots', ranges: [[5462, 10_922]] }],
    waiting: ['5461 slots have no owner'],
  },
  {
    name: 'a replica forgets a master that is gone when it has another one',
    places: knowing(replaced(FORMED, 1, { id: 'n1', slots: THIRDS[1] }), [{ id: 's1', flags: 'fail' }]),
    masters: 3,
    actions: [follow(4, 'n1'), ...[0, 1, 2, 3, 5].map((place) => forget(place, 's1'))],
  },
  {
    name: 'what servers say of themselves counts more than what others have heard',
    places: placesOf(
      replaced(replaced(FORMED, 1, { id: 's1', follows: 's4' }), 4, { id: 's4', slots: THIRDS[1] }),
      (asked) =>
        asked.id === 's1' || asked.id === 's4'
          ? [
              ...FORMED.filter(({ id }) => id !== 's1' && id !== 's4'),
              { id: 's1', follows: 's4' },
              { id: 's4', slots: THIRDS[1] },
            ]
          : FORMED,
    ),
    masters: 3,
    actions: [],
  },
  {
    name: 'replicas stay where they are as long as somebody is gone',
    places: knowing(replaced(FORMED, 4, { id: 's4', follows: 's0' }), [{ id: 's7', flags: 'fail' }]),
    masters: 3,
    actions: [0, 1, 2, 3, 4, 5].map((place) => forget(place, 's7')),
  },
  {
    name: 'a master without a replica gets one of those that have two',
    places: knowing(replaced(FORMED, 4, { id: 's4', follows: 's0' })),
    masters: 3,
    actions: [follow(4, 's1')],
  },
  {
    name: 'of servers that come back as replicas one becomes a master, where there shall be more of them',
    places: knowing([...FORMED, { id: 's6', follows: 's0' }, { id: 's7', follows: 's1' }]),
    masters: 4,
    actions: [{ place: 7, kind: 'reset' }],
  },
  {
    name: 'no replica becomes a master whose own master has no other one',
    places: knowing(FORMED),
    masters: 4,
    actions: [],
  },
  {
    name: 'no replica becomes a master while a server is missing',
    places: knowing([...FORMED, { id: 's6', follows: 's0' }, undefined]),
    masters: 4,
    actions: [],
    waiting: ['no answer from redis-7:6379'],
  },
  {
    name: 'of new servers the first wait for slots, and the others follow them',
    places: knowing([...FORMED, { id: 's6' }, { id: 's7' }]),
    masters: 4,
    actions: [follow(7, 's6')],
  },
  {
    name: 'a replica of a server that is no master any more follows a master',
    places: knowing(replaced(FORMED, 4, { id: 's4', follows: 's3' })),
    masters: 3,
    actions: [follow(4, 's1')],
  },
  {
    name: 'a server whose place is no more is forgotten when it has no slots',
    places: knowing(FORMED, [{ id: 's7', flags: 'fail' }]),
    masters: 3,
    actions: [0, 1, 2, 3, 4, 5].map((place) => forget(place, 's7')),
  },
  {
    name: 'a server whose place is no more stays known as long as it has slots',
    places: knowing(replaced(FORMED, 0, { id: 's0', slots: '0-5000' }), [
      { id: 's7', slots: '5001-5461', flags: 'fail' },
    ]),
    masters: 3,
    actions: [],
  },
  {
    name: 'a server that Redis has no address of any more is known by its name',
    places: knowing(replaced(FORMED, 4, { id: 'n4', follows: 's1' }), [
      { id: 's4', follows: 's1', flags: 'fail,noaddr', address: ':0@0' },
    ]),
    masters: 3,
    actions: [0, 1, 2, 3, 4, 5].map((place) => forget(place, 's4')),
  },
];

for (const { name, places, masters, keys = [], actions, waiting = [] } of CASES) {
  test(name, () => assert.deepEqual(makePlan({ places, masters, keys }), { actions, waiting }));
}
