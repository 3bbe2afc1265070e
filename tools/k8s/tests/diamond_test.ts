// Stacks that need one another, as the build makes them, applied by their own verbs to a real API server.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { runfile } from '../../lib/runfiles.ts';
import { PART_OF, applySetId } from '../deploy/applyset.ts';
import { type ApiServer, startApiServer } from '../testing/apiserver.ts';
import { callsTo } from '../testing/calls.ts';

const NAMES = ['base', 'left', 'right', 'top'];
let server: ApiServer;
let kubeconfig: string;
before(async () => {
  server = await startApiServer();
  // The environment's context, which leads here.
  kubeconfig = join(server.folder, 'environment');
  const config = await readFile(server.kubeconfig, 'utf8');
  await writeFile(kubeconfig, config.replaceAll(`"${server.context}"`, '"fathom-fathom"'));
});
after(() => server.stop());
const { getMap } = callsTo(() => server);

/** The JSON events of a verb of the sample. */
async function run(name: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const args = ['--kubeconfig', kubeconfig, '--output=json'];
  const env = { PATH: process.env['PATH'], HOME: server.folder, FATHOM_STATE: server.folder, FATHOM_USER: 'ada' };
  const child = spawn(runfile(`fathom/tools/k8s/tests/sample/${name}`), args, {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const status = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  assert.equal(status, 0, output.stderr);
  return output.stdout
    .trimEnd()
    .split('\n')
    .map((line): Readonly<Record<string, unknown>> => JSON.parse(line));
}

const done = (events: Awaited<ReturnType<typeof run>>, kind = 'object') =>
  events
    .filter((event) => event['kind'] === kind)
    .map(({ action, object }) => `${String(action)} ${(object as { readonly name: string }).name}`);

test('what is needed on two ways is applied once, and keeps an inventory of its own', async () => {
  // Beside the namespace its limits and its quota.
  const created = ['ada', 'fathom-personal', 'fathom-personal', ...NAMES].sort().map((name) => `create ${name}`);
  assert.deepEqual(done(await run('top.apply')).sort(), created);
  for (const name of NAMES) {
    const labels = (await getMap('ada', name))?.metadata.labels;
    assert.equal(labels?.[PART_OF], applySetId(`tools-k8s-tests-sample-${name}`, 'ada'));
  }
});

test('a stack that is needed is applied by itself without touching those that need it', async () => {
  assert.deepEqual(done(await run('base.apply')), ['unchanged base']);
});

test('a delete goes from the top down, and keeps what was applied by itself as well', async () => {
  const events = await run('top.delete');
  assert.deepEqual(done(events), ['delete top', 'delete right', 'delete left', 'keep base']);
  assert.deepEqual(done(await run('base.delete')), ['delete base']);
});
