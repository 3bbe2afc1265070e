// Who runs the cluster, and why: programs of the test's own stand for docker and k3d that work or don't.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { clusterOptions } from './options.ts';
import { chooseProvider, currentProvider } from './provider.ts';

/** A machine with these programs, by exit code, and this state of cluster `fathom`, by file name. */
function machine(context: TestContext, programs: Record<string, number>, state: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'fathom-provider-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'state', 'fathom'), { recursive: true });
  for (const [name, code] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\nexit ${code}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  for (const [name, text] of Object.entries(state)) writeFileSync(join(folder, 'state', 'fathom', name), text);
  return { PATH: folder, FATHOM_STATE: join(folder, 'state') };
}

const record = (provider: string) => ({
  'cluster.json': JSON.stringify({ version: 1, name: 'fathom', provider, kubeconfig: '/k' }),
});

for (const [what, programs, provider, why] of [
  ['k3d where both work', { docker: 0, k3d: 0 }, 'k3d', 'docker and k3d work here'],
  ['embedded without k3d', { docker: 0 }, 'embedded', 'there is no k3d here'],
  ['embedded without docker', { k3d: 0 }, 'embedded', 'there is no docker here'],
  ['embedded where docker has no daemon', { docker: 1, k3d: 0 }, 'embedded', '`docker info` fails here'],
  ['embedded where k3d is broken', { docker: 0, k3d: 2 }, 'embedded', '`k3d version` fails here'],
] as const) {
  test(`chooses ${what}`, async (context) => {
    assert.deepEqual(await chooseProvider('fathom', machine(context, programs)), { provider, why });
  });
}

for (const [what, state, provider] of [
  ['embedded', record('embedded'), 'embedded'],
  ['embedded that never came up', { 'plan.json': '{}' }, 'embedded'],
  ['k3d that never came up', { 'k3d.yaml': '' }, 'k3d'],
  ['existing', record('existing'), 'existing'],
  ['embedded with a broken record', { 'cluster.json': '{', 'plan.json': '{}' }, 'embedded'],
] as const) {
  test(`stays with ${what}`, async (context) => {
    const env = machine(context, { docker: 0, k3d: 0 }, state);
    assert.deepEqual(await chooseProvider('fathom', env), { provider, why: 'it runs cluster fathom already' });
    assert.equal((await currentProvider('fathom', env)).provider, provider);
  });
}

test('the command line is stronger than the variable, and both than what works', async (context) => {
  const env = machine(context, { docker: 0, k3d: 0 });
  const asked = { ...env, FATHOM_PROVIDER: 'existing' };
  assert.deepEqual(await chooseProvider('fathom', asked), { provider: 'existing', why: 'FATHOM_PROVIDER says so' });
  assert.deepEqual(await chooseProvider('fathom', asked, 'embedded'), {
    provider: 'embedded',
    why: '--provider says so',
  });
  assert.equal((await chooseProvider('fathom', { ...env, FATHOM_PROVIDER: '' })).provider, 'k3d');
});

test('asks for no program where nothing is started', async (context) => {
  assert.equal((await currentProvider('fathom', machine(context, { docker: 0, k3d: 0 }))).provider, 'embedded');
});

test('refuses an unknown provider, and another one than the cluster has', async (context) => {
  const env = machine(context, {}, record('embedded'));
  await assert.rejects(chooseProvider('fathom', env, 'kind'), {
    code: 'CLUSTER_PROVIDER',
    hint: 'Choose one of: embedded, k3d, existing.',
  });
  await assert.rejects(chooseProvider('fathom', { ...env, FATHOM_PROVIDER: 'k3d' }), {
    code: 'CLUSTER_OTHER_PROVIDER',
    message: 'Choosing provider k3d: cluster fathom is there already, and embedded runs it',
  });
});

test('options that a command does not have are refused', () => {
  assert.deepEqual(
    { ...clusterOptions('up', { args: ['--provider=k3d', '--dry-run'] }, ['provider', 'dry-run']) },
    {
      provider: 'k3d',
      'dry-run': true,
    },
  );
  for (const args of [['--nodes=3'], ['now'], ['--provider'], ['--dry-run=yes']]) {
    assert.throws(() => clusterOptions('down', { args }, ['provider', 'dry-run']), {
      code: 'FATHOM_USAGE',
      hint: 'It takes --provider, --dry-run.',
    });
  }
});
