import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  cacheRoot,
  clusterFolder,
  forbidden,
  readClusterState,
  stateRoot,
  writeClusterState,
  type ClusterState,
} from './state.ts';

const env = { FATHOM_STATE: mkdtempSync(join(process.env['TEST_TMPDIR'] ?? tmpdir(), 'state-')) };
const state: ClusterState = {
  version: 1,
  name: 'one',
  provider: 'embedded',
  kubeconfig: '/x/kubeconfig',
  registry: { reference: 'registry.fathom.internal', endpoint: '127.0.0.1:1', plainHttp: true },
};

test('finds the folders by the first variable that is set', () => {
  assert.equal(stateRoot({ FATHOM_STATE: '/a', XDG_STATE_HOME: '/b', HOME: '/c' }), '/a');
  assert.equal(stateRoot({ XDG_STATE_HOME: '/b', HOME: '/c' }), '/b/fathom');
  assert.equal(stateRoot({ HOME: '/c' }), '/c/.local/state/fathom');
  assert.equal(cacheRoot({ HOME: '/c' }), '/c/.cache/fathom');
});

test('reads back what was written, and lets no other user read it', async () => {
  await writeClusterState(state, env);
  assert.deepEqual(await readClusterState('one', env), state);
  assert.equal(statSync(join(clusterFolder('one', env), 'cluster.json')).mode & 0o777, 0o600);
});

test('takes a cluster that was never brought up for none', async () => {
  assert.equal(await readClusterState('other', env), undefined);
});

for (const text of [
  '{',
  '[]',
  '{"version":"2"}',
  '{"version":1,"name":"one","provider":"embedded","kubeconfig":"/x","registry":{}}',
]) {
  test(`refuses a state file with ${text}`, async () => {
    await writeClusterState({ ...state, name: 'bad' }, env);
    writeFileSync(join(clusterFolder('bad', env), 'cluster.json'), text);
    await assert.rejects(readClusterState('bad', env), { code: 'STATE_UNREADABLE' });
  });
}

test('says that another user has the state, and not that it is broken', async () => {
  const cause = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
  assert.equal(forbidden('/x', new Error('another')), undefined);
  assert.equal(forbidden('/x', cause)?.code, 'STATE_FORBIDDEN');
  assert.match(forbidden('/x', cause)?.hint ?? '', /as the user who started the cluster/);
  // Root may read everything.
  if (process.getuid?.() === 0) return;
  await writeClusterState({ ...state, name: 'closed' }, env);
  chmodSync(clusterFolder('closed', env), 0o000);
  await assert.rejects(readClusterState('closed', env), { code: 'STATE_FORBIDDEN' });
});

for (const [version, age] of [
  [0, 'older'],
  [2, 'newer'],
] as const) {
  test(`names version ${version} of a state file, and says that it is ${age}`, async () => {
    await writeClusterState({ ...state, name: 'bad' }, env);
    writeFileSync(join(clusterFolder('bad', env), 'cluster.json'), JSON.stringify({ ...state, version }));
    await assert.rejects(readClusterState('bad', env), {
      code: 'STATE_VERSION',
      message: `Reading ${join(clusterFolder('bad', env), 'cluster.json')}: it is of version ${version}, and this Fathom reads version 1`,
      hint: new RegExp(`^Use the ${age} checkout that wrote it`),
    });
  });
}

for (const name of ['', '../x', 'Upper', 'a'.repeat(41), '-a']) {
  test(`refuses the cluster name ${JSON.stringify(name.slice(0, 10))}`, () => {
    assert.throws(() => clusterFolder(name, env), { code: 'STATE_BAD_NAME' });
  });
}
