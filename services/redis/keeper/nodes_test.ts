// What servers say, as it is read.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseNodes, rangesOf, slotsOf } from './nodes.ts';

test('names of nodes survive their addresses', () => {
  const [node] = parseNodes('abc :0@0,redis-4 master,fail,noaddr - 1 2 3 disconnected 1 3-5 [7->-def] [8-<-012]');
  assert.equal(node?.host, 'redis-4');
  assert.equal(node.port, 0);
  assert.deepEqual(node.slots, [
    [1, 1],
    [3, 5],
  ]);
  assert.deepEqual(node.openSlots, [
    { slot: 7, kind: 'migrating', peer: 'def' },
    { slot: 8, kind: 'importing', peer: '012' },
  ]);
  assert.deepEqual(parseNodes('abc 10.0.0.1:6379@16379 handshake - 0 0 0 connected'), []);
  assert.throws(() => parseNodes('what is this'), /Reading CLUSTER NODES/);
});

test('ranges and slots are the same in two forms', () => {
  for (const slots of [[], [0], [0, 1, 2, 5, 7, 8]]) assert.deepEqual(slotsOf(rangesOf(slots)), slots);
});
