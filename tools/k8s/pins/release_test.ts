// release: on a real git repository, with a real registry.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { promote } from './promote.ts';
import { release } from './release.ts';
import { createStage, lookUp, REF, type Stage } from './testing/stage.ts';
import { PINS } from './testing/test_service.ts';

let stage: Stage;
before(async () => {
  stage = await createStage();
});
beforeEach(() => stage.renew());
after(() => stage[Symbol.asyncDispose]());

test('release pushes the image with its bill of materials, and records what it is of', async () => {
  const digest = await stage.service.build('release');
  const commit = await stage.service.git('rev-parse', 'HEAD');
  await release(stage.service.context('release'));
  const pin = (await stage.service.pins())['dev']?.[REF];
  assert.deepEqual([pin?.digest, pin?.commit, pin?.dirty], [digest, commit, undefined]);
  assert.ok(Math.abs(Date.now() - Date.parse(pin?.time ?? '')) < 60_000);
  assert.match(String(pin?.sbom), /^sha256:[0-9a-f]{64}$/);
  assert.deepEqual(await lookUp(stage.one, digest), { missing: [], types: ['application/spdx+json'] });
  assert.deepEqual(stage.service.printed, [`${REF}@${digest}`]);
});

test('release of the same commit and image leaves the file as it is', async () => {
  await stage.service.build('same');
  await release(stage.service.context('release'));
  const text = await readFile(join(stage.service.workspace, PINS), 'utf8');
  await release(stage.service.context('release'));
  assert.equal(await readFile(join(stage.service.workspace, PINS), 'utf8'), text);
  assert.match(stage.service.logged.at(-1) ?? '', /as it was/);
});

test('release refuses a tree with changes, names them, and pushes and records nothing', async () => {
  const digest = await stage.service.build('dirty');
  await writeFile(join(stage.service.workspace, 'services/x/main.ts'), 'changed');
  await writeFile(join(stage.service.workspace, 'new.ts'), '');
  await assert.rejects(release(stage.service.context('release')), {
    code: 'K8S_GIT_DIRTY',
    message: /services\/x\/main\.ts, new\.ts/,
    hint: /git stash.*--allow-dirty/,
  });
  assert.deepEqual(await stage.service.pins(), {});
  assert.equal((await lookUp(stage.one, digest)).missing.length, 1);
});

test('release records with --allow-dirty that the tree had changes, and promote refuses such a pin', async () => {
  await stage.service.build('dirty');
  await writeFile(join(stage.service.workspace, 'services/x/main.ts'), 'changed');
  await release(stage.service.context('release', '--allow-dirty'));
  assert.equal((await stage.service.pins())['dev']?.[REF]?.dirty, true);
  await assert.rejects(promote(stage.service.context('promote', '--to=staging')), { code: 'K8S_PIN_DIRTY' });
  await promote(stage.service.context('promote', '--to=staging', '--allow-dirty'));
  assert.equal((await stage.service.pins())['staging']?.[REF]?.dirty, true);
  // What is released of a clean tree has not the mark of the one before.
  await stage.service.commit('services/x/main.ts', 'changed');
  await release(stage.service.context('release'));
  assert.equal((await stage.service.pins())['dev']?.[REF]?.dirty, undefined);
});

test('release does not stumble over the pins of a service that was released before', async () => {
  await stage.service.build('two services');
  await writeFile(join(stage.service.workspace, PINS), '{ "dev": {} }');
  await release(stage.service.context('release'));
  assert.equal((await stage.service.pins())['dev']?.[REF]?.dirty, undefined);
});

test('release warns of a commit that no remote has', async () => {
  await stage.service.build('shared');
  await release(stage.service.context('release'));
  assert.doesNotMatch(stage.service.logged.join('\n'), /no branch of a remote/);
  await stage.service.git('init', '--quiet', '--bare', '../remote.git');
  await stage.service.git('remote', 'add', 'origin', '../remote.git');
  await release(stage.service.context('release'));
  assert.match(stage.service.logged.join('\n'), /commit [0-9a-f]{12} is on no branch of a remote/);
  stage.service.logged.length = 0;
  await stage.service.git('push', '--quiet', 'origin', 'main');
  await release(stage.service.context('release'));
  assert.doesNotMatch(stage.service.logged.join('\n'), /no branch of a remote/);
});

test('release pushes nothing where the pins are broken, and leaves them', async () => {
  const digest = await stage.service.build('broken');
  await stage.service.commit(PINS, '{ "dev": ');
  await assert.rejects(release(stage.service.context('release')), { code: 'K8S_PINS_INVALID' });
  assert.equal(await readFile(join(stage.service.workspace, PINS), 'utf8'), '{ "dev": ');
  assert.equal((await lookUp(stage.one, digest)).missing.length, 1);
});

test('release records nothing when the registry is down, and says what puts it back', async () => {
  await stage.service.build('down');
  await stage.service.setRegistry('one', 'registry.test', '127.0.0.1:9');
  await assert.rejects(release(stage.service.context('release')), {
    code: 'K8S_REGISTRY_DOWN',
    message: /127\.0\.0\.1:9/,
    hint: /\.\/fathom up/,
  });
  assert.deepEqual(await stage.service.pins(), {});
});

test('release records nothing for an environment that gets its pins by promotion', async () => {
  await stage.service.build('order');
  await assert.rejects(release(stage.service.context('release', '--to=prod')), {
    code: 'K8S_USAGE',
    hint: /\/\/services\/x:promote -- --to=prod/,
  });
  await assert.rejects(release(stage.service.context('release', '--to=moon')), {
    code: 'K8S_USAGE',
    hint: /dev, staging, prod/,
  });
});
