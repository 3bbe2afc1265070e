// release, promote and the matrix: on a real git repository, with real registries.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import type { Digest } from '../../lib/digest.ts';
import { createTransport, listReferrers, missingParts } from '../../oci/index.ts';
import { peerPath } from '../../oci/testing/peers.ts';
import { type RealRegistry, startRealRegistry } from '../../oci/testing/real_registry.ts';
import { type ScratchFolder, scratchFolder } from '../../oci/testing/sample_image.ts';
import { matrix } from './matrix.ts';
import { promote } from './promote.ts';
import { release } from './release.ts';
import { PINS, REPOSITORY, type TestService, testService } from './testing/test_service.ts';

const REF = 'registry.test/services/x';
const PROD_REF = 'registry.prod/services/x';

let scratch: ScratchFolder;
let one: RealRegistry;
let two: RealRegistry;
let service: TestService;
before(async () => {
  scratch = await scratchFolder();
  [one, two] = [await start(), await start()];
});
beforeEach(async () => {
  await service?.[Symbol.asyncDispose]();
  service = await testService();
  await service.setRegistry('one', 'registry.test', one.endpoint);
  await service.setRegistry('two', 'registry.prod', two.endpoint);
});
after(async () => {
  for (const end of [one, two, service, scratch]) await end[Symbol.asyncDispose]();
});

function start(): Promise<RealRegistry> {
  return startRealRegistry(peerPath('OCI_REGISTRY_3'), scratch.path);
}

/** What of an image a registry lacks, and the types of what refers to it. */
async function lookUp({ endpoint }: RealRegistry, digest: Digest) {
  const transport = createTransport({ endpoint, plainHttp: true, signal: AbortSignal.timeout(30_000) });
  try {
    const place = { transport, repository: REPOSITORY };
    const missing = await missingParts(place, digest);
    const referrers = missing.length > 0 ? [] : await listReferrers(place, digest);
    return { missing, types: referrers.map(({ artifactType }) => artifactType) };
  } finally {
    transport.close();
  }
}

async function deleteManifest({ endpoint }: RealRegistry, digest: Digest): Promise<void> {
  const response = await fetch(`http://${endpoint}/v2/${REPOSITORY}/manifests/${digest}`, { method: 'DELETE' });
  assert.equal(response.status, 202);
}

test('release pushes the image with its bill of materials, and records what it is of', async () => {
  const digest = await service.build('release');
  const commit = await service.git('rev-parse', 'HEAD');
  await release(service.context('release'));
  const pin = (await service.pins())['dev']?.[REF];
  assert.deepEqual([pin?.digest, pin?.commit, pin?.dirty], [digest, commit, undefined]);
  assert.ok(Math.abs(Date.now() - Date.parse(pin?.time ?? '')) < 60_000);
  assert.match(String(pin?.sbom), /^sha256:[0-9a-f]{64}$/);
  assert.deepEqual(await lookUp(one, digest), { missing: [], types: ['application/spdx+json'] });
  assert.deepEqual(service.printed, [`${REF}@${digest}`]);
});

test('release of the same commit and image leaves the file as it is', async () => {
  await service.build('same');
  await release(service.context('release'));
  const text = await readFile(join(service.workspace, PINS), 'utf8');
  await release(service.context('release'));
  assert.equal(await readFile(join(service.workspace, PINS), 'utf8'), text);
  assert.match(service.logged.at(-1) ?? '', /as it was/);
});

test('release refuses a tree with changes, names them, and pushes and records nothing', async () => {
  const digest = await service.build('dirty');
  await writeFile(join(service.workspace, 'services/x/main.ts'), 'changed');
  await writeFile(join(service.workspace, 'new.ts'), '');
  await assert.rejects(release(service.context('release')), {
    code: 'K8S_GIT_DIRTY',
    message: /services\/x\/main\.ts, new\.ts/,
    hint: /git stash.*--allow-dirty/,
  });
  assert.deepEqual(await service.pins(), {});
  assert.equal((await lookUp(one, digest)).missing.length, 1);
});

test('release records with --allow-dirty that the tree had changes, and promote refuses such a pin', async () => {
  await service.build('dirty');
  await writeFile(join(service.workspace, 'services/x/main.ts'), 'changed');
  await release(service.context('release', '--allow-dirty'));
  assert.equal((await service.pins())['dev']?.[REF]?.dirty, true);
  await assert.rejects(promote(service.context('promote', '--to=staging')), { code: 'K8S_PIN_DIRTY' });
  await promote(service.context('promote', '--to=staging', '--allow-dirty'));
  assert.equal((await service.pins())['staging']?.[REF]?.dirty, true);
  // What is released of a clean tree has not the mark of the one before.
  await service.commit('services/x/main.ts', 'changed');
  await release(service.context('release'));
  assert.equal((await service.pins())['dev']?.[REF]?.dirty, undefined);
});

test('release does not stumble over the pins of a service that was released before', async () => {
  await service.build('two services');
  await writeFile(join(service.workspace, PINS), '{ "dev": {} }');
  await release(service.context('release'));
  assert.equal((await service.pins())['dev']?.[REF]?.dirty, undefined);
});

test('release warns of a commit that no remote has', async () => {
  await service.build('shared');
  await release(service.context('release'));
  assert.doesNotMatch(service.logged.join('\n'), /no branch of a remote/);
  await service.git('init', '--quiet', '--bare', '../remote.git');
  await service.git('remote', 'add', 'origin', '../remote.git');
  await release(service.context('release'));
  assert.match(service.logged.join('\n'), /commit [0-9a-f]{12} is on no branch of a remote/);
  service.logged.length = 0;
  await service.git('push', '--quiet', 'origin', 'main');
  await release(service.context('release'));
  assert.doesNotMatch(service.logged.join('\n'), /no branch of a remote/);
});

test('release pushes nothing where the pins are broken, and leaves them', async () => {
  const digest = await service.build('broken');
  await service.commit(PINS, '{ "dev": ');
  await assert.rejects(release(service.context('release')), { code: 'K8S_PINS_INVALID' });
  assert.equal(await readFile(join(service.workspace, PINS), 'utf8'), '{ "dev": ');
  assert.equal((await lookUp(one, digest)).missing.length, 1);
});

test('release records nothing when the registry is down, and says what puts it back', async () => {
  await service.build('down');
  await service.setRegistry('one', 'registry.test', '127.0.0.1:9');
  await assert.rejects(release(service.context('release')), {
    code: 'K8S_REGISTRY_DOWN',
    message: /127\.0\.0\.1:9/,
    hint: /\.\/fathom up/,
  });
  assert.deepEqual(await service.pins(), {});
});

test('release records nothing for an environment that gets its pins by promotion', async () => {
  await service.build('order');
  await assert.rejects(release(service.context('release', '--to=prod')), {
    code: 'K8S_USAGE',
    hint: /\/\/services\/x:promote -- --to=prod/,
  });
  await assert.rejects(release(service.context('release', '--to=moon')), {
    code: 'K8S_USAGE',
    hint: /dev, staging, prod/,
  });
});

test('promote copies a pin within a registry, and prints the commits that concern the image', async () => {
  const first = await service.build('first');
  await release(service.context('release'));
  await service.commit(PINS, await readFile(join(service.workspace, PINS), 'utf8'), 'record a pin');
  await promote(service.context('promote', '--to=staging'));
  assert.deepEqual((await service.pins())['staging'], (await service.pins())['dev']);

  await service.commit('services/x/main.ts', 'two', 'make it faster');
  await service.commit('docs/readme.md', 'two', 'tell of it');
  await service.commit('lib/a.ts', 'two', 'change what it uses');
  const second = await service.build('second');
  await release(service.context('release'));
  service.printed.length = 0;
  await promote(service.context('promote', '--to=staging'));
  const text = service.printed.join('\n');
  assert.match(text, new RegExp(`${first} → ${second}`));
  assert.match(text, /2 of \d concern what it is built of/);
  assert.match(text, /\+ [0-9a-f]{12} change what it uses\n.*\+ [0-9a-f]{12} make it faster/);
  assert.doesNotMatch(text, /tell of it|record a pin/);
});

test('promote says what a step back takes away', async () => {
  await service.build('old');
  await release(service.context('release'));
  const old = await service.pins();
  await service.commit('services/x/main.ts', 'two', 'a change that is taken back');
  await service.build('new');
  await release(service.context('release'));
  await promote(service.context('promote', '--to=staging'));
  await writeFile(join(service.workspace, PINS), JSON.stringify({ ...(await service.pins()), dev: old['dev'] }));
  service.printed.length = 0;
  await promote(service.context('promote', '--to=staging'));
  assert.match(service.printed.join('\n'), /goes back: 1 commits.*\n.*- [0-9a-f]{12} a change that is taken back/);
});

test('promote copies an image and what refers to it to the registry of the next environment', async () => {
  const digest = await service.build('other registry');
  await release(service.context('release'));
  await promote(service.context('promote', '--to=staging'));
  assert.equal((await lookUp(two, digest)).missing.length, 1);
  await promote(service.context('promote', '--to=prod'));
  assert.deepEqual(await lookUp(two, digest), { missing: [], types: ['application/spdx+json'] });
  const pins = await service.pins();
  assert.deepEqual(pins['prod'], { [PROD_REF]: pins['staging']?.[REF] });
  // A second time nothing is sent, and nothing written.
  service.logged.length = 0;
  await promote(service.context('promote', '--to=prod'));
  assert.deepEqual(service.logged, [`${PINS}: as it was`]);
});

test('promote with --dry-run prints the change, and copies and records nothing', async () => {
  const digest = await service.build('dry');
  await release(service.context('release'));
  await promote(service.context('promote', '--to=staging'));
  service.printed.length = 0;
  await promote(service.context('promote', '--to=prod', '--dry-run'));
  assert.match(service.printed.join('\n'), new RegExp(`no pin → ${digest}`));
  assert.equal((await service.pins())['prod'], undefined);
  assert.equal((await lookUp(two, digest)).missing.length, 1);
});

for (const to of ['staging', 'prod'] as const) {
  test(`promote to ${to} refuses an image that is gone, naming its commit and what restores it`, async () => {
    const digest = await service.build(`gone ${to}`);
    const commit = await service.git('rev-parse', 'HEAD');
    await release(service.context('release'));
    if (to === 'prod') await promote(service.context('promote', '--to=staging'));
    const before = await service.pins();
    await deleteManifest(one, digest);
    await assert.rejects(promote(service.context('promote', `--to=${to}`)), {
      code: 'K8S_PIN_GONE',
      message: new RegExp(`${digest}.*services/x/pins\\.json.*${commit}`),
      hint: new RegExp(`//services/x:restore -- --env=${to === 'prod' ? 'staging' : 'dev'}`),
    });
    assert.deepEqual(await service.pins(), before);
  });
}

test('promote refuses a pin whose commit is not in the repository', async () => {
  await service.build('foreign');
  await release(service.context('release'));
  const pin = { ...(await service.pins())['dev']?.[REF], commit: 'd'.repeat(40) };
  await writeFile(join(service.workspace, PINS), JSON.stringify({ dev: { [REF]: pin } }));
  await assert.rejects(promote(service.context('promote', '--to=staging')), {
    code: 'K8S_PIN_COMMIT_UNKNOWN',
    message: /d{40} is not in this repository/,
    hint: /git fetch/,
  });
});

test('promote records nothing where the pin was changed after it was shown', async () => {
  await service.build('shown');
  await release(service.context('release'));
  const pins = await service.pins();
  const other = { dev: { [REF]: { ...pins['dev']?.[REF], digest: `sha256:${'2'.repeat(64)}` } } };
  const context = service.context('promote', '--to=staging');
  const print = () => writeFileSync(join(service.workspace, PINS), JSON.stringify(other));
  await assert.rejects(promote({ ...context, print }), { code: 'K8S_PINS_BUSY', hint: /Run it again/ });
  assert.deepEqual(await service.pins(), other);
});

test('promote says what is to be released or promoted first, and which environments there are', async () => {
  await assert.rejects(promote(service.context('promote', '--to=staging')), {
    code: 'K8S_PIN_MISSING',
    hint: /\/\/services\/x:release/,
  });
  await assert.rejects(promote(service.context('promote', '--to=prod')), {
    code: 'K8S_PIN_MISSING',
    hint: /\/\/services\/x:promote -- --to=staging/,
  });
  await assert.rejects(promote(service.context('promote')), { code: 'K8S_USAGE', hint: /--to=staging \(from dev\)/ });
  await assert.rejects(promote(service.context('promote', '--to=dev')), { code: 'K8S_USAGE', hint: /:release/ });
});

test('the matrix shows each environment with its age and the commits that concern the image', async () => {
  await service.build('matrix');
  await release(service.context('release'));
  await promote(service.context('promote', '--to=staging'));
  await service.commit('services/x/main.ts', 'two', 'one more');
  await service.commit('docs/readme.md', 'two', 'nothing of it');
  service.printed.length = 0;
  assert.equal(await matrix(service.context('matrix')), 0);
  const [head = '', row = ''] = service.printed;
  assert.match(head, /^image +dev +staging +prod$/);
  assert.match(row, /^services\/x +[0-9a-f]{12}, \ds, 1 behind +[0-9a-f]{12}, \ds, 1 behind +no pin$/);

  service.printed.length = 0;
  await matrix(service.context('matrix', '--output=json'));
  const { commit, pins } = JSON.parse(service.printed[0] ?? '');
  assert.equal(commit, await service.git('rev-parse', 'HEAD'));
  assert.deepEqual(
    pins.map(({ environment, state, lag }: Record<string, unknown>) => [environment, state, lag]),
    [
      ['dev', 'pinned', 1],
      ['staging', 'pinned', 1],
      ['prod', 'missing', undefined],
    ],
  );
});

test('the matrix says that a commit is not in the repository, and that a file is broken', async () => {
  await service.build('matrix');
  await release(service.context('release'));
  const pin = { ...(await service.pins())['dev']?.[REF], commit: 'd'.repeat(40) };
  await writeFile(join(service.workspace, PINS), JSON.stringify({ dev: { [REF]: pin } }));
  service.printed.length = 0;
  assert.equal(await matrix(service.context('matrix')), 0);
  assert.match(service.printed[1] ?? '', /d{12}, \ds, not in this repository/);
  await writeFile(join(service.workspace, PINS), '[');
  assert.equal(await matrix(service.context('matrix')), 1);
  assert.match(service.logged.at(-1) ?? '', /K8S_PINS_INVALID/);
});
