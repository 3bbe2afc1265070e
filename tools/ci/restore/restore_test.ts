// What a registry has lost is built again of its pin's commit, by a real Bazel in a copy of the checkout.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { type Digest } from '../../lib/digest.ts';
import { gitIn } from '../../lib/git.ts';
import { createTransport, listReferrers, missingParts } from '../../oci/index.ts';
import { peerPath } from '../../oci/testing/peers.ts';
import { type RealRegistry, startRealRegistry } from '../../oci/testing/real_registry.ts';
import { binFolder, endNested, nestedBazel } from '../nested/nested_bazel.ts';
import { copySources } from '../reproducible/builds.ts';

const SERVICE = 'services/routeguide/server';
const REF = `registry.fathom.internal/${SERVICE}`;

const folder = await mkdtemp(join(tmpdir(), 'fathom-restore-test-'));
const workspace = join(folder, 'src');
// The Bazel that a restore starts must leave nothing where temporary files are.
const scratch = join(folder, 'tmp');
const env = {
  ...process.env,
  FATHOM_STATE: join(folder, 'state'),
  TMPDIR: scratch,
  GIT_CONFIG_GLOBAL: join(folder, 'gitconfig'),
};
const git = gitIn(workspace, { env });
const bazel = nestedBazel({ folder, workspace, env });
const programs = new Map<string, string>();
let registry: RealRegistry;

before(async () => {
  await mkdir(scratch);
  await writeFile(env.GIT_CONFIG_GLOBAL, '[user]\n\tname = Test\n\temail = test@test.test\n');
  await copySources(process.env['BUILD_WORKSPACE_DIRECTORY'] ?? '', workspace, AbortSignal.timeout(60_000));
  await writeFile(join(workspace, SERVICE, 'pins.json'), '{}\n');
  await git('init', '--quiet', '--initial-branch=main');
  await commit('the first commit');
  await startEmptyRegistry();
});
after(async () => {
  await registry[Symbol.asyncDispose]();
  await endNested(folder, bazel);
});

async function startEmptyRegistry(): Promise<void> {
  await registry?.[Symbol.asyncDispose]();
  registry = await startRealRegistry(peerPath('OCI_REGISTRY_3'), folder);
  await setEndpoint(registry.endpoint);
}

async function setEndpoint(endpoint: string): Promise<void> {
  const state = join(folder, 'state/fathom/cluster.json');
  await mkdir(dirname(state), { recursive: true });
  const own = { reference: 'registry.fathom.internal', endpoint, plainHttp: true };
  await writeFile(
    state,
    JSON.stringify({ version: 1, name: 'fathom', provider: 'embedded', kubeconfig: '/none', registry: own }),
  );
}

async function commit(subject: string): Promise<string> {
  await git('add', '--all');
  await git('commit', '--quiet', '--message', subject);
  return git('rev-parse', 'HEAD');
}

/** Builds a target of the service and runs it, as `bazel run` would. */
async function run(name: string, ...args: readonly string[]) {
  const target = `//${SERVICE}:${name}`;
  if (!programs.has(name)) {
    // Its launcher is started from bazel-bin, which .bazelrc has no links for.
    await bazel('build', '--build_runfile_links', target);
    programs.set(name, join(await binFolder(bazel), SERVICE, `pins.${name}`));
  }
  const outcome = promisify(execFile)(programs.get(name) ?? '', args, {
    env: { ...env, BUILD_WORKSPACE_DIRECTORY: workspace, BUILD_WORKING_DIRECTORY: workspace, RUNFILES_DIR: '' },
    maxBuffer: 64 << 20,
    timeout: 900_000,
  });
  return outcome.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({ code, stdout, stderr }),
  );
}

async function pinsFile(): Promise<Record<string, Record<string, Record<string, string>>>> {
  return JSON.parse(await readFile(join(workspace, SERVICE, 'pins.json'), 'utf8'));
}

async function editPin(field: string, value: string): Promise<void> {
  const pins = await pinsFile();
  pins['prod'] = { [REF]: { ...pins['dev']?.[REF], [field]: value } };
  await writeFile(join(workspace, SERVICE, 'pins.json'), JSON.stringify(pins));
}

/** What refers to an image that the registry has whole. */
async function artifacts(digest: Digest): Promise<string[]> {
  const transport = createTransport({
    endpoint: registry.endpoint,
    plainHttp: true,
    signal: AbortSignal.timeout(60_000),
  });
  try {
    const place = { transport, repository: SERVICE };
    assert.deepEqual(await missingParts(place, digest), []);
    return (await listReferrers(place, digest)).map(({ artifactType }) => artifactType).sort();
  } finally {
    transport.close();
  }
}

test('builds the commit of a pin again for an empty registry, and leaves the checkout as it was', async () => {
  const released = await run('release');
  assert.equal(released.code, 0, released.stderr);
  const digest = (await pinsFile())['dev']?.[REF]?.['digest'] as Digest;
  const before = await artifacts(digest);
  await commit('record the pin');
  const source = join(workspace, SERVICE, 'routeguide.ts');
  await writeFile(
    source,
    (await readFile(source, 'utf8')).replace(/name: feature\.name\b/, 'name: `New ${feature.name}`'),
  );
  await commit('change a line');
  await startEmptyRegistry();

  const promoted = await run('promote', '--to=staging');
  assert.equal(promoted.code, 1);
  assert.match(promoted.stderr, /K8S_PIN_GONE: .*commit [0-9a-f]{40}\n.*:restore -- --env=dev/);

  const restored = await run('restore', '--env=dev');
  assert.equal(restored.code, 0, restored.stderr);
  assert.equal(restored.stdout, `${REF}@${digest}\n`);
  assert.deepEqual(await artifacts(digest), before);
  assert.equal((await run('promote', '--to=staging')).code, 0);
  await assertNothingLeft();

  const again = await run('restore', '--env=dev');
  assert.deepEqual([again.code, again.stdout], [0, '']);
  assert.match(again.stderr, /1 of 1 pinned images are in their registries/);
});

async function assertNothingLeft(): Promise<void> {
  assert.deepEqual(await readdir(scratch), []);
  assert.equal((await git('worktree', 'list')).split('\n').length, 1);
  assert.equal(await git('status', '--porcelain', '--', ':(exclude)*pins.json'), '');
}

test('pushes nothing where the commit builds another image, and says so', async () => {
  const other = `sha256:${'1'.repeat(64)}`;
  await editPin('digest', other);
  await startEmptyRegistry();
  const { code, stdout, stderr } = await run('restore', '--env=prod');
  assert.deepEqual([code, stdout], [1, '']);
  assert.match(stderr, new RegExp(`K8S_PIN_DIFFERS: .*builds sha256:[0-9a-f]{64}, the pin says ${other}`));
  const { repositories } = (await (await fetch(`http://${registry.endpoint}/v2/_catalog`)).json()) as {
    repositories: [];
  };
  assert.deepEqual(repositories, []);
  await assertNothingLeft();
});

test('names a commit that is not in the repository, and one that does not build', async () => {
  await editPin('commit', 'd'.repeat(40));
  const unknown = await run('restore', '--env=prod');
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /K8S_PIN_COMMIT_UNKNOWN: .*d{40} is not in this repository\n.*git fetch/);

  await writeFile(join(workspace, SERVICE, 'server.ts'), 'const = 1;\n');
  await editPin('commit', await commit('a commit that does not build'));
  await git('reset', '--quiet', '--hard', 'HEAD~1');
  await editPin('commit', await git('rev-parse', 'ORIG_HEAD'));
  const broken = await run('restore', '--env=prod');
  assert.equal(broken.code, 1);
  assert.match(broken.stderr, /K8S_RESTORE_FAILED: .*does not build/);
  await assertNothingLeft();
});

test('says that the registry is down before it builds anything', async () => {
  await setEndpoint('127.0.0.1:9');
  const { code, stderr } = await run('restore', '--env=dev');
  assert.equal(code, 1);
  assert.match(stderr, /K8S_REGISTRY_DOWN: .*127\.0\.0\.1:9/);
  assert.doesNotMatch(stderr, /building/);
});
