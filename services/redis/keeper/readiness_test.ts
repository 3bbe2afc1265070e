// When a server is ready for clients, from what it says.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseInfo, parseNodes } from './nodes.ts';
import { unreadiness } from './readiness.ts';
import { FORMED, line, replaced } from './testing/places.ts';

const READY = {
  cluster: 'cluster_state:ok',
  info: 'loading:0\r\nrole:slave\r\nmaster_link_status:up\r\nmaster_sync_in_progress:0',
};
for (const { name, nodes = FORMED, cluster = READY.cluster, info = READY.info, problems } of [
  { name: 'a replica that is in step', problems: [] },
  { name: 'a server that loads', info: READY.info.replace('loading:0', 'loading:1'), problems: ['it loads its data'] },
  { name: 'a minority', cluster: 'cluster_state:fail', problems: ['cluster_state is fail'] },
  {
    name: 'a replica that is behind',
    info: READY.info.replace('up', 'down').replace('progress:0', 'progress:1'),
    problems: ['the link to its master is down', 'it copies the data of its master'],
  },
  {
    name: 'a cluster with a hole',
    nodes: replaced(FORMED, 2, { id: 's2' }).filter((one) => one !== undefined),
    problems: ['5461 slots have no owner'],
  },
  {
    name: 'a server that reaches one master of three',
    nodes: FORMED.map((one) => (one.id === 's0' || one.id === 's1' ? { ...one, isConnected: false } : one)),
    problems: ['1 of 3 masters are reached'],
  },
]) {
  test(`${name} is ${problems.length === 0 ? '' : 'not '}ready`, () => {
    const text = nodes.map((one) => line(one, one.id === 's5')).join('\n');
    assert.deepEqual(
      unreadiness({ nodes: parseNodes(text), cluster: parseInfo(cluster), info: parseInfo(info) }),
      problems,
    );
  });
}
