// The order of steps, what happens when one fails, and what is said: with programs of the test's own for docker and k3d.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { ToolError } from '../../lib/errors.ts';
import { createLog } from '../../lib/log.ts';
import { k3dFiles } from './files.ts';
import { runSteps, type RunOptions } from './run.ts';
import { k3dSettings } from './settings.ts';
import type { Step } from './step.ts';
import { downSteps, loadSteps, upSteps } from './steps.ts';
import { FakePrograms, type World } from './testing/fake_programs.ts';

const settings = k3dSettings({ name: 'fathom', registry: 'registry.fathom.internal' });
const IMAGE = 'registry.fathom.internal/prod/images/registry:built';

function setUp(context: TestContext, world: Partial<World> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'fathom-k3d-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const fakes = new FakePrograms(folder, world);
  const files = k3dFiles(settings, { folder, tar: '/t.tar', digest: 'sha256:1' });
  let log = '';
  const run = (steps: readonly Step[], options: Partial<RunOptions> = {}) =>
    runSteps(steps, {
      env: fakes.env,
      log: createLog((line) => (log += line)),
      signal: AbortSignal.timeout(60_000),
      pollMs: 10,
      ...options,
    });
  const up = () =>
    run(
      upSteps(settings, files).map((step) => ({
        ...step,
        ...(step.holdMs === undefined ? {} : { holdMs: 1 }),
      })),
    );
  return { fakes, files, run, up, log: () => log };
}

const fails = (work: Promise<void>): Promise<ToolError> =>
  work.then(
    () => assert.fail('it succeeds'),
    (error: unknown) => error as ToolError,
  );

test('makes everything in order, and nothing the second time', async (context) => {
  const { fakes, files, up } = setUp(context);
  await up();
  assert.deepEqual(
    fakes.takeChanges().map((call) => call.trim()),
    [
      'docker network create --driver=bridge --subnet=172.19.0.0/26 --gateway=172.19.0.1 k3d-network',
      `k3d cluster create --config=${files.config}`,
      'k3d cluster stop fathom',
      'docker network disconnect k3d-network k3d-fathom-server-0',
      'docker network connect --ip=172.19.0.3 k3d-network k3d-fathom-server-0',
      'k3d cluster stop fathom',
      'docker network disconnect k3d-network k3d-fathom-serverlb',
      'docker network connect --ip=172.19.0.4 k3d-network k3d-fathom-serverlb',
      'k3d cluster start fathom --timeout=300s',
      'k3d image import --cluster=fathom /t.tar',
      `docker exec k3d-fathom-server-0 ctr images label ${IMAGE} fathom.internal/image=sha256:1`,
      'docker exec --interactive k3d-fathom-server-0 kubectl apply --server-side --field-manager=fathom-cluster --filename=-',
    ],
  );
  assert.deepEqual(
    JSON.parse(`{${fakes.world.hosting.trim().replace(/^/gm, '"').replaceAll(': ', '": ').replace('\n', ',')}}`),
    {
      host: '127.0.0.1:30500',
      hostFromContainerRuntime: 'registry.fathom.internal',
    },
  );
  await up();
  assert.deepEqual(fakes.takeChanges(), []);
});

test('keeps the kubeconfig for the owner alone, and out of log and errors', async (context) => {
  const { files, run, log, fakes } = setUp(context);
  const env = { ...fakes.env, KUBECONFIG_TEXT: 'a-secret-key' };
  await run(upSteps(settings, files).slice(-1), { env });
  assert.equal(readFileSync(files.kubeconfig, 'utf8'), 'a-secret-key');
  assert.equal(statSync(files.kubeconfig).mode & 0o777, 0o600);
  assert.doesNotMatch(log(), /a-secret-key/);
  fakes.change({ faults: { 'k3d kubeconfig get': { code: 1, says: 'broken off', prints: 'a-secret-key' } } });
  const error = await fails(run(upSteps(settings, files).slice(-1), { env }));
  assert.match(error.message, /^Fetching the kubeconfig: `k3d kubeconfig get fathom` exited with 1: broken off$/);
});

test('goes on where it was broken off', async (context) => {
  const { fakes, up } = setUp(context);
  await up();
  const { addresses } = fakes.world;
  const { 'k3d-fathom-server-0': _gone, ...rest } = addresses;
  fakes.change({ running: false, addresses: rest });
  fakes.takeCalls();
  await up();
  assert.deepEqual(
    fakes.takeChanges().map((call) => call.trim()),
    [
      'docker network connect --ip=172.19.0.3 k3d-network k3d-fathom-server-0',
      'k3d cluster start fathom --timeout=300s',
    ],
  );
});

test('removes what a failed import left before the cluster starts, which it would keep from it', async (context) => {
  const { fakes, up } = setUp(context);
  const import_ = 'k3d image import';
  fakes.change({ faults: { [import_]: { code: 1, says: 'no space left on device', leaves: { tools: true } } } });
  const error = await fails(up());
  assert.equal(error.code, 'K3D_COMMAND');
  assert.equal(
    error.message,
    `Importing ${IMAGE}: \`k3d image import --cluster=fathom /t.tar\` exited with 1: no space left on device`,
  );
  fakes.change({ faults: {}, running: false });
  fakes.takeCalls();
  await up();
  const changes = fakes.takeChanges().map((call) => call.trim());
  assert.deepEqual(changes.slice(0, 2), [
    'docker rm --force k3d-fathom-tools',
    'k3d cluster start fathom --timeout=300s',
  ]);
});

test('does not believe that an image was imported which the node has not', async (context) => {
  const says = 'failed to import images in node';
  const { up } = setUp(context, { faults: { 'k3d image import': { code: 0, says } } });
  const error = await fails(up());
  assert.equal(error.code, 'K3D_COMMAND');
  assert.match(
    error.message,
    /^Importing .*: `docker exec k3d-fathom-server-0 ctr images label .*` exited with 1: image not found$/,
  );
});

test('imports an image again when it has changed', async (context) => {
  const { fakes, files, run, up } = setUp(context);
  await up();
  fakes.takeCalls();
  const changed = { ...files, image: { ...files.image, digest: 'sha256:2' } };
  await run(upSteps(settings, changed).filter(({ what }) => what.startsWith('Importing')));
  assert.match(fakes.takeChanges().join(''), /image import .*\n?.*fathom.internal\/image=sha256:2/);
});

test('says which command failed, and what it said last', async (context) => {
  const { fakes, up } = setUp(context);
  fakes.change({ faults: { 'k3d cluster create': { code: 1, says: 'a\nb\nport is already allocated\nrolled back' } } });
  const error = await fails(up());
  assert.equal(error.code, 'K3D_COMMAND');
  assert.match(
    error.message,
    /^Creating cluster fathom: `k3d cluster create .*` exited with 1: b \| port is already allocated \| rolled back$/,
  );
  assert.match(error.hint ?? '', /Ports 6550 and 30500 of 127.0.0.1 must be free/);
});

test('does not take a network of another range', async (context) => {
  const { fakes, up } = setUp(context, { network: '10.0.0.0/8 10.0.0.1' });
  const error = await fails(up());
  assert.equal(error.code, 'K3D_UNEXPECTED');
  assert.match(error.message, /says '10.0.0.0\/8 10.0.0.1', not '172.19.0.0\/26 172.19.0.1'$/);
  assert.deepEqual(fakes.takeChanges(), []);
});

test('does not accept a cluster that listens to everybody', async (context) => {
  const { up } = setUp(context, { bindings: '0.0.0.0 127.0.0.1 ' });
  const error = await fails(up());
  assert.equal(error.code, 'K3D_UNEXPECTED');
  assert.match(error.message, /listens on 127.0.0.1 alone: .* says '0.0.0.0 127.0.0.1'/);
});

test('waits until nodes stay Ready: one look is not enough', async (context) => {
  const { fakes, files, run, up } = setUp(context);
  await up();
  fakes.change({ ready: [0, 1, 0, 1, 0, 1, 0] });
  const nodes = upSteps(settings, files).filter(({ what }) => what === 'Waiting for the nodes to be Ready');
  assert.deepEqual(
    nodes.map(({ holdMs }) => holdMs),
    [5000],
  );
  fakes.takeCalls();
  await run(nodes.map((step) => ({ ...step, holdMs: 1 })));
  assert.equal(fakes.takeCalls().length, 8);
  fakes.change({ ready: [1] });
  const error = await fails(run(nodes.map((step) => ({ ...step, timeoutMs: 300 }))));
  assert.equal(error.code, 'CLUSTER_NOT_READY');
  assert.match(
    error.message,
    /^Waiting for the nodes to be Ready: not after 0.3 s: `docker exec .*` exits with 1: timed out$/,
  );
});

test('gives DNS longer than the minute and a half that it may take', (context) => {
  const { files } = setUp(context);
  const dns = upSteps(settings, files).find(({ what }) => what.includes('coredns'));
  assert.ok(dns !== undefined && dns.timeoutMs > 90_000 && dns.act.length === 0);
});

test('ends a program that hangs, with what it started', async (context) => {
  const { files, run } = setUp(context, { hangs: 'k3d cluster create' });
  const create = upSteps(settings, files).filter(({ what }) => what === 'Creating cluster fathom');
  const startMs = performance.now();
  const error = await fails(run(create.map((step) => ({ ...step, timeoutMs: 2_000 }))));
  assert.ok(performance.now() - startMs < 30_000);
  assert.match(error.message, /^Creating cluster fathom: `k3d cluster create .*` not done after 2 s: pulling$/);
});

test('ends when it is interrupted', async (context) => {
  const { files, run } = setUp(context, { hangs: 'k3d cluster create' });
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error('interrupted by SIGINT')), 500);
  const error = await fails(run(upSteps(settings, files), { signal: controller.signal }));
  assert.equal(error.message, 'interrupted by SIGINT');
});

test('says that Docker does not run, before it tries anything', async (context) => {
  const says = 'Cannot connect to the Docker daemon';
  const { fakes, files, run } = setUp(context, { faults: { 'docker info': { code: 1, says } } });
  const [first] = upSteps(settings, files);
  assert.ok(first !== undefined);
  const error = await fails(run([{ ...first, timeoutMs: 100 }]));
  assert.match(
    error.message,
    /^Checking that docker and k3d work: not after 0.1 s: `docker info .*` exits with 1: Cannot connect/,
  );
  assert.match(error.hint ?? '', /^Start Docker/);
  assert.deepEqual(downSteps(settings)[0], first);
  assert.deepEqual(fakes.takeChanges(), []);
});

test('says which program is missing', async (context) => {
  const { files, run } = setUp(context);
  const error = await fails(run(upSteps(settings, files), { env: { PATH: '/nowhere' } }));
  assert.equal(`${error.code}: ${error.message}`, 'K3D_COMMAND: Starting docker: it is not on PATH');
  assert.match(error.hint ?? '', /--provider=embedded/);
});

test('takes everything down, and nothing the second time', async (context) => {
  const { fakes, run, up } = setUp(context);
  await up();
  fakes.takeCalls();
  await run(downSteps(settings));
  const changes = fakes.takeChanges().map((call) => call.trim());
  assert.deepEqual(changes, ['k3d cluster delete fathom', 'docker network rm k3d-network']);
  await run(downSteps(settings));
  assert.deepEqual(fakes.takeChanges(), []);
});

test('an image is imported between two looks at what a failed import leaves', () => {
  assert.deepEqual(
    loadSteps(settings, '/tmp/image.tar').flatMap(({ act }) => act.map(({ argv }) => argv.join(' '))),
    [
      'docker rm --force k3d-fathom-tools',
      'k3d image import --cluster=fathom /tmp/image.tar',
      'docker rm --force k3d-fathom-tools',
    ],
  );
});
