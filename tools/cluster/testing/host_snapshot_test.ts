import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differences, snapshotHost } from './host_snapshot.ts';

test('names what came and what went, by list', () => {
  const before = { mounts: ['a', 'b'], interfaces: ['lo'] };
  const after = { mounts: ['b', 'c'], interfaces: ['lo'] };
  assert.deepEqual(differences(before, after), ['mounts: - a', 'mounts: + c']);
});

test('sees the loopback interface, and no process of a folder that is not there', () => {
  const snapshot = snapshotHost('/no/such/folder');
  assert.ok(snapshot['interfaces']?.includes('lo'));
  assert.deepEqual(snapshot['processes'], []);
  assert.deepEqual(snapshot['state'], []);
});

test('counts no route over the link of a cluster that was there before, and every other', () => {
  const route = (name: string) => `local fe80::1 dev ${name} table local proto kernel`;
  const before = { interfaces: ['eth0', 'fathom-aaaaaa'], routes: [] };
  const after = { ...before, routes: [route('fathom-aaaaaa'), route('fathom-bbbbbb'), route('eth0')] };
  assert.deepEqual(differences(before, after), [`routes: + ${route('fathom-bbbbbb')}`, `routes: + ${route('eth0')}`]);
});
